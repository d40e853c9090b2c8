/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_DROPS_H
#define ZONEFW_DROPS_H
#include "zonefw.h"

struct nf_conn;
struct zonefw_pkt;
struct zonefw_drops;

#define ZONEFW_DROPS	1024	/* entries of the ring; also how many are taken a second */

/* One refused packet. Names, not numbers: a later policy may number its zones anew. */
struct zonefw_drop {
	u64 when;		/* ns since 1970 */
	u32 rule;		/* deciding rule's id, or 0 */
	u8 action, reason;
	char from[ZONEFW_NAME_MAX + 1], to[ZONEFW_NAME_MAX + 1];	/* empty: unknown or none */
	char in[ZONEFW_DEVNAME], out[ZONEFW_DEVNAME];
	struct zonefw_key key;	/* in and out are not used */
};

struct zonefw_drops *zonefw_drops_alloc(void);
void zonefw_drops_free(struct zonefw_drops *d);
void zonefw_drops_record(const struct zonefw_pkt *k, const struct nf_conn *ct, u8 action, u8 reason);
u64 zonefw_drops_head(struct zonefw_drops *d);
bool zonefw_drops_read(struct zonefw_drops *d, u64 *seq, struct zonefw_drop *out);
#endif
