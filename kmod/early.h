/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_EARLY_H
#define ZONEFW_EARLY_H
#include "action.h"

#define ZONEFW_EARLY_MAX	8	/* rules of a row */
#define ZONEFW_EARLY_LOOK	64	/* rules that are looked at: what leads a policy stands at its top */

/**
 * struct zonefw_early - what a source zone's whole row denies first
 * @n: rules, in order
 * @asks: by which protocols flows into the zone may be open: conntrack is asked for answers
 */
struct zonefw_early {
	const struct zonefw_rule *rule[ZONEFW_EARLY_MAX];
	u8 n, asks;
};

extern bool zonefw_early_on;

bool zonefw_early_wants(const struct zonefw_rule *r);
u8 zonefw_early_protocols(const struct zonefw_rule *r);
int zonefw_early_build(struct zonefw_policy *p);
const struct zonefw_rule *zonefw_early_rule(const struct zonefw_policy *p,
					    const struct zonefw_early *e, u8 family, const u8 *src);
bool zonefw_early_goes_on(const struct zonefw_early *e, struct sk_buff *skb,
			  const struct nf_hook_state *st);
unsigned int zonefw_early_drop(struct zonefw_pkt *k, const struct zonefw_rule *r);
#endif
