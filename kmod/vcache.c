// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict cache: what the policy said of a connection, and when it still
 * counts. A lossy, lockless, seeded table: 4-way sets of 16-byte entries, one
 * cache line each. The set is chosen by the conntrack entry's address; the
 * entry is checked by a fold of that address and the original tuple. The first
 * word of an entry is key ^ stamp, so an entry torn between two writers is a
 * miss. A miss costs one classification; nothing here ever grants by itself.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include "vcache.h"

struct zonefw_vcache *zonefw_vcache_alloc(void)
{
	size_t size = sizeof(struct zonefw_vcache) +
		      ((sizeof(struct zonefw_vset) + ZONEFW_VC_WAYS * sizeof(u32)) << ZONEFW_VC_BITS);
	struct zonefw_vcache *c = kvzalloc(size, GFP_KERNEL_ACCOUNT);

	if (c) {
		c->seed = get_random_u64();
		c->factor = get_random_u64() | 1;
	}
	return c;
}

void zonefw_vcache_free(struct zonefw_vcache *c)
{
	kvfree(c);
}

/* After the generation wrapped, an old stamp could look current: forget all. */
void zonefw_vcache_clear(struct zonefw_vcache *c)
{
	u32 i, w;

	for (i = 0; i < 1 << ZONEFW_VC_BITS; i++)
		for (w = 0; w < ZONEFW_VC_WAYS; w++)
			WRITE_ONCE(c->set[i].way[w].check, 0);
}

static struct zonefw_vset *find(struct zonefw_vcache *c, const struct nf_conn *ct, u64 *key)
{
	u64 hash = zonefw_vc_hash(c, ct);

	*key = zonefw_vc_key(c, ct, hash, nf_ct_l3num(ct) == NFPROTO_IPV6);
	return (struct zonefw_vset *)zonefw_vc_set(c, hash);
}

/* The epoch that goes with an entry, mixed with its key: behind all sets, as few ask for it. */
static u32 *epoch_of(struct zonefw_vcache *c, const struct zonefw_vset *s, u32 way)
{
	return (u32 *)&c->set[1 << ZONEFW_VC_BITS] + (s - c->set) * ZONEFW_VC_WAYS + way;
}

static u64 pack(const struct zonefw_stamp *s)
{
	return (u64)(s->gen & ZONEFW_VC_GEN) << 40 | (u64)s->from << 32 | (u64)s->to << 24 |
	       s->slot | (s->live ? ZONEFW_VC_LIVE : 0);
}

/**
 * zonefw_vcache_find() - what is known of a flow
 * @c: cache
 * @ct: the flow
 * @gen: generation of the policy in hand
 * @from: ingress zone of the original direction, as this packet shows it
 * @to: egress zone of the original direction
 * @slot: out: deciding rule's index + 1, or 0
 *
 * Return: ZONEFW_HIT when the current policy let this flow in between these
 * zones; ZONEFW_OTHER_ZONES when the flow runs between others; else ZONEFW_MISS.
 */
enum zonefw_hit zonefw_vcache_find(struct zonefw_vcache *c, const struct nf_conn *ct,
				   u32 gen, u16 from, u16 to, u32 *slot)
{
	u64 key;
	struct zonefw_vset *s = find(c, ct, &key);
	u32 i;

	for (i = 0; i < ZONEFW_VC_WAYS; i++) {
		u32 w = (key + i) & (ZONEFW_VC_WAYS - 1);
		u64 check = READ_ONCE(s->way[w].check);
		u64 stamp = READ_ONCE(s->way[w].stamp);

		if (!check || (check ^ stamp) != key)
			continue;
		if (stamp >> 40 != (gen & ZONEFW_VC_GEN))
			return ZONEFW_MISS;	/* its zone numbers are of another policy */
		if ((u8)(stamp >> 32) != from || (u8)(stamp >> 24) != to)
			return ZONEFW_OTHER_ZONES;
		*slot = stamp & (ZONEFW_VC_LIVE - 1);
		return ZONEFW_HIT;
	}
	return ZONEFW_MISS;
}

/**
 * zonefw_vcache_enter() - remember that the policy let a flow in
 * @c: cache
 * @ct: the flow
 * @st: by which policy, between which zones, by which rule
 *
 * Takes the flow's own entry, else a free one, else the one it is looked for first.
 *
 * Return: whether another flow lost its entry.
 */
bool zonefw_vcache_enter(struct zonefw_vcache *c, const struct nf_conn *ct,
			 const struct zonefw_stamp *st)
{
	u64 key, stamp = pack(st);
	struct zonefw_vset *s = find(c, ct, &key);
	u32 take = zonefw_vc_way(key), i, w;
	bool evicts = true;

	for (i = 0; i < ZONEFW_VC_WAYS; i++) {
		u64 check;

		w = (key + i) & (ZONEFW_VC_WAYS - 1);
		check = READ_ONCE(s->way[w].check);
		if (check && (check ^ READ_ONCE(s->way[w].stamp)) == key) {
			take = w;
			evicts = false;
			break;
		}
		if (!check && evicts) {
			take = w;
			evicts = false;
		}
	}
	WRITE_ONCE(*epoch_of(c, s, take), st->epoch ^ (u32)key);
	WRITE_ONCE(s->way[take].stamp, stamp);
	WRITE_ONCE(s->way[take].check, key ^ stamp);
	return evicts;
}

/**
 * zonefw_vcache_fresh() - was a flow entered in this epoch?
 * @c: cache
 * @ct: a flow that zonefw_vcache_find() knows
 * @epoch: of the flow's addresses, now
 *
 * Return: true if so; false also when another flow has taken its place meanwhile.
 */
bool zonefw_vcache_fresh(struct zonefw_vcache *c, const struct nf_conn *ct, u32 epoch)
{
	u64 key;
	struct zonefw_vset *s = find(c, ct, &key);
	u32 i;

	for (i = 0; i < ZONEFW_VC_WAYS; i++) {
		u32 w = (key + i) & (ZONEFW_VC_WAYS - 1);
		u64 check = READ_ONCE(s->way[w].check);

		if (check && (check ^ READ_ONCE(s->way[w].stamp)) == key)
			return (READ_ONCE(*epoch_of(c, s, w)) ^ (u32)key) == epoch;
	}
	return false;
}

/**
 * zonefw_vcache_peek() - a flow's stamp, for the control plane
 * @c: cache
 * @ct: the flow
 * @gen: generation it must be of
 * @st: out
 *
 * Return: true if there is one.
 */
bool zonefw_vcache_peek(struct zonefw_vcache *c, const struct nf_conn *ct, u32 gen,
			struct zonefw_stamp *st)
{
	u64 key;
	struct zonefw_vset *s = find(c, ct, &key);
	u32 w;

	for (w = 0; w < ZONEFW_VC_WAYS; w++) {
		u64 check = READ_ONCE(s->way[w].check);
		u64 stamp = READ_ONCE(s->way[w].stamp);

		if (!check || (check ^ stamp) != key || stamp >> 40 != (gen & ZONEFW_VC_GEN))
			continue;
		st->gen = stamp >> 40;
		st->from = stamp >> 32;
		st->to = stamp >> 24;
		st->slot = stamp & (ZONEFW_VC_LIVE - 1);
		return true;
	}
	return false;
}

/**
 * zonefw_cache_stats() - how full a namespace's cache is
 * @zn: namespace
 * @stats: by enum zonefw_stat; the two of the cache are set
 *
 * Entries of connections that have ended count as long as nobody took them.
 *
 * Context: any.
 */
void zonefw_cache_stats(const struct zonefw_ns *zn, u64 *stats)
{
	const struct zonefw_vcache *c;
	u32 i, w;

	rcu_read_lock();
	c = READ_ONCE(zn->vcache);
	stats[ZONEFW_S_CACHE_SIZE] = c ? ZONEFW_VC_WAYS << ZONEFW_VC_BITS : 0;
	for (i = 0; c && i < 1 << ZONEFW_VC_BITS; i++)
		for (w = 0; w < ZONEFW_VC_WAYS; w++)
			stats[ZONEFW_S_CACHE_USED] += !!READ_ONCE(c->set[i].way[w].check);
	rcu_read_unlock();
}
