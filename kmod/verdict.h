/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_VERDICT_H
#define ZONEFW_VERDICT_H
#include "zonefw.h"

/**
 * struct zonefw_verdict - what the policy says of a key between two zones
 * @cur: where the classifier stands
 * @rule: the rule that spoke, or NULL: the default did
 * @action: enum zonefw_action; zonefw_goes_on(): count or log, and ask again
 * @reason: ZONEFW_R_RULE or ZONEFW_R_DEFAULT
 * @arg: argument of the action
 * @log: prefix, or NULL: not logged
 */
struct zonefw_verdict {
	struct zonefw_cursor cur;
	const struct zonefw_rule *rule;
	const char *log;
	u32 arg;
	u8 action, reason;
};

u8 zonefw_classify(const struct zonefw_policy *p, struct zonefw_key *key, u16 from, u16 to,
		   struct zonefw_verdict *v);
void zonefw_decide(const struct zonefw_policy *p, struct zonefw_key *key, u16 from, u16 to,
		   struct zonefw_verdict *v);

/* The rule's number in its policy, from 1; 0 for a default: what a stamp holds. */
static inline u32 zonefw_slot(const struct zonefw_verdict *v)
{
	return v->rule ? v->cur.slot : 0;
}

static inline u32 zonefw_rule_id(const struct zonefw_verdict *v)
{
	return v->rule ? v->rule->ident->id : 0;
}

#endif
