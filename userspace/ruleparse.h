/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files that parse one rule. */
#ifndef ZFW_RULEPARSE_H
#define ZFW_RULEPARSE_H
#include "model.h"

struct l4state {
	bool have, have_sport, have_dport, have_type, icmp, neg_svc;
	l4vec base;
	prvec sport, dport;
	VEC(struct tok) types;
	bool neg_type;
	struct pos pos;
};

void ranges_negate(prvec *v);
bool l4_finish(struct parser *p, struct rule *r, struct l4state *st);
int live_clause(struct parser *p, struct rule *r);
bool claim(struct parser *p, struct rule *r, enum clause c, struct pos pos, const char *word);
bool bang(struct parser *p);
bool need_word(struct parser *p, const char *what);
bool more(struct parser *p);
bool dscp_clause(struct parser *p, struct rule *r);
bool mac_clause(struct parser *p, struct rule *r);
bool mark_clause(struct parser *p, struct rule *r);
bool nat_action(struct parser *p, struct rule *r);
bool pattern_clause(struct parser *p, struct rule *r, enum clause c, strvec *out, uint32_t flag,
			   const char *word);
int nat_clause(struct parser *p, struct rule *r);
bool nat_finish(struct parser *p, struct rule *r);
#endif
