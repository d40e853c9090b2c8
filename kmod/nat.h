/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_NAT_H
#define ZONEFW_NAT_H
#include <net/netfilter/nf_nat.h>
#include "action.h"

/* What a packet's source becomes; see zonefw_nat_source() */
struct zonefw_source {
	bool masquerade;
	const struct zonefw_nat *to;	/* snat; NULL: not translated, or masqueraded */
};

int zonefw_nat_register(struct net *net);
void zonefw_nat_unregister(struct net *net);
const struct zonefw_rule *zonefw_nat_find(const struct zonefw_policy *p, struct net *net,
					  u16 from, struct zonefw_key *k);
bool zonefw_nat_target(struct net *net, const struct net_device *in, const struct zonefw_rule *r,
		       const struct zonefw_key *k, struct nf_nat_range2 *range);
void zonefw_nat_before(const struct zonefw_policy *p, struct net *net, struct zonefw_key *k,
		       const u8 *dst, u16 dport);
void zonefw_nat_facts(const struct zonefw_policy *p, const struct nf_conn *ct,
		      struct zonefw_key *k, u16 from);
struct zonefw_source zonefw_nat_source(const struct zonefw_policy *p, struct zonefw_key *k,
				       u16 from, u16 to, bool back);
bool zonefw_nat_exhausted(const struct nf_conn *ct);
unsigned int zonefw_nat_out(struct zonefw_pkt *k, struct nf_conn *ct,
			    const struct zonefw_rule *r);
#endif
