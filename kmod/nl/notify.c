// SPDX-License-Identifier: GPL-2.0
/*
 * Multicast: one event per change of the policy, one per logged packet. An
 * event is allocated before the change, so that sending cannot fail the
 * commit; a listener that lost one sees the generation jump.
 */
#include "family.h"
#include "notify.h"

/* Listening is a right like asking; genetlink has tested the namespace's owner. */
static bool may_listen(const struct zonefw_ns *zn)
{
	return READ_ONCE(zonefw_userns) || zn->net->user_ns == &init_user_ns;
}

struct sk_buff *zonefw_event_prepare(void)
{
	return genlmsg_new(128, GFP_KERNEL);
}

u8 zonefw_state_of(const struct zonefw_ns *zn)
{
	if (READ_ONCE(zn->panic))
		return ZONEFW_STATE_PANIC;
	if (rcu_access_pointer(zn->policy))
		return ZONEFW_STATE_ACTIVE;
	return READ_ONCE(zn->closed) ? ZONEFW_STATE_CLOSED : ZONEFW_STATE_OPEN;
}

/**
 * zonefw_event_send() - tell listeners the state and generation now in force
 * @zn: namespace, its lock held
 * @msg: from zonefw_event_prepare(), taken over; NULL: there was no memory
 * @cause: enum zonefw_cause
 */
void zonefw_event_send(struct zonefw_ns *zn, struct sk_buff *msg, u8 cause)
{
	void *h = msg && may_listen(zn) ? genlmsg_put(msg, 0, 0, &zonefw_family, 0,
							   ZONEFW_CMD_EVENT) : NULL;

	if (!h || nla_put_u32(msg, ZONEFW_A_GEN, zn->gen) ||
	    nla_put_u8(msg, ZONEFW_A_STATE, zonefw_state_of(zn)) ||
	    nla_put_u8(msg, ZONEFW_A_CAUSE, cause)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, h);
	genlmsg_multicast_netns(&zonefw_family, zn->net, msg, 0, ZONEFW_GRP_EVENTS, GFP_KERNEL);
}

int zonefw_put_key(struct sk_buff *msg, const struct zonefw_key *k)
{
	int len = k->family == 4 ? 4 : 16;

	if (nla_put_u8(msg, ZONEFW_A_EX_PROTO, k->proto) ||
	    nla_put(msg, ZONEFW_A_EX_SRC, len, k->src) ||
	    nla_put(msg, ZONEFW_A_EX_DST, len, k->dst))
		return -EMSGSIZE;
	if ((k->flags & ZONEFW_K_PORTS) &&
	    (nla_put_u16(msg, ZONEFW_A_EX_SPORT, k->sport) ||
	     nla_put_u16(msg, ZONEFW_A_EX_DPORT, k->dport)))
		return -EMSGSIZE;
	if ((k->flags & ZONEFW_K_TYPE) &&
	    (nla_put_u8(msg, ZONEFW_A_EX_TYPE, k->type) ||
	     nla_put_u8(msg, ZONEFW_A_EX_CODE, k->code)))
		return -EMSGSIZE;
	if ((k->in && nla_put_string(msg, ZONEFW_A_EX_IN, k->in)) ||
	    (k->out && nla_put_string(msg, ZONEFW_A_EX_OUT, k->out)))
		return -EMSGSIZE;
	return 0;
}

/* Does anybody want to be told of packets? */
bool zonefw_listened(const struct zonefw_ns *zn)
{
	return may_listen(zn) && genl_has_listeners(&zonefw_family, zn->net, ZONEFW_GRP_DROPS);
}

/* Softirq; nothing is allocated while nobody listens. */
void zonefw_notify_packet(const struct zonefw_ns *zn, const struct zonefw_policy *p,
			  const struct zonefw_key *k, u16 from, u16 to, u32 rule, u8 action,
			  u8 reason, const char *prefix)
{
	struct sk_buff *msg;
	void *h;

	if (!zonefw_listened(zn))
		return;
	msg = genlmsg_new(512, GFP_ATOMIC);
	if (!msg)
		return;
	h = genlmsg_put(msg, 0, 0, &zonefw_family, 0, ZONEFW_CMD_DROP);
	if (!h || zonefw_put_key(msg, k) || (p && nla_put_u32(msg, ZONEFW_A_GEN, p->gen)) ||
	    nla_put_u16(msg, ZONEFW_A_FROM, from) || nla_put_u16(msg, ZONEFW_A_TO, to) ||
	    nla_put_u32(msg, ZONEFW_A_ID, rule) || nla_put_u8(msg, ZONEFW_A_ACTION, action) ||
	    nla_put_u8(msg, ZONEFW_A_REASON, reason) ||
	    (prefix && nla_put_string(msg, ZONEFW_A_PREFIX, prefix))) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, h);
	genlmsg_multicast_netns(&zonefw_family, zn->net, msg, 0, ZONEFW_GRP_DROPS, GFP_ATOMIC);
}
