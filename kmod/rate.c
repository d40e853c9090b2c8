// SPDX-License-Identifier: GPL-2.0
/*
 * The buckets of a rule's limit: one, or one per address. They belong to the
 * rule's identity and go from policy to policy. The table of addresses is
 * bounded and seeded: 4-way sets, chosen and checked by a keyed hash. A new
 * address takes the way that is nearest to full, and with it what that one
 * still owes: crowding a set never buys tokens. Softirq; lockless.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include "core/limiter.h"
#include "rate.h"

#define SET_BITS	12	/* 4096 sets of 4 ways of 16 bytes: 256 KiB */
#define WAYS		4

struct way { u64 tag; atomic64_t full; };

struct keys {
	siphash_key_t seed;
	struct way way[1 << SET_BITS][WAYS];
};

struct zonefw_rate {
	atomic64_t full;
	struct keys *keys;
};

/**
 * zonefw_rate_alloc() - buckets, all full
 * @keyed: one per address
 *
 * Return: them, or NULL. Context: may sleep.
 */
struct zonefw_rate *zonefw_rate_alloc(bool keyed)
{
	struct zonefw_rate *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (r && keyed && !zonefw_rate_add_keys(r)) {
		kfree(r);
		return NULL;
	}
	return r;
}

/* A rule that is kept has come to count per address. */
bool zonefw_rate_add_keys(struct zonefw_rate *r)
{
	struct keys *t;

	if (r->keys)
		return true;
	t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return false;
	get_random_bytes(&t->seed, sizeof(t->seed));
	smp_store_release(&r->keys, t);	/* a table is seen with its seed */
	return true;
}

void zonefw_rate_free(struct zonefw_rate *r)
{
	if (!r)
		return;
	kvfree(r->keys);
	kfree(r);
}

static atomic64_t *bucket_of(struct keys *t, const u8 *addr, u8 family)
{
	u64 h = siphash(addr, family == 4 ? 4 : 16, &t->seed) | 1;
	struct way *set = t->way[h >> (64 - SET_BITS)], *best = set;
	int i;

	for (i = 0; i < WAYS; i++) {
		if (READ_ONCE(set[i].tag) == h)
			return &set[i].full;
		if (atomic64_read(&set[i].full) < atomic64_read(&best->full))
			best = &set[i];
	}
	WRITE_ONCE(best->tag, h);
	return &best->full;
}

/**
 * zonefw_rate_within() - is a packet within the rate? If so it counts.
 * @r: buckets
 * @l: limit
 * @k: packet
 *
 * Return: true if it is.
 */
bool zonefw_rate_within(struct zonefw_rate *r, const struct zonefw_limit *l,
			const struct zonefw_key *k)
{
	struct keys *t = l->by ? smp_load_acquire(&r->keys) : NULL;	/* by zonefw_rate_add_keys() */
	u64 now = ktime_get_ns(), next;
	atomic64_t *b = &r->full;
	s64 old;
	bool ok;

	if (t)
		b = bucket_of(t, l->by == ZONEFW_BY_SRC ? k->src : k->dst, k->family);
	old = atomic64_read(b);
	do {
		ok = zonefw_bucket_take(old, now, l->cost, l->burst, &next);
	} while (!atomic64_try_cmpxchg(b, &old, next));
	return ok;
}
