/* SPDX-License-Identifier: GPL-2.0 */
/* The walk over a namespace's connections; included by zonefw.h. */
#ifndef ZONEFW_SWEEP_H
#define ZONEFW_SWEEP_H
#include <linux/workqueue.h>

struct zonefw_ns;
struct zonefw_policy;

/* Where a walk over the connections of a namespace stands. */
struct zonefw_walk {
	u32 bucket, skip;
};

/* The walk that ends connections which lost their permission; see sweep.c */
struct zonefw_sweep {
	struct delayed_work work;
	struct zonefw_walk at;
	struct zonefw_policy *before;	/* whose stamps still tell a flow's zones */
	bool same;			/* by numbers that mean the same now */
	unsigned long state;
};

void zonefw_sweep_init(struct zonefw_ns *zn);
void zonefw_sweep_exit(struct zonefw_ns *zn);
void zonefw_sweep_start(struct zonefw_ns *zn, struct zonefw_policy *before);
void zonefw_sweep_soon(struct zonefw_ns *zn);
u32 zonefw_sweep_progress(const struct zonefw_ns *zn);

#endif
