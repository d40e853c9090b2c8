// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters: of rules and cells (packets, bytes) and of the namespace
 * by reason. Written in the packet path, read anywhere. A 64-bit machine adds with
 * one instruction; others switch bottom halves off and use the sync helper.
 */
#include <linux/ktime.h>
#include <linux/percpu.h>
#include "offload.h"
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
			p = READ_ONCE(c->packets);
			b = READ_ONCE(c->bytes);
		} while (u64_stats_fetch_retry(&c->syncp, start));
		*packets += p;
		*bytes += b;
	}
}

void zonefw_flow_slow(const struct zonefw_ident *i)
{
	struct zonefw_count *c;

	local_bh_disable();
	c = this_cpu_ptr(i->count);
	u64_stats_update_begin(&c->syncp);
	c->flows++;
	u64_stats_update_end(&c->syncp);
	local_bh_enable();
}

/* A packet of second @now was judged anew, and this rule decided. */
void zonefw_ident_seen(struct zonefw_ident *i, u32 now)
{
	if (!READ_ONCE(i->first))
		WRITE_ONCE(i->first, now);
	WRITE_ONCE(i->last, now);
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
			n = READ_ONCE(c->flows);
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

		WRITE_ONCE(c->packets, 0);
		WRITE_ONCE(c->bytes, 0);
		WRITE_ONCE(c->flows, 0);
	}
	WRITE_ONCE(i->first, 0);
	WRITE_ONCE(i->last, 0);
}

/* Where the machine cannot add 64 bits at once. */
void zonefw_count_slow(const struct zonefw_ident *i, u32 bytes)
{
	struct zonefw_count *c;

	local_bh_disable();
	c = this_cpu_ptr(i->count);
	u64_stats_update_begin(&c->syncp);
	c->packets++;
	c->bytes += bytes;
	u64_stats_update_end(&c->syncp);
	local_bh_enable();
}

void zonefw_stat_slow(const struct zonefw_ns *zn, u32 which)
{
	struct zonefw_stats *s;

	local_bh_disable();
	s = this_cpu_ptr(zn->stats);
	u64_stats_update_begin(&s->syncp);
	s->v[which]++;
	u64_stats_update_end(&s->syncp);
	local_bh_enable();
}

/* What packets of a moment ago counted on other CPUs may survive. */
void zonefw_stats_zero(const struct zonefw_ns *zn)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct zonefw_stats *s = per_cpu_ptr(zn->stats, cpu);

		WRITE_ONCE(s->known, 0);
		for (i = 0; i < __ZONEFW_S_MAX; i++)
			WRITE_ONCE(s->v[i], 0);
	}
}

void zonefw_stats_read(const struct zonefw_ns *zn, u64 *v)
{
	int cpu, i;

	memset(v, 0, sizeof(u64) * __ZONEFW_S_MAX);
	for_each_possible_cpu(cpu) {
		const struct zonefw_stats *s = per_cpu_ptr(zn->stats, cpu);
		u64 copy[__ZONEFW_S_MAX], known;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			known = READ_ONCE(s->known);
			for (i = 0; i < __ZONEFW_S_MAX; i++)
				copy[i] = READ_ONCE(s->v[i]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		for (i = 0; i < __ZONEFW_S_MAX; i++)
			v[i] += copy[i];
		v[ZONEFW_R_ESTABLISHED] += known;
		v[ZONEFW_S_ACCEPTED] += known;
	}
	v[ZONEFW_S_OFFLOADED] = zonefw_offload_flows(zn);
}
