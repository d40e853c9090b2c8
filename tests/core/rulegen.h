/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RULEGEN_H
#define RULEGEN_H
#include "core/model.h"

/* Kinds of rule sets; see rulegen.c. */
enum rulegen_kind {
	RG_TINY,	/* every field from a few values: much overlap, all conditions */
	RG_TEXTBOOK, RG_ONE_SOURCE, RG_ACL, RG_FW, RG_IPC,
	RG_OVERLAP,	/* hostile: each rule overlaps every other */
	RG_NESTED,	/* hostile: prefixes within prefixes, ports within ports */
	RG_CROSS,	/* hostile: wide in one address, narrow in the other, by turns */
	RG_LISTS,	/* long lists, negated ones, masks with holes */
	RG_KINDS
};
extern const char *const rulegen_names[RG_KINDS];

struct ruleset {
	struct zonefw_rule *rule, **rules;
	struct zonefw_addr *addr;
	struct zonefw_l4 *l4;
	u32 n;
	enum rulegen_kind kind;
	u8 family;
};

void rulegen_seed(u64 seed);
u32 rulegen_random(u32 below);
struct ruleset *rulegen_make(enum rulegen_kind kind, u32 n, u8 family);
void rulegen_free(struct ruleset *s);
void rulegen_key(const struct ruleset *s, struct zonefw_key *k);
#endif
