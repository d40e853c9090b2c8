/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_VCACHE_H
#define ZONEFW_VCACHE_H
#include "zonefw.h"

struct nf_conn;

/* What the policy said of a flow; fits 64 bits. */
struct zonefw_stamp {
	u32 gen;	/* 24 bits */
	u8 from, to;	/* zones of the original direction */
	u32 slot;	/* 24 bits: deciding rule's index + 1, 0: the default */
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
#endif
