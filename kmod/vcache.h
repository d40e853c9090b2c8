/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_VCACHE_H
#define ZONEFW_VCACHE_H
#include <linux/bitops.h>
#include <net/netfilter/nf_conntrack.h>
#include "zonefw.h"

#define ZONEFW_VC_BITS	14	/* 16384 sets, 65536 flows, 2 MiB */
#define ZONEFW_VC_WAYS	4
#define ZONEFW_VC_SIZE	(ZONEFW_VC_WAYS << ZONEFW_VC_BITS)

/**
 * struct zonefw_ventry - a flow
 * @check: key ^ stamp, so that an entry torn between two writers is a miss
 * @stamp: see zonefw_vc_pack()
 * @quick: key ^ stamp ^ way: see zonefw_fast_way()
 * @epoch: see epoch.c; mixed with the key
 * @seen: packets of each direction, while the flow table has not learned it; see offload.c
 */
struct zonefw_ventry {
	u64 check, stamp, quick;
	u32 epoch;
	u8 seen[IP_CT_DIR_MAX];
} __aligned(32);

#define ZONEFW_CLEAN_BITS	12

/**
 * struct zonefw_vcache - flows, and sources that no early rule is about
 * @clean: word of a source, see early.c; lossy, too
 */
struct zonefw_vcache {
	struct zonefw_ventry way[ZONEFW_VC_SIZE];	/* first: no offset to add */
	u64 factor;
	u64 clean[1u << ZONEFW_CLEAN_BITS];
};

/* What the policy said of a flow. */
struct zonefw_stamp {
	u32 gen;	/* 24 bits */
	u16 cell;	/* of the original direction: from * nz + to */
	u32 slot;	/* 22 bits: deciding rule's index + 1, 0: the default */
	bool offloads;	/* the cell does */
	u32 epoch;	/* see epoch.c */
	u64 way;	/* see zonefw_fast_way() */
};

enum zonefw_hit { ZONEFW_MISS, ZONEFW_HIT, ZONEFW_OTHER_ZONES };

struct zonefw_vcache *zonefw_vcache_alloc(void);
void zonefw_vcache_free(struct zonefw_vcache *c);
void zonefw_vcache_clear(struct zonefw_vcache *c);
enum zonefw_hit zonefw_vcache_find(struct zonefw_vcache *c, const struct nf_conn *ct,
				   u32 gen, u16 cell, u32 *slot);
bool zonefw_vcache_peek(struct zonefw_vcache *c, const struct nf_conn *ct, u32 gen,
			struct zonefw_stamp *st);
bool zonefw_vcache_begin(struct zonefw_vcache *c, u64 key, const struct zonefw_stamp *st);
bool zonefw_vcache_enter(struct zonefw_vcache *c, const struct nf_conn *ct,
			 const struct zonefw_stamp *st);
bool zonefw_vcache_fresh(struct zonefw_vcache *c, const struct nf_conn *ct, u32 epoch);
bool zonefw_vcache_worth(struct zonefw_vcache *c, const struct nf_conn *ct, u8 dir);
void zonefw_vcache_quicken(struct zonefw_vcache *c, const struct nf_conn *ct, u64 way);
void zonefw_cache_stats(const struct zonefw_ns *zn, u64 *stats);

/* The conntrack entry's address and the original tuple, brought into 64 bits by a secret: an
 * entry that another flow of the same address left does not fit. The secret stands inside the
 * product: were it only a factor of the sum, who picks addresses as far apart as two entries
 * lie would get one key for two flows. Words that lie side by side are taken as one; what an
 * IPv4 address leaves unused is zero.
 */
static __always_inline u64 zonefw_vc_key(const struct zonefw_vcache *c, const struct nf_conn *ct,
					 bool v6)
{
	const u8 *t = (const u8 *)&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u64 h = get_unaligned((const u64 *)(t + 16));	/* source port, family, destination */

	BUILD_BUG_ON(offsetof(struct nf_conntrack_tuple, src.u) != 16);
	BUILD_BUG_ON(offsetof(struct nf_conntrack_tuple, dst.u3) != 20);
	BUILD_BUG_ON(offsetof(struct nf_conntrack_tuple, dst.u) != 36);
	h = (h + c->factor) * ((unsigned long)ct + 1);	/* odd, as entries are aligned */
	h += get_unaligned((const u64 *)t);		/* source */
	h += get_unaligned((const u64 *)(t + 32));	/* destination port, protocol */
	if (v6) {
		h = rol64(h * c->factor, 32) + get_unaligned((const u64 *)(t + 8));
		h = rol64(h * c->factor, 32) + get_unaligned((const u64 *)(t + 24));
	} else {
		h *= c->factor;		/* the top bits choose the set */
	}
	return h;
}

#define ZONEFW_VC_SLOT		40
#define ZONEFW_VC_OFFLOADS	(1u << 22)	/* above the slot */
#define ZONEFW_VC_RARE		(1u << 23)	/* above that: the cell offloads, or no rule has decided */

/* A stamp: the slot on top and the cell below, so that each is taken out with ease. */
static inline u64 zonefw_vc_pack(const struct zonefw_stamp *s)
{
	u32 top = s->slot ?: ZONEFW_VC_RARE;

	if (s->offloads)
		top |= ZONEFW_VC_OFFLOADS | ZONEFW_VC_RARE;
	return (u64)top << ZONEFW_VC_SLOT | (u64)(s->gen & 0xffffff) << 16 | s->cell;
}

static inline u32 zonefw_vc_slot(u64 stamp)
{
	BUILD_BUG_ON(ZONEFW_RULES_MAX + 1 >= ZONEFW_VC_OFFLOADS);
	return stamp >> ZONEFW_VC_SLOT & (ZONEFW_VC_OFFLOADS - 1);
}

static inline bool zonefw_vc_offloads(u64 stamp)
{
	return stamp >> ZONEFW_VC_SLOT & ZONEFW_VC_OFFLOADS;
}

/* A rule has decided, and the cell does not offload: nothing stands above the slot. */
static inline bool zonefw_vc_usual(u64 stamp)
{
	return (s64)stamp >= 0;
}

static inline bool zonefw_vc_of_gen(u64 stamp, u32 gen)
{
	return ((stamp >> 16 ^ gen) & 0xffffff) == 0;
}

#define ZONEFW_VC_WORTH	8	/* packets of one direction before the flow table learns it */

/* Counts a packet of a flow that may be offloaded, now and then in vain; true with every eighth. */
static inline bool zonefw_vc_worth(struct zonefw_ventry *e, u8 dir)
{
	u8 n = READ_ONCE(e->seen[dir]) + 1;

	WRITE_ONCE(e->seen[dir], n % ZONEFW_VC_WORTH);
	return n >= ZONEFW_VC_WORTH;
}

/* Which of its set's ways an entry goes to first. */
static inline u32 zonefw_vc_first(u64 key)
{
	return key >> (64 - ZONEFW_VC_BITS - 2);
}

/* The others of the set, in turn. */
static inline u32 zonefw_vc_next(u32 first, u32 i)
{
	return first ^ i;
}

#endif
