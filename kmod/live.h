/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_LIVE_H
#define ZONEFW_LIVE_H
#include "zonefw.h"

struct zonefw_set;

/* A list of a rule that holds a set: one element or one set must match. */
struct zonefw_pick {
	const void *list;		/* struct zonefw_addr[] or u16[][2] */
	struct zonefw_set **set;	/* a reference each, from the build on */
	u16 *use;			/* their indexes into the policy's sets, until then */
	u16 n, nset;
};

enum { ZONEFW_PICK_SRC, ZONEFW_PICK_DST, ZONEFW_PICK_SPORT, ZONEFW_PICK_DPORT, ZONEFW_PICKS };

/**
 * struct zonefw_live - what a rule asks of the moment, not of the packet alone
 * @pick: lists with sets, by ZONEFW_PICK_*
 * @flags: ZONEFW_LIVE_*
 */
struct zonefw_live {
	struct zonefw_pick pick[ZONEFW_PICKS];
	u32 flags;
};

void zonefw_live_free(struct zonefw_live *l);
int zonefw_live_build(struct zonefw_policy *p);
bool zonefw_live_holds(const struct zonefw_rule *r, const struct zonefw_key *k);

#endif
