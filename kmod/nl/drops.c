// SPDX-License-Identifier: GPL-2.0
/*
 * GET_DROPS: the ring of recent refused packets, oldest first. A dump shows
 * what was there when it began, less what was overwritten since.
 */
#include <net/sock.h>
#include "drops.h"
#include "family.h"
#include "notify.h"

struct cursor {
	struct zonefw_drops *d;
	u64 next, end;
};

static struct cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cursor) > sizeof(cb->ctx));
	return (struct cursor *)cb->ctx;
}

int zonefw_drops_start(struct netlink_callback *cb)
{
	struct zonefw_ns *zn = zonefw_ns(sock_net(cb->skb->sk));
	struct cursor *c = cursor_of(cb);
	int err = zonefw_nl_allowed(cb->skb, cb->extack);

	if (err)
		return err;
	c->d = READ_ONCE(zn->drops);	/* once there it stays until the namespace goes */
	c->end = c->d ? zonefw_drops_head(c->d) : 0;
	c->next = 0;
	return 0;
}

static int put(struct sk_buff *skb, struct zonefw_drop *e)
{
	e->key.in = *e->in ? e->in : NULL;
	e->key.out = *e->out ? e->out : NULL;
	if (zonefw_put_key(skb, &e->key) ||
	    nla_put_u64_64bit(skb, ZONEFW_A_TIME, e->when, ZONEFW_A_PAD) ||
	    nla_put_u8(skb, ZONEFW_A_ACTION, e->action) ||
	    nla_put_u8(skb, ZONEFW_A_REASON, e->reason))
		return -EMSGSIZE;
	if ((e->rule && nla_put_u32(skb, ZONEFW_A_ID, e->rule)) ||
	    (*e->from && nla_put_string(skb, ZONEFW_A_FROM_NAME, e->from)) ||
	    (*e->to && nla_put_string(skb, ZONEFW_A_TO_NAME, e->to)))
		return -EMSGSIZE;
	return 0;
}

int zonefw_drops_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *c = cursor_of(cb);
	struct zonefw_drop e;

	for (; c->d && c->next < c->end; c->next++) {
		void *h;

		if (!zonefw_drops_read(c->d, &c->next, &e) || c->next >= c->end)
			break;
		h = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&zonefw_family, NLM_F_MULTI, ZONEFW_CMD_GET_DROPS);
		if (!h || put(skb, &e)) {
			if (h)
				genlmsg_cancel(skb, h);
			break;
		}
		genlmsg_end(skb, h);
	}
	return skb->len;
}
