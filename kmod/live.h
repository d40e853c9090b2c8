/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_LIVE_H
#define ZONEFW_LIVE_H
#include "zonefw.h"

struct nf_conn;
struct nf_conntrack_helper;
struct zonefw_set;

/* A list of a rule that holds a set: one element or one set must match. */
struct zonefw_pick {
	const void *list;		/* struct zonefw_addr[] or u16[][2] */
	struct zonefw_set **set;	/* a reference each, from the build on */
	u16 *use;			/* their indexes into the policy's sets, until then */
	u16 n, nset;
};

enum { ZONEFW_PICK_SRC, ZONEFW_PICK_DST, ZONEFW_PICK_SPORT, ZONEFW_PICK_DPORT, ZONEFW_PICKS };

/* Times in nanoseconds: of one token, and of all. */
struct zonefw_limit {
	u64 cost, burst;
	u8 by;
};

#define ZONEFW_HELPERS	4	/* a helper is one per family and protocol */

/**
 * struct zonefw_live - what a rule asks of the moment, not of the packet alone
 * @pick: lists with sets, by ZONEFW_PICK_*
 * @flags: ZONEFW_LIVE_*
 * @limit: rate; cost 0: none
 * @conns: connections at most; @has_conns
 * @minutes: of the day, from and until; equal: no time
 * @days: bits, Monday first; 0: no days
 * @expires: seconds that the rule was given, 0: for ever
 * @deadline: its end, nanoseconds since boot
 * @helper: references, by family and protocol
 * @add: set that packets fill, with @add_by and @add_timeout; @add_use until it is built
 */
struct zonefw_live {
	struct zonefw_pick pick[ZONEFW_PICKS];
	u32 flags;
	struct zonefw_limit limit;
	u32 conns, expires, add_timeout;
	u64 deadline;
	u16 minutes[2], add_use;
	u8 days, conns_by, add_by;
	bool has_conns;
	struct nf_conntrack_helper *helper[ZONEFW_HELPERS];
	struct zonefw_set *add;
	struct zonefw_kept *kept;	/* or NULL when it needs nothing of it */
};

/* What outlives a policy with the rule's identity, as long as the rule stays live. */
struct zonefw_kept {
	refcount_t ref;
	struct zonefw_rate *rate;	/* buckets of a limit */
	struct zonefw_conns *conns;	/* count of open connections */
	u32 expires, timed;		/* seconds the rule was given, by which generation */
	u64 deadline;			/* when they end */
};

static inline bool zonefw_live_timed(const struct zonefw_live *l)
{
	return l->days || l->expires || l->minutes[0] != l->minutes[1];
}

void zonefw_live_free(struct zonefw_live *l);
void zonefw_live_inherit(struct zonefw_rule *r, const struct zonefw_rule *old);
int zonefw_live_build(struct zonefw_ns *zn, struct zonefw_policy *p);
bool zonefw_live_holds(const struct zonefw_rule *r, const struct zonefw_key *k);
bool zonefw_live_expired(const struct zonefw_rule *r);
bool zonefw_live_source(const struct zonefw_live *l, u8 view, u8 family, const u8 *src);
bool zonefw_live_now(const struct zonefw_live *l);
void zonefw_live_add(const struct zonefw_rule *r, const struct zonefw_key *k);

/* helper.c */
int zonefw_helpers_get(struct zonefw_live *l, const struct zonefw_rule *r, const char *name);
void zonefw_helpers_put(struct zonefw_live *l);
void zonefw_helper_assign(const struct zonefw_rule *r, struct nf_conn *ct);
bool zonefw_helper_of(const struct zonefw_rule *r, const struct nf_conn *master);

#endif
