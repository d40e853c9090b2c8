/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that nobody asks: a rule whose boxes are exact (table.h) is found by them, and
 * what is left of it is what it was sent as, for who reads the policy or compiles it anew.
 *
 * Such rules lie on shelves, each a rule's head and its bytes, written as their difference
 * from those of the shelf's first rule: rules in a row are much alike. All rules of a
 * shelf stand between the same zones, and live as long as one of them does.
 *
 * The difference is a list of steps: so many bytes as they stand here, then so many of the
 * first rule, from where the step before ended, both counted on, or a signed shift from there.
 */
#ifndef ZONEFW_PACK_H
#define ZONEFW_PACK_H

#include "model.h"

#define ZONEFW_PACK_BYTES	512u	/* longest rule that is packed, as it was sent */

/**
 * struct zonefw_shelf - packed rules
 * @ref: of all its rules
 * @bytes: all of it
 * @protocols: of all its rules together, see zonefw_early_protocols()
 * @like: never in a policy: the zones of all its rules, and the bytes they are held against
 */
struct zonefw_shelf {
	refcount_t ref;
	u32 bytes;
	u8 protocols;
	struct zonefw_rule like;
	u8 data[];			/* bytes of @like, then the rules, each aligned as a rule is */
};

#define ZONEFW_HEAD	offsetof(struct zonefw_rule, ref)

static inline struct zonefw_shelf *zonefw_shelf_of(const struct zonefw_rule *r)
{
	return (struct zonefw_shelf *)((u8 *)r - 8 * r->back);
}

/* A rule between the same zones that has its lists of them. */
static inline const struct zonefw_rule *zonefw_rule_like(const struct zonefw_rule *r)
{
	return r->packed ? &zonefw_shelf_of(r)->like : r;
}

/* A packed rule does not log and is not live: nothing is asked of it. */
static inline struct zonefw_live *zonefw_rule_live(const struct zonefw_rule *r)
{
	return r->packed ? NULL : r->live;
}

static inline const char *zonefw_rule_log(const struct zonefw_rule *r)
{
	return r->packed ? NULL : r->log;
}

/* What a rule is held against; made once for many. */
struct zonefw_packing {
	const u8 *like;
	u32 n;
	u16 at[256];		/* by a hash of four bytes: where they stand + 1 */
};

void zonefw_packing_init(struct zonefw_packing *k, const u8 *like, u32 n);
u32 zonefw_pack(const struct zonefw_packing *k, const u8 *in, u32 n, u8 *out, u32 room);
void zonefw_unpack(const u8 *like, const u8 *in, u32 n, u8 *out);

#endif
