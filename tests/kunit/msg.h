/* SPDX-License-Identifier: GPL-2.0 */
/* A netlink message under construction, for the suites that send commands, and what they leave behind. */
#ifndef KUNIT_MSG_H
#define KUNIT_MSG_H
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include "nl/family.h"
#include "nl/gen.h"
#include "pending.h"
#include "zonefw.h"

struct msg {
	struct sk_buff *skb;
	void *head;
};

static inline void msg_start(struct msg *m, u8 cmd)
{
	m->skb = nlmsg_new(60000, GFP_KERNEL);
	m->head = m->skb ? genlmsg_put(m->skb, 0, 1, &zonefw_family, NLM_F_REQUEST, cmd) : NULL;
}

static inline void msg_u32(struct msg *m, int t, u32 v) { nla_put_u32(m->skb, t, v); }
static inline void msg_u16(struct msg *m, int t, u16 v) { nla_put_u16(m->skb, t, v); }
static inline void msg_u8(struct msg *m, int t, u8 v) { nla_put_u8(m->skb, t, v); }
static inline void msg_str(struct msg *m, int t, const char *s) { nla_put_string(m->skb, t, s); }
static inline void msg_put(struct msg *m, int t, const void *d, int n) { nla_put(m->skb, t, n, d); }
static inline struct nlattr *msg_nest(struct msg *m, int t) { return nla_nest_start(m->skb, t); }
static inline void msg_end(struct msg *m, struct nlattr *n) { nla_nest_end(m->skb, n); }

static inline struct zonefw_ns *zn(void)
{
	return zonefw_ns(&init_net);
}

/* No policy, and nothing pending. */
static inline void flush(void)
{
	rtnl_lock();
	mutex_lock(&zn()->lock);
	zonefw_pending_drop(zn());
	if (rcu_access_pointer(zn()->policy) || zn()->closed)
		zonefw_withdraw(zn(), false);
	mutex_unlock(&zn()->lock);
	rtnl_unlock();
}

/* The sweep that a commit has begun holds the policy before: until it has ended. */
static inline void settle(void)
{
	do {
		flush_delayed_work(&zn()->sweep.work);
	} while (zonefw_sweep_progress(zn()) < 100);
}

static inline const struct genl_ops *msg_op(u8 cmd)
{
	u32 i;

	for (i = 0; i < zonefw_family.n_ops; i++)
		if (zonefw_family.ops[i].cmd == cmd)
			return &zonefw_family.ops[i];
	return NULL;
}

/* As genetlink would: strict parse by the operation's policy, then the handler. Frees the message. */
static inline int msg_send(struct msg *m, struct netlink_ext_ack *extack)
{
	struct nlattr **tb = kcalloc(ZONEFW_A_MAX + 1, sizeof(*tb), GFP_KERNEL);
	struct nlmsghdr *h = nlmsg_hdr(m->skb);
	struct genlmsghdr *g = nlmsg_data(h);
	const struct genl_ops *op = msg_op(g->cmd);
	struct genl_info info = { };
	int err = op ? -ENOMEM : -EOPNOTSUPP;

	genlmsg_end(m->skb, m->head);
	memset(extack, 0, sizeof(*extack));
	if (op && tb) {
		err = __nlmsg_parse(h, GENL_HDRLEN, tb, op->maxattr, op->policy, NL_VALIDATE_STRICT,
				    extack);
		NETLINK_CB(m->skb).flags = NETLINK_SKB_DST;	/* the sender is the kernel */
		info.snd_portid = 0xfffffff0;			/* nobody: the reply is lost */
		info.nlhdr = h;
		info.genlhdr = g;
		info.attrs = tb;
		info.extack = extack;
		genl_info_net_set(&info, &init_net);
		if (!err)
			err = op->doit(m->skb, &info);
	}
	kfree(tb);
	nlmsg_free(m->skb);
	m->skb = NULL;
	return err;
}

/* A command without attributes. */
static inline int msg_command(u8 cmd, struct netlink_ext_ack *extack)
{
	struct msg m;

	msg_start(&m, cmd);
	return msg_send(&m, extack);
}

static inline void msg_set(struct msg *m, const char *name, bool port, u32 timeout, u32 max)
{
	struct nlattr *n = msg_nest(m, ZONEFW_A_SET);

	msg_str(m, ZONEFW_AS_NAME, name);
	msg_u8(m, ZONEFW_AS_PORT, port);
	if (timeout)
		msg_u32(m, ZONEFW_AS_TIMEOUT, timeout);
	if (max)
		msg_u32(m, ZONEFW_AS_MAX, max);
	msg_end(m, n);
}

static inline void msg_elems(struct msg *m, const char *name, const struct zonefw_elem *e, u32 count)
{
	struct nlattr *n = msg_nest(m, ZONEFW_A_SETELEMS);

	msg_str(m, ZONEFW_AE_NAME, name);
	msg_put(m, ZONEFW_AE_LIST, e, count * sizeof(*e));
	msg_end(m, n);
}

/* The policy that the suites start from: zones a and b (in a), one rule, one default. */
struct twist {
	const char *name, *want;	/* want: part of the sentence */
	int err;
	const char *zone, *zone2;	/* names; "" none at all */
	u32 abi, gen, id, tag_mask, rule_flags, arg;
	u16 parent, from, to, def_from;
	u8 action, family, prefix_len, reversed, options, same_default, extra, no_to, log;
	u8 nat_len, on_len, hairpin;	/* lengths in octets; hairpin: from zone 1 */
	struct zonefw_nat nat[3];
	struct zonefw_addr on;
};

static inline void msg_zone(struct msg *m, const char *name, u16 parent, u8 len)
{
	struct zonefw_net net = { .family = 4, .len = len ?: 24, .addr = { 198, 18, 3 } };
	struct nlattr *n = msg_nest(m, ZONEFW_A_ZONE);

	if (*name)
		msg_str(m, ZONEFW_AZ_NAME, name);
	if (parent)
		msg_u16(m, ZONEFW_AZ_PARENT, parent);
	msg_str(m, ZONEFW_AZ_DEV, "zzz*");
	msg_put(m, ZONEFW_AZ_NETS, &net, sizeof(net));
	msg_end(m, n);
}

static inline void msg_rule_as(struct msg *m, const struct twist *t, int type)
{
	struct zonefw_l4 box = { .dport_lo = 80, .dport_hi = t->reversed ? 79 : 80, .proto = 6,
				 .sport_hi = 65535, .flags = ZONEFW_L4_F_PROTO | ZONEFW_L4_F_PORTS };
	struct nlattr *n = msg_nest(m, type);

	if (t->id)
		msg_u32(m, ZONEFW_AR_ID, t->id);
	msg_u16(m, ZONEFW_AR_FROM, t->from ?: 1);
	if (!t->no_to)
		msg_u16(m, ZONEFW_AR_TO, t->to ?: ZONEFW_ZONE_ANY);
	msg_u8(m, ZONEFW_AR_ACTION, t->action ?: ZONEFW_ACCEPT);
	if (t->arg)
		msg_u32(m, ZONEFW_AR_ARG, t->arg);
	if (t->family)
		msg_u8(m, ZONEFW_AR_FAMILY, t->family);
	if (t->rule_flags)
		msg_u32(m, ZONEFW_AR_FLAGS, t->rule_flags);
	msg_put(m, ZONEFW_AR_L4, &box, sizeof(box));
	if (t->nat_len)
		msg_put(m, ZONEFW_AR_NAT, t->nat, t->nat_len);
	if (t->on_len)
		msg_put(m, ZONEFW_AR_ON_ADDR, &t->on, t->on_len);
	if (t->hairpin)
		msg_put(m, ZONEFW_AR_HAIRPIN, (u16[]){ 1 }, sizeof(u16));
	msg_end(m, n);
}

static inline void msg_rule(struct msg *m, const struct twist *t)
{
	msg_rule_as(m, t, ZONEFW_A_RULE);
}

/* An edit that begins with taking a rule away. */
static inline void msg_edit_del(struct msg *m, u32 id)
{
	struct nlattr *n;

	msg_start(m, ZONEFW_CMD_EDIT_RULES);
	msg_u32(m, ZONEFW_A_ABI, ZONEFW_ABI);
	n = msg_nest(m, ZONEFW_A_EDIT);
	msg_u8(m, ZONEFW_AD_OP, ZONEFW_EDIT_DEL);
	msg_u32(m, ZONEFW_AD_ID, id);
	msg_end(m, n);
}

static inline void msg_default(struct msg *m, u16 from)
{
	struct nlattr *n = msg_nest(m, ZONEFW_A_CELLDEF);

	msg_u16(m, ZONEFW_AC_FROM, from);
	msg_u16(m, ZONEFW_AC_TO, ZONEFW_ZONE_ANY);
	msg_u8(m, ZONEFW_AC_ACTION, ZONEFW_ACCEPT);
	msg_end(m, n);
}

/* Head and zones of it. */
static inline void msg_begin(struct msg *m)
{
	msg_start(m, ZONEFW_CMD_APPLY);
	msg_u32(m, ZONEFW_A_ABI, ZONEFW_ABI);
	msg_zone(m, "a", 0, 0);
	msg_zone(m, "b", 1, 0);
}

static inline void msg_policy(struct msg *m, const struct twist *t)
{
	int i;

	msg_start(m, ZONEFW_CMD_APPLY);
	msg_u32(m, ZONEFW_A_ABI, t->abi ?: ZONEFW_ABI);
	if (t->gen)
		msg_u32(m, ZONEFW_A_GEN, t->gen);
	msg_zone(m, t->zone ?: "a", 0, t->prefix_len);
	msg_zone(m, t->zone2 ?: "b", t->parent ?: 1, 0);
	msg_rule(m, t);
	for (i = 0; i <= t->same_default; i++)
		msg_default(m, t->def_from);
	for (i = 0; i <= t->options; i++) {
		struct nlattr *n = msg_nest(m, ZONEFW_A_OPTIONS);

		msg_u32(m, ZONEFW_AO_TAG_MASK, t->tag_mask ?: 0xff000000);
		msg_u32(m, ZONEFW_AO_LOG_PER, 1);
		msg_end(m, n);
	}
	for (i = 0; i < t->extra; i++)
		msg_str(m, ZONEFW_A_EXTRATEXT, "x");
}

#endif
