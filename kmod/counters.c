// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters: of rules and cells (packets, bytes) and of the namespace
 * by reason. Written in the packet path with bottom halves off, read anywhere.
 */
#include <linux/ktime.h>
#include <linux/percpu.h>
#include "zonefw.h"

void zonefw_ident_read(const struct zonefw_ident *i, u64 *packets, u64 *bytes)
{
	unsigned int start;
	int cpu;

	*packets = 0;
	*bytes = 0;
	for_each_possible_cpu(cpu) {
		const struct zonefw_count *c = per_cpu_ptr(i->count, cpu);
		u64 p, b;

		do {
			start = u64_stats_fetch_begin(&c->syncp);
			p = u64_stats_read(&c->packets);
			b = u64_stats_read(&c->bytes);
		} while (u64_stats_fetch_retry(&c->syncp, start));
		*packets += p;
		*bytes += b;
	}
}

/**
 * zonefw_ident_hit() - a packet was judged anew, and this rule decided
 * @i: the rule's identity
 * @flow: it lets a connection in
 *
 * Context: packet path; packets of known flows do not come here.
 */
void zonefw_ident_hit(struct zonefw_ident *i, bool flow)
{
	u32 now = ktime_get_real_seconds();
	struct zonefw_count *c;

	if (!READ_ONCE(i->first))
		WRITE_ONCE(i->first, now);
	if (READ_ONCE(i->last) != now)
		WRITE_ONCE(i->last, now);
	if (!flow)
		return;
	local_bh_disable();
	c = this_cpu_ptr(i->count);
	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->flows);
	u64_stats_update_end(&c->syncp);
	local_bh_enable();
}

u64 zonefw_ident_flows(const struct zonefw_ident *i)
{
	unsigned int start;
	u64 sum = 0, n;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct zonefw_count *c = per_cpu_ptr(i->count, cpu);

		do {
			start = u64_stats_fetch_begin(&c->syncp);
			n = u64_stats_read(&c->flows);
		} while (u64_stats_fetch_retry(&c->syncp, start));
		sum += n;
	}
	return sum;
}

/* A packet counted at the same moment on another CPU may survive the reset. */
void zonefw_ident_zero(struct zonefw_ident *i)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct zonefw_count *c = per_cpu_ptr(i->count, cpu);

		u64_stats_set(&c->packets, 0);
		u64_stats_set(&c->bytes, 0);
		u64_stats_set(&c->flows, 0);
	}
	WRITE_ONCE(i->first, 0);
	WRITE_ONCE(i->last, 0);
}

static void add(const struct zonefw_ident *i, u32 bytes)
{
	struct zonefw_count *c = this_cpu_ptr(i->count);

	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->packets);
	u64_stats_add(&c->bytes, bytes);
	u64_stats_update_end(&c->syncp);
}

void zonefw_count(const struct zonefw_ident *i, u32 bytes)
{
	local_bh_disable();
	add(i, bytes);
	local_bh_enable();
}

/**
 * zonefw_count_flow() - all that a packet of a known flow counts on, in one go
 * @zn: namespace
 * @cell: identity of the flow's cell
 * @rule: identity of the rule that let it in, or NULL for the default
 * @bytes: length of the packet
 */
void zonefw_count_flow(const struct zonefw_ns *zn, const struct zonefw_ident *cell,
		       const struct zonefw_ident *rule, u32 bytes)
{
	struct zonefw_stats *s;

	local_bh_disable();
	s = this_cpu_ptr(zn->stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->v[ZONEFW_R_ESTABLISHED]);
	u64_stats_inc(&s->v[ZONEFW_S_ACCEPTED]);
	u64_stats_update_end(&s->syncp);
	add(cell, bytes);
	if (rule)
		add(rule, bytes);
	local_bh_enable();
}

void zonefw_stat(const struct zonefw_ns *zn, u32 which)
{
	struct zonefw_stats *s;

	local_bh_disable();
	s = this_cpu_ptr(zn->stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->v[which]);
	u64_stats_update_end(&s->syncp);
	local_bh_enable();
}

void zonefw_stats_read(const struct zonefw_ns *zn, u64 *v)
{
	int cpu, i;

	memset(v, 0, sizeof(u64) * __ZONEFW_S_MAX);
	for_each_possible_cpu(cpu) {
		const struct zonefw_stats *s = per_cpu_ptr(zn->stats, cpu);
		u64 copy[__ZONEFW_S_MAX];
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			for (i = 0; i < __ZONEFW_S_MAX; i++)
				copy[i] = u64_stats_read(&s->v[i]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		for (i = 0; i < __ZONEFW_S_MAX; i++)
			v[i] += copy[i];
	}
}
