// SPDX-License-Identifier: GPL-2.0
/*
 * TRACE: start a trace for the socket that asks; it ends with the socket. And
 * its messages, sent to that socket alone from the packet path.
 */
#include <linux/netfilter.h>
#include "action.h"
#include "family.h"
#include "filter.h"
#include "gen.h"
#include "notify.h"
#include "trace.h"

/**
 * zonefw_trace_doit() - trace the packets that match
 * @skb: request
 * @info: request: FROM, TO, ID, RULE; all of them must fit
 *
 * Return: 0 or -errno with a sentence.
 */
int zonefw_trace_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	int err = zonefw_nl_allowed(skb, info->extack);
	struct zonefw_filter f = { };

	if (!err)
		err = zonefw_filter_parse(&f, info->attrs, info->extack);
	if (err)
		return err;
	mutex_lock(&zn->lock);
	err = zonefw_trace_start(zn, info->snd_portid, &f, info->extack);
	mutex_unlock(&zn->lock);
	if (err)
		zonefw_filter_free(&f);
	return err;
}

static int put(struct sk_buff *msg, const struct zonefw_pkt *k, const struct zonefw_key *key,
	       const struct zonefw_traced *t)
{
	if (zonefw_put_key(msg, key) || nla_put_u16(msg, ZONEFW_A_FROM, k->from) ||
	    nla_put_u16(msg, ZONEFW_A_TO, k->to) || nla_put_u32(msg, ZONEFW_A_ID, k->rule) ||
	    nla_put_u8(msg, ZONEFW_A_ACTION, t->action) ||
	    nla_put_u8(msg, ZONEFW_A_REASON, t->reason) ||
	    nla_put_u8(msg, ZONEFW_A_HOOK, k->st->hook) ||
	    nla_put_u32(msg, ZONEFW_A_LOST, t->lost))
		return -EMSGSIZE;
	return k->p ? nla_put_u32(msg, ZONEFW_A_GEN, k->p->gen) : 0;
}

/**
 * zonefw_notify_trace() - one packet to one who traces
 * @k: packet
 * @key: its facts
 * @t: to whom, and what became of it
 *
 * Context: softirq or process; a message that does not fit its buffer is lost.
 */
void zonefw_notify_trace(const struct zonefw_pkt *k, const struct zonefw_key *key,
			 struct zonefw_traced t)
{
	struct sk_buff *msg = genlmsg_new(512, GFP_ATOMIC);
	void *h = msg ? genlmsg_put(msg, t.portid, 0, &zonefw_family, 0, ZONEFW_CMD_TRACE) : NULL;

	if (!h || put(msg, k, key, &t)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, h);
	genlmsg_unicast(k->zn->net, msg, t.portid);
}
