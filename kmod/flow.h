/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_FLOW_H
#define ZONEFW_FLOW_H
#include "verdict.h"

struct nf_conn;

#define ZONEFW_FLOW_BATCH	64

/**
 * struct zonefw_flow - a live connection as a policy sees it
 * @key: original direction, after DNAT and before SNAT
 * @from: ingress zone of the original direction; likewise @to
 * @by_route: the zones are those of the route, no packet has shown them
 * @v: what the policy says
 */
struct zonefw_flow {
	struct zonefw_key key;
	u16 from, to;
	bool by_route;
	struct zonefw_verdict v;
};

bool zonefw_flows_next(struct net *net, struct zonefw_walk *w, struct nf_conn **ct, u32 *n);
bool zonefw_flow_live(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		      const struct nf_conn *ct, struct zonefw_flow *f);
bool zonefw_flow_between(const struct zonefw_policy *p, const struct nf_conn *ct, u16 from,
			 u16 to, struct zonefw_flow *f);
bool zonefw_flow_under(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		       const struct zonefw_policy *cand, const struct nf_conn *ct,
		       struct zonefw_flow *f);

/* Does a live connection keep its permission? */
static inline bool zonefw_flow_allowed(const struct zonefw_flow *f)
{
	return zonefw_lets_pass(f->v.action) || f->v.action == ZONEFW_QUEUE;
}

#endif
