/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_EPOCH_H
#define ZONEFW_EPOCH_H
#include <linux/bitops.h>
#include "zonefw.h"

struct nf_conn;

int zonefw_epoch_init(struct zonefw_ns *zn);
void zonefw_epoch_bump(struct zonefw_ns *zn, u8 family, u8 len, const u8 *addr);
void zonefw_epoch_bump_all(struct zonefw_ns *zn);
void zonefw_changes_move(struct zonefw_ns *zn);
u32 zonefw_epoch_of(const struct zonefw_ns *zn, const struct nf_conn *ct,
		    const atomic_t *host[ZONEFW_EPOCH_HOSTS]);
u32 zonefw_epoch(const struct zonefw_ns *zn, const struct nf_conn *ct);

/* An address, and what else stands in the upper half of @h, spread by a secret factor: the top bits are the best. */
static inline u64 zonefw_addr_spread(u64 h, u8 family, const void *addr, u64 factor)
{
	const u32 *w = addr;

	h = (h | w[0]) * factor;
	if (family == 6) {
		h = (rol64(h, 32) + w[1]) * factor;
		h = (rol64(h, 32) + w[2]) * factor;
		h = (rol64(h, 32) + w[3]) * factor;
	}
	return h;
}

/**
 * zonefw_changes() - the word that every change moves
 * @zn: namespace
 *
 * Return: it, to be read before epochs and rules are.
 */
static inline u64 zonefw_changes(const struct zonefw_ns *zn)
{
	u64 word = atomic64_read(&zn->changes);

	smp_rmb();	/* see the order in epoch.c */
	return word;
}

#endif
