/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_VCACHE_H
#define ZONEFW_VCACHE_H
#include <linux/hash.h>
#include <net/netfilter/nf_conntrack.h>
#include "zonefw.h"

#define ZONEFW_VC_BITS	14	/* 16384 sets, 65536 flows, 1 MiB */
#define ZONEFW_VC_WAYS	4
#define ZONEFW_VC_GEN	0xffffffu
#define ZONEFW_VC_LIVE	0x800000u	/* more than all slots: not by the short way */

/* @check is key ^ stamp, so that an entry torn between two writers is a miss. */
struct zonefw_ventry { u64 check, stamp; };
struct zonefw_vset { struct zonefw_ventry way[ZONEFW_VC_WAYS]; } __aligned(64);

struct zonefw_vcache {
	u64 seed, factor;
	struct zonefw_vset set[];
};

/* What the policy said of a flow; fits 64 bits. */
struct zonefw_stamp {
	u32 gen;	/* 24 bits */
	u8 from, to;	/* zones of the original direction */
	u32 slot;	/* 23 bits: deciding rule's index + 1, 0: the default */
	bool live;	/* the epoch counts, too */
	u32 epoch;	/* see epoch.c; kept beside the stamp */
};

enum zonefw_hit { ZONEFW_MISS, ZONEFW_HIT, ZONEFW_OTHER_ZONES };

struct zonefw_vcache *zonefw_vcache_alloc(void);
void zonefw_vcache_free(struct zonefw_vcache *c);
void zonefw_vcache_clear(struct zonefw_vcache *c);
enum zonefw_hit zonefw_vcache_find(struct zonefw_vcache *c, const struct nf_conn *ct,
				   u32 gen, u16 from, u16 to, u32 *slot);
bool zonefw_vcache_peek(struct zonefw_vcache *c, const struct nf_conn *ct, u32 gen,
			struct zonefw_stamp *st);
bool zonefw_vcache_enter(struct zonefw_vcache *c, const struct nf_conn *ct,
			 const struct zonefw_stamp *s);
bool zonefw_vcache_fresh(struct zonefw_vcache *c, const struct nf_conn *ct, u32 epoch);
void zonefw_cache_stats(const struct zonefw_ns *zn, u64 *stats);

static inline u64 zonefw_vc_hash(const struct zonefw_vcache *c, const struct nf_conn *ct)
{
	return ((unsigned long)ct ^ c->seed) * GOLDEN_RATIO_64;
}

static inline const struct zonefw_vset *zonefw_vc_set(const struct zonefw_vcache *c, u64 hash)
{
	return &c->set[hash >> (64 - ZONEFW_VC_BITS)];
}

/* Which of a set's ways an entry goes to first. */
static inline u32 zonefw_vc_way(u64 key)
{
	return key & (ZONEFW_VC_WAYS - 1);
}

/* The conntrack entry's address and the original tuple, multiplied into 64 bits by a
 * secret factor: an entry left by another flow of the same address does not fit.
 */
static inline u64 zonefw_vc_key(const struct zonefw_vcache *c, const struct nf_conn *ct,
				u64 hash, bool v6)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u64 a = (u64)(__force u32)t->dst.u3.ip << 32 |
		(u32)t->src.l3num << 16 | (__force u16)t->src.u.all;
	u64 b = (u64)(__force u32)t->src.u3.ip << 32 |
		(u32)t->dst.protonum << 16 | (__force u16)t->dst.u.all;

	hash = (hash + a) * c->factor + b;
	if (v6) {
		const __be32 *s = t->src.u3.ip6, *d = t->dst.u3.ip6;

		hash = (hash ^ hash >> 32) * c->factor;
		hash += (u64)(__force u32)s[1] << 32 | (__force u32)s[2];
		hash = (hash ^ hash >> 32) * c->factor;
		hash += (u64)(__force u32)s[3] << 32 | (__force u32)d[1];
		hash = (hash ^ hash >> 32) * c->factor;
		hash += (u64)(__force u32)d[2] << 32 | (__force u32)d[3];
	}
	return hash;
}

/* What a current stamp has above its slot. */
static inline u64 zonefw_vc_expect(u32 gen, u8 from, u8 to)
{
	return (u64)(gen & ZONEFW_VC_GEN) << 16 | (u32)from << 8 | to;
}

/* The short way's look: the first way of the set only. */
static inline bool zonefw_vcache_known(const struct zonefw_vcache *c, const struct nf_conn *ct,
				       bool v6, u64 expect, u32 *slot)
{
	u64 hash = zonefw_vc_hash(c, ct), key = zonefw_vc_key(c, ct, hash, v6);
	const struct zonefw_ventry *e = &zonefw_vc_set(c, hash)->way[zonefw_vc_way(key)];
	u64 stamp = READ_ONCE(e->stamp);

	*slot = stamp & 0xffffff;
	return (READ_ONCE(e->check) ^ stamp) == key && stamp >> 24 == expect;
}

#endif
