// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict cache: what the policy said of a connection, and when it still
 * counts. A lossy, lockless, seeded table: 4-way sets of 32-byte entries, each
 * in one cache line. Set and first way are chosen by a fold of the conntrack entry's address
 * and its original tuple, and the same fold checks the entry. The first
 * word of an entry is key ^ stamp, so an entry torn between two writers is a
 * miss; its third word is for the short way of fast.c and holds under the same
 * condition. A miss costs one classification; nothing here ever grants by itself.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/vmalloc.h>
#include "vcache.h"

struct zonefw_vcache *zonefw_vcache_alloc(void)
{
	/* pages in a row for the sake of the TLB, but no more: slab would round up to 4 MiB */
	struct zonefw_vcache *c = alloc_pages_exact(sizeof(*c), GFP_KERNEL_ACCOUNT | __GFP_ZERO |
							       __GFP_NORETRY | __GFP_NOWARN);

	c = c ?: vzalloc(sizeof(*c));
	if (c)
		c->factor = get_random_u64() | 1;
	return c;
}

void zonefw_vcache_free(struct zonefw_vcache *c)
{
	if (is_vmalloc_addr(c))
		vfree(c);
	else if (c)
		free_pages_exact(c, sizeof(*c));
}

/* After the generation wrapped, an old stamp could look current: forget all. */
void zonefw_vcache_clear(struct zonefw_vcache *c)
{
	u32 i;

	for (i = 0; i < ZONEFW_VC_SIZE; i++)
		WRITE_ONCE(c->way[i].check, 0);
}

static u64 key_of(const struct zonefw_vcache *c, const struct nf_conn *ct)
{
	return nf_ct_l3num(ct) == NFPROTO_IPV6 ? zonefw_vc_key(c, ct, true) :
						 zonefw_vc_key(c, ct, false);
}

/* A flow's entry and its stamp, or NULL. */
static struct zonefw_ventry *own(struct zonefw_vcache *c, u64 key, u64 *stamp)
{
	u32 first = zonefw_vc_first(key), i;

	for (i = 0; i < ZONEFW_VC_WAYS; i++) {
		struct zonefw_ventry *e = &c->way[zonefw_vc_next(first, i)];
		u64 check = READ_ONCE(e->check);

		*stamp = READ_ONCE(e->stamp);
		if (check && (check ^ *stamp) == key)
			return e;
	}
	return NULL;
}

/**
 * zonefw_vcache_find() - what is known of a flow
 * @c: cache
 * @ct: the flow
 * @gen: generation of the policy in hand
 * @cell: cell of the original direction, as this packet shows it
 * @slot: out: deciding rule's index + 1, or 0
 *
 * Return: ZONEFW_HIT when the current policy let this flow in through this
 * cell; ZONEFW_OTHER_ZONES when the flow runs through another; else ZONEFW_MISS.
 */
enum zonefw_hit zonefw_vcache_find(struct zonefw_vcache *c, const struct nf_conn *ct,
				   u32 gen, u16 cell, u32 *slot)
{
	u64 stamp;

	if (!own(c, key_of(c, ct), &stamp) || !zonefw_vc_of_gen(stamp, gen))
		return ZONEFW_MISS;	/* also when its zone numbers are of another policy */
	if ((u16)stamp != cell)
		return ZONEFW_OTHER_ZONES;
	*slot = zonefw_vc_slot(stamp);
	return ZONEFW_HIT;
}

static void write(struct zonefw_ventry *e, u64 key, u64 stamp, const struct zonefw_stamp *st)
{
	WRITE_ONCE(e->epoch, st->epoch ^ (u32)key);
	WRITE_ONCE(e->seen[IP_CT_DIR_ORIGINAL], 0);
	WRITE_ONCE(e->seen[IP_CT_DIR_REPLY], 0);
	WRITE_ONCE(e->stamp, stamp);
	WRITE_ONCE(e->quick, key ^ stamp ^ st->way);
	WRITE_ONCE(e->check, key ^ stamp);
}

/* Takes the flow's own entry, else a free one, else the one it is looked for first. */
static noinline bool put(struct zonefw_vcache *c, u64 key, const struct zonefw_stamp *st)
{
	u64 stamp = zonefw_vc_pack(st);
	u32 first = zonefw_vc_first(key), i;
	struct zonefw_ventry *e = NULL, *free = NULL;

	for (i = 0; i < ZONEFW_VC_WAYS; i++) {
		u64 check;

		e = &c->way[zonefw_vc_next(first, i)];
		check = READ_ONCE(e->check);
		if (check && (check ^ READ_ONCE(e->stamp)) == key)
			break;
		if (!check && !free)
			free = e;
	}
	if (i == ZONEFW_VC_WAYS)
		e = free ?: &c->way[first];
	write(e, key, stamp, st);
	return i == ZONEFW_VC_WAYS && !free;
}

/**
 * zonefw_vcache_enter() - remember that the policy let a flow in
 * @c: cache
 * @ct: the flow
 * @st: by which policy, through which cell, by which rule
 *
 * Return: whether another flow lost its entry.
 */
bool zonefw_vcache_enter(struct zonefw_vcache *c, const struct nf_conn *ct,
			 const struct zonefw_stamp *st)
{
	return put(c, key_of(c, ct), st);
}

/**
 * zonefw_vcache_begin() - likewise of a flow that conntrack has not confirmed: it has no entry yet
 * @c: cache
 * @key: the flow's, see zonefw_vc_key()
 * @st: by which policy, through which cell, by which rule
 *
 * An entry that an earlier flow of the same key has left stands behind this one, or goes.
 *
 * Return: whether another flow lost its entry.
 */
bool zonefw_vcache_begin(struct zonefw_vcache *c, u64 key, const struct zonefw_stamp *st)
{
	struct zonefw_ventry *e = &c->way[zonefw_vc_first(key)];

	if (unlikely(READ_ONCE(e->check)))
		return put(c, key, st);
	write(e, key, zonefw_vc_pack(st), st);
	return false;
}

/**
 * zonefw_vcache_quicken() - let the short way take a flow
 * @c: cache
 * @ct: a flow that zonefw_vcache_find() knows
 * @way: see zonefw_fast_way()
 */
void zonefw_vcache_quicken(struct zonefw_vcache *c, const struct nf_conn *ct, u64 way)
{
	u64 key = key_of(c, ct), stamp;
	struct zonefw_ventry *e = own(c, key, &stamp);

	if (e && READ_ONCE(e->quick) != (key ^ stamp ^ way))
		WRITE_ONCE(e->quick, key ^ stamp ^ way);
}

/**
 * zonefw_vcache_worth() - count a packet of a flow that may be offloaded
 * @c: cache
 * @ct: a flow that zonefw_vcache_find() knows
 * @dir: the packet's direction
 *
 * Return: true with every eighth packet: the flow table is to learn the direction.
 */
bool zonefw_vcache_worth(struct zonefw_vcache *c, const struct nf_conn *ct, u8 dir)
{
	u64 stamp;
	struct zonefw_ventry *e = own(c, key_of(c, ct), &stamp);

	return e && zonefw_vc_worth(e, dir);
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
	u64 key = key_of(c, ct), stamp;
	struct zonefw_ventry *e = own(c, key, &stamp);

	return e && (READ_ONCE(e->epoch) ^ (u32)key) == epoch;
}

/**
 * zonefw_vcache_peek() - a flow's stamp, for the control plane
 * @c: cache
 * @ct: the flow
 * @gen: generation it must be of
 * @st: out: generation, cell and slot
 *
 * Return: true if there is one.
 */
bool zonefw_vcache_peek(struct zonefw_vcache *c, const struct nf_conn *ct, u32 gen,
			struct zonefw_stamp *st)
{
	u64 stamp;

	if (!own(c, key_of(c, ct), &stamp) || !zonefw_vc_of_gen(stamp, gen))
		return false;
	st->gen = gen;
	st->cell = stamp;
	st->slot = zonefw_vc_slot(stamp);
	return true;
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
	u32 i;

	rcu_read_lock();
	c = READ_ONCE(zn->vcache);
	stats[ZONEFW_S_CACHE_SIZE] = c ? ZONEFW_VC_SIZE : 0;
	for (i = 0; c && i < ZONEFW_VC_SIZE; i++)
		stats[ZONEFW_S_CACHE_USED] += !!READ_ONCE(c->way[i].check);
	rcu_read_unlock();
}
