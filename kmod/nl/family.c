// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: operations, rights, and the small commands.
 * Strict validation throughout; every refusal carries a sentence.
 */
#include <linux/rtnetlink.h>
#include "apply.h"
#include "family.h"
#include "gen.h"
#include "notify.h"
#include "pending.h"

/* One attribute that is never right: without any, the message's attributes would not be looked at,
 * and the kernel's dump of the family's policies would warn of a table that it never met.
 */
static const struct nla_policy none_policy[] = {
	[ZONEFW_A_PAD] = { .type = NLA_REJECT },
};

/**
 * zonefw_nl_allowed() - may the sender of a request use the family, and does it speak its language?
 * @skb: the request
 * @extack: refusal
 *
 * CAP_NET_ADMIN in the initial user namespace, or, with userns=1, in the one
 * that owns the network namespace (which genetlink has checked already).
 *
 * Return: 0, -EPERM, or -EINVAL when the request is of another version of the family.
 */
int zonefw_nl_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	const struct genlmsghdr *h = nlmsg_data(nlmsg_hdr(skb));

	if (!READ_ONCE(zonefw_userns) && !netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(extack, "CAP_NET_ADMIN in the initial user namespace is needed");
		return -EPERM;
	}
	if (h->version == ZONEFW_GENL_VERSION)
		return 0;
	NL_SET_ERR_MSG(extack, "the request is of another version of the family");
	return -EINVAL;
}

static int flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct sk_buff *event;
	int err = zonefw_nl_allowed(skb, info->extack);

	if (err)
		return err;
	event = zonefw_event_prepare();
	if (!event)
		return -ENOMEM;
	rtnl_lock();
	mutex_lock(&zn->lock);
	zonefw_pending_drop(zn);
	zonefw_withdraw(zn, false);
	zonefw_event_send(zn, event, ZONEFW_CAUSE_FLUSH);
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	return 0;
}

static int panic_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct sk_buff *event;
	int err = zonefw_nl_allowed(skb, info->extack);

	if (err)
		return err;
	if (!info->attrs[ZONEFW_A_PANIC])
		return zonefw_refuse_missing(info->extack, NULL, ZONEFW_A_PANIC,
					     "the attribute PANIC (0 or 1) is missing");
	event = zonefw_event_prepare();
	if (!event)
		return -ENOMEM;
	mutex_lock(&zn->lock);
	err = zonefw_panic_set(zn, nla_get_u8(info->attrs[ZONEFW_A_PANIC]), info->extack);
	if (err)
		nlmsg_free(event);
	else
		zonefw_event_send(zn, event, ZONEFW_CAUSE_PANIC);
	mutex_unlock(&zn->lock);
	return err;
}

static int reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct zonefw_policy *p;
	int err = zonefw_nl_allowed(skb, info->extack);
	u32 n;

	if (err)
		return err;
	zonefw_stats_zero(zn);
	p = zonefw_policy_get(zn);
	if (!p)
		return 0;
	for (n = 0; n < p->nrules; n++) {
		zonefw_ident_zero(p->rules[n]->ident);
		cond_resched();
	}
	for (n = 0; n < (u32)p->nz * p->nz; n++) {
		zonefw_ident_zero(p->cells[n].ident);
		cond_resched();
	}
	zonefw_policy_put(p);
	return 0;
}

#define DO(c, fn, pol) \
	{ .cmd = c, .flags = GENL_UNS_ADMIN_PERM, .doit = fn, \
	  .policy = pol, .maxattr = ARRAY_SIZE(pol) - 1 }
#define DUMP(c, fn) \
	{ .cmd = c, .flags = GENL_UNS_ADMIN_PERM, .start = zonefw_dump_start, \
	  .dumpit = fn, .done = zonefw_dump_done, \
	  .policy = none_policy, .maxattr = ARRAY_SIZE(none_policy) - 1 }

#define DUMP_DROPS \
	{ .cmd = ZONEFW_CMD_GET_DROPS, .flags = GENL_UNS_ADMIN_PERM, .start = zonefw_drops_start, \
	  .dumpit = zonefw_drops_dumpit, .policy = none_policy, \
	  .maxattr = ARRAY_SIZE(none_policy) - 1 }

#define DUMP_FLOWS \
	{ .cmd = ZONEFW_CMD_GET_FLOWS, .flags = GENL_UNS_ADMIN_PERM, .start = zonefw_flows_start, \
	  .dumpit = zonefw_flows_dumpit, .done = zonefw_flows_done, .policy = zonefw_flows_policy, \
	  .maxattr = ARRAY_SIZE(zonefw_flows_policy) - 1 }

static const struct genl_ops zonefw_genl_ops[] = {
	DO(ZONEFW_CMD_INFO, zonefw_info_doit, none_policy),
	DO(ZONEFW_CMD_APPLY, zonefw_apply_doit, zonefw_apply_policy),
	DO(ZONEFW_CMD_FLUSH, flush_doit, none_policy),
	DO(ZONEFW_CMD_PANIC, panic_doit, zonefw_panic_policy),
	DO(ZONEFW_CMD_STATS_RESET, reset_doit, none_policy),
	DO(ZONEFW_CMD_CONFIRM, zonefw_confirm_doit, none_policy),
	DO(ZONEFW_CMD_ROLLBACK, zonefw_rollback_doit, none_policy),
	DO(ZONEFW_CMD_EXPLAIN, zonefw_explain_doit, zonefw_explain_policy),
	DUMP(ZONEFW_CMD_GET_ZONES, zonefw_zones_dumpit),
	DUMP(ZONEFW_CMD_GET_RULES, zonefw_rules_dumpit),
	DUMP(ZONEFW_CMD_GET_CELLS, zonefw_cells_dumpit),
	DUMP(ZONEFW_CMD_GET_CELLDEFS, zonefw_celldefs_dumpit),
	DUMP_DROPS,
	DUMP(ZONEFW_CMD_GET_SETS, zonefw_sets_dumpit),
	DUMP(ZONEFW_CMD_GET_SETELEMS, zonefw_setelems_dumpit),
	{ .cmd = ZONEFW_CMD_GET_MEMBERS, .flags = GENL_UNS_ADMIN_PERM,
	  .start = zonefw_members_start, .dumpit = zonefw_members_dumpit,
	  .done = zonefw_members_done, .policy = zonefw_set_name_policy,
	  .maxattr = ARRAY_SIZE(zonefw_set_name_policy) - 1 },
	DO(ZONEFW_CMD_SET_ADD, zonefw_set_add_doit, zonefw_set_change_policy),
	DO(ZONEFW_CMD_SET_DEL, zonefw_set_del_doit, zonefw_set_change_policy),
	DO(ZONEFW_CMD_SET_FLUSH, zonefw_set_flush_doit, zonefw_set_name_policy),
	DO(ZONEFW_CMD_SET_TEST, zonefw_set_test_doit, zonefw_set_change_policy),
	DUMP_FLOWS,
	DO(ZONEFW_CMD_KILL_FLOWS, zonefw_flows_kill_doit, zonefw_flows_policy),
	DO(ZONEFW_CMD_TRACE, zonefw_trace_doit, zonefw_flows_policy),
	DO(ZONEFW_CMD_EDIT_RULES, zonefw_edit_doit, zonefw_edit_rules_policy),
};

static const struct genl_multicast_group zonefw_groups[] = {
	[ZONEFW_GRP_EVENTS] = { .name = ZONEFW_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
	[ZONEFW_GRP_DROPS] = { .name = ZONEFW_MCGRP_DROPS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family zonefw_family __ro_after_init = {
	.name = ZONEFW_GENL_NAME,
	.version = ZONEFW_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.ops = zonefw_genl_ops,
	.n_ops = ARRAY_SIZE(zonefw_genl_ops),
	.resv_start_op = ZONEFW_CMD_UNSPEC + 1,
	.mcgrps = zonefw_groups,
	.n_mcgrps = ARRAY_SIZE(zonefw_groups),
};

int __init zonefw_family_init(void)
{
	return genl_register_family(&zonefw_family);
}

void zonefw_family_exit(void)
{
	genl_unregister_family(&zonefw_family);
}
