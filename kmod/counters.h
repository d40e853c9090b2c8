/* SPDX-License-Identifier: GPL-2.0 */
/* Identities and what is counted on them, on the CPU at hand; included by zonefw.h. */
#ifndef ZONEFW_COUNTERS_H
#define ZONEFW_COUNTERS_H
#include <linux/percpu.h>
#include <linux/timekeeping.h>

/* ident.c */
struct zonefw_ident *zonefw_ident_alloc(u32 id);
struct zonefw_ident *zonefw_ident_get(struct zonefw_ident *i);
void zonefw_ident_put(struct zonefw_ident *i);

/* counters.c */
void zonefw_ident_read(const struct zonefw_ident *i, u64 *packets, u64 *bytes);
void zonefw_ident_zero(struct zonefw_ident *i);
void zonefw_ident_seen(struct zonefw_ident *i, u32 now);
void zonefw_flow_slow(const struct zonefw_ident *i);
u64 zonefw_ident_flows(const struct zonefw_ident *i);
void zonefw_count_slow(const struct zonefw_ident *i, u32 bytes);
void zonefw_stat_slow(const struct zonefw_ns *zn, u32 which);
void zonefw_stats_zero(const struct zonefw_ns *zn);
void zonefw_stats_read(const struct zonefw_ns *zn, u64 *v);

/* A packet on a rule or a cell. */
static __always_inline void zonefw_count(const struct zonefw_ident *i, u32 bytes)
{
	struct zonefw_count __percpu *c = i->count;

	if (!IS_ENABLED(CONFIG_64BIT)) {
		zonefw_count_slow(i, bytes);
		return;
	}
	this_cpu_inc(c->packets);
	this_cpu_add(c->bytes, bytes);
}

/* A packet on its cell, and on the rule that decided, if one did. */
static __always_inline void zonefw_count_cell(const struct zonefw_ident *cell,
					      const struct zonefw_ident *rule, u32 bytes)
{
	zonefw_count(cell, bytes);
	if (rule)
		zonefw_count(rule, bytes);
}

/* A packet was judged anew, and this rule decided; @flow: it lets a connection in. */
static __always_inline void zonefw_ident_hit(struct zonefw_ident *i, bool flow)
{
	u32 now = ktime_get_real_seconds();

	if (unlikely(READ_ONCE(i->last) != now))
		zonefw_ident_seen(i, now);
	if (flow && IS_ENABLED(CONFIG_64BIT))
		this_cpu_inc(i->count->flows);
	else if (flow)
		zonefw_flow_slow(i);
}

/* An event: enum zonefw_reason or zonefw_stat. */
static inline void zonefw_stat(const struct zonefw_ns *zn, u32 which)
{
	if (IS_ENABLED(CONFIG_64BIT))
		this_cpu_inc(zn->stats->v[which]);
	else
		zonefw_stat_slow(zn, which);
}

/* A packet of a known flow: established and accepted, in one addition. */
static inline void zonefw_stat_known(const struct zonefw_ns *zn)
{
	if (IS_ENABLED(CONFIG_64BIT)) {
		this_cpu_inc(zn->stats->known);
		return;
	}
	zonefw_stat_slow(zn, ZONEFW_R_ESTABLISHED);
	zonefw_stat_slow(zn, ZONEFW_S_ACCEPTED);
}

#endif
