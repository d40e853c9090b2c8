/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_NL_FAMILY_H
#define ZONEFW_NL_FAMILY_H
#include <net/genetlink.h>
#include "zonefw.h"

extern struct genl_family zonefw_family;

int zonefw_family_init(void);
void zonefw_family_exit(void);
int zonefw_nl_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack);

/* apply.c */
int zonefw_apply_doit(struct sk_buff *skb, struct genl_info *info);
/* edit.c */
int zonefw_edit_doit(struct sk_buff *skb, struct genl_info *info);
/* drops.c */
int zonefw_drops_start(struct netlink_callback *cb);
int zonefw_drops_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
/* flows.c */
int zonefw_flows_start(struct netlink_callback *cb);
int zonefw_flows_done(struct netlink_callback *cb);
int zonefw_flows_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_flows_kill_doit(struct sk_buff *skb, struct genl_info *info);
/* trace.c */
int zonefw_trace_doit(struct sk_buff *skb, struct genl_info *info);
/* confirm.c */
int zonefw_confirm_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_rollback_doit(struct sk_buff *skb, struct genl_info *info);
/* explain.c */
int zonefw_explain_doit(struct sk_buff *skb, struct genl_info *info);
/* dump.c */
int zonefw_info_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_dump_start(struct netlink_callback *cb);
int zonefw_dump_done(struct netlink_callback *cb);
int zonefw_zones_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_rules_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_cells_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_celldefs_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_sets_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int zonefw_setelems_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
/* setcmd.c */
int zonefw_set_add_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_set_del_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_set_test_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_set_flush_doit(struct sk_buff *skb, struct genl_info *info);
int zonefw_members_start(struct netlink_callback *cb);
int zonefw_members_done(struct netlink_callback *cb);
int zonefw_members_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
#endif
