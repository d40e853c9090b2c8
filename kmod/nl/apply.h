/* SPDX-License-Identifier: GPL-2.0 */
/* One APPLY message on its way into a policy that nobody sees yet. */
#ifndef ZONEFW_NL_APPLY_H
#define ZONEFW_NL_APPLY_H
#include <net/genetlink.h>
#include "pending.h"
#include "zonefw.h"

/**
 * struct zonefw_apply - a message being parsed
 * @extack: refusal
 * @p: the policy that is filled
 * @zone: zones parsed so far; likewise @rule and @def
 * @want: per rule the id to keep, or 0
 * @drafts: room for all rules as drafts, or NULL: they are whole at once; see draft.c
 * @before: what was in force when @p was prepared, with a reference
 */
struct zonefw_apply {
	struct netlink_ext_ack *extack;
	struct zonefw_policy *p;
	u32 zone, rule, def;
	u32 *want;
	struct zonefw_rule *drafts;
	struct zonefw_before before;
};

/* apply.c: shared by the parsers of objects */
int zonefw_refuse_attr(struct zonefw_apply *a, const struct nlattr *at, const char *why);
int zonefw_refuse_missing(struct netlink_ext_ack *extack, const struct nlattr *nest, int type,
			  const char *why);
struct nlattr *zonefw_keep_attr(struct zonefw_apply *a, const struct nlattr *at);
void zonefw_refused_copy(struct netlink_ext_ack *extack, const struct nlattr *at);
void zonefw_rebase_attr(struct zonefw_apply *a, const struct nlattr *at, const void *blob);
u64 zonefw_digest_attr(u64 h, const struct nlattr *nest);
int zonefw_abi_check(struct genl_info *info);
int zonefw_expect_gen(const struct zonefw_ns *zn, u32 expect, struct netlink_ext_ack *extack);
int zonefw_swap_in(struct zonefw_apply *a, struct zonefw_ns *zn, u32 confirm);
int zonefw_gen_reply(struct genl_info *info, struct sk_buff *msg, u32 gen, u32 first);
u32 zonefw_count_attr(const struct nlattr *nest, int type);
int zonefw_names_attr(const struct nlattr *nest, int type, char (**rows)[ZONEFW_DEVNAME], u32 n);

/* rule.c, nat.c: parts of a rule */
int zonefw_zones_attr(struct zonefw_apply *a, const struct nlattr *nest, const struct nlattr *at,
		      const u16 **list, u16 *n);
int zonefw_nat_parse(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb);

/* one object each: zone.c, rule.c, celldef.c, options.c */
int zonefw_zone_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_rule_new(struct zonefw_apply *a, const struct nlattr *at, struct zonefw_rule **rule);
struct zonefw_rule *zonefw_rule_whole(struct zonefw_apply *a, struct zonefw_rule *r);
int zonefw_drafts_settle(struct zonefw_apply *a);
int zonefw_rule_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_celldef_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_options_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_options_check(struct zonefw_apply *a);
/* set.c, live.c */
int zonefw_sets_room(struct zonefw_apply *a, struct genl_info *info);
int zonefw_elems_open(const struct zonefw_policy *p, const struct nlattr *at, u32 *use,
		      const struct zonefw_elem **list, struct netlink_ext_ack *extack);
int zonefw_set_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_setelems_parse(struct zonefw_apply *a, const struct nlattr *at);
int zonefw_live_parse(struct zonefw_apply *a, struct zonefw_rule *r, const struct nlattr *nest);
bool zonefw_addrs_ok(const struct zonefw_addr *x, u32 n);

static inline bool zonefw_zone_word_ok(const struct zonefw_apply *a, u16 z)
{
	return z == ZONEFW_ZONE_ANY || z < a->p->nz;
}

#endif
