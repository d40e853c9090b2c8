// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict cache: what the policy said of a connection, and when it still
 * counts. A lossy, lockless, seeded table: 4-way sets of 16-byte entries, one
 * cache line each. The set is chosen by the conntrack entry's address; the
 * entry is checked by a fold of that address and the original tuple. The first
 * word of an entry is key ^ stamp, so an entry torn between two writers is a
 * miss. A miss costs one classification; nothing here ever grants by itself.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <net/netfilter/nf_conntrack.h>
#include "vcache.h"

#define SET_BITS	14	/* 16384 sets, 65536 flows, 1 MiB */
#define WAYS		4
#define GEN_MASK	0xffffffu

struct entry { u64 check, stamp; };
struct set { struct entry way[WAYS]; } __aligned(64);

struct zonefw_vcache {
	u64 seed;
	struct set set[];
};

struct zonefw_vcache *zonefw_vcache_alloc(void)
{
	size_t size = sizeof(struct zonefw_vcache) +
		      ((sizeof(struct set) + WAYS * sizeof(u32)) << SET_BITS);
	struct zonefw_vcache *c = kvzalloc(size, GFP_KERNEL_ACCOUNT);

	if (c)
		c->seed = get_random_u64() | 1;
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

	for (i = 0; i < 1 << SET_BITS; i++)
		for (w = 0; w < WAYS; w++)
			WRITE_ONCE(c->set[i].way[w].check, 0);
}

static u64 mix(u64 h, u64 v)
{
	h = (h ^ v) * GOLDEN_RATIO_64;
	return h ^ h >> 29;
}

static u64 fold(const struct zonefw_vcache *c, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u64 h = mix(c->seed, (unsigned long)ct);

	h = mix(h, (u64)(__force u32)t->src.u3.ip << 32 | (__force u32)t->dst.u3.ip);
	h = mix(h, (u64)(__force u16)t->src.u.all << 32 |
		   (u64)(__force u16)t->dst.u.all << 16 | t->dst.protonum);
	if (t->src.l3num == NFPROTO_IPV6) {
		h = mix(h, (u64)(__force u32)t->src.u3.ip6[1] << 32 | (__force u32)t->src.u3.ip6[2]);
		h = mix(h, (u64)(__force u32)t->src.u3.ip6[3] << 32 | (__force u32)t->dst.u3.ip6[1]);
		h = mix(h, (u64)(__force u32)t->dst.u3.ip6[2] << 32 | (__force u32)t->dst.u3.ip6[3]);
	}
	return h;
}

static struct set *set_of(struct zonefw_vcache *c, const struct nf_conn *ct)
{
	return &c->set[hash_long((unsigned long)ct ^ (unsigned long)c->seed, SET_BITS)];
}

/* The epoch that goes with an entry, mixed with its key: behind all sets, as few ask for it. */
static u32 *epoch_of(struct zonefw_vcache *c, const struct set *s, int way)
{
	return (u32 *)&c->set[1 << SET_BITS] + (s - c->set) * WAYS + way;
}

static u64 pack(const struct zonefw_stamp *s)
{
	return (u64)(s->gen & GEN_MASK) << 40 | (u64)s->from << 32 | (u64)s->to << 24 | s->slot;
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
	struct set *s = set_of(c, ct);
	u64 key = fold(c, ct);
	int w;

	for (w = 0; w < WAYS; w++) {
		u64 check = READ_ONCE(s->way[w].check);
		u64 stamp = READ_ONCE(s->way[w].stamp);

		if (!check || (check ^ stamp) != key)
			continue;
		if (stamp >> 40 != (gen & GEN_MASK))
			return ZONEFW_MISS;	/* its zone numbers are of another policy */
		if ((u8)(stamp >> 32) != from || (u8)(stamp >> 24) != to)
			return ZONEFW_OTHER_ZONES;
		*slot = stamp & 0xffffff;
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
 * Takes the flow's own entry, else a free one, else one of the four by chance.
 *
 * Return: whether another flow lost its entry.
 */
bool zonefw_vcache_enter(struct zonefw_vcache *c, const struct nf_conn *ct,
			 const struct zonefw_stamp *st)
{
	struct set *s = set_of(c, ct);
	u64 key = fold(c, ct), stamp = pack(st);
	int w, take = key & (WAYS - 1);
	bool evicts = true;

	for (w = 0; w < WAYS; w++) {
		u64 check = READ_ONCE(s->way[w].check);

		if (check && (check ^ READ_ONCE(s->way[w].stamp)) != key)
			continue;
		take = w;
		evicts = false;
		if (check)
			break;
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
	struct set *s = set_of(c, ct);
	u64 key = fold(c, ct);
	int w;

	for (w = 0; w < WAYS; w++) {
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
	struct set *s = set_of(c, ct);
	u64 key = fold(c, ct);
	int w;

	for (w = 0; w < WAYS; w++) {
		u64 check = READ_ONCE(s->way[w].check);
		u64 stamp = READ_ONCE(s->way[w].stamp);

		if (!check || (check ^ stamp) != key || stamp >> 40 != (gen & GEN_MASK))
			continue;
		st->gen = stamp >> 40;
		st->from = stamp >> 32;
		st->to = stamp >> 24;
		st->slot = stamp & 0xffffff;
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
	stats[ZONEFW_S_CACHE_SIZE] = c ? WAYS << SET_BITS : 0;
	for (i = 0; c && i < 1 << SET_BITS; i++)
		for (w = 0; w < WAYS; w++)
			stats[ZONEFW_S_CACHE_USED] += !!READ_ONCE(c->set[i].way[w].check);
	rcu_read_unlock();
}
