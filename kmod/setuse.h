/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_SETUSE_H
#define ZONEFW_SETUSE_H
#include "zonefw.h"

/**
 * struct zonefw_setuse - a set as one policy declares it
 * @set: the object, shared with the policy before if name and kind are the same
 * @fresh: the object is this policy's own: nobody sees it before the policy is in force
 * @filled: packets add to it
 * @max: 0: the default
 */
struct zonefw_setuse {
	struct zonefw_set *set;
	char name[ZONEFW_NAME_MAX + 1];
	bool port, fresh, filled;
	u32 timeout, max;
	void *blob;		/* struct nlattr as it came */
};

/* Members that the policy's text names: one attribute's worth. */
struct zonefw_elems {
	u32 use;		/* index into the policy's sets */
	u32 n, named;		/* named: how far zonefw_setuse_build() came */
	const struct zonefw_elem *e;
	void *blob;
};

int zonefw_setuse_find(const struct zonefw_policy *p, const char *name);
int zonefw_setuse_build(struct zonefw_ns *zn, struct zonefw_policy *p,
			const struct zonefw_policy *old, struct netlink_ext_ack *extack);
void zonefw_setuse_stage(const struct zonefw_policy *old, struct zonefw_policy *p);
void zonefw_setuse_settle(const struct zonefw_policy *old, const struct zonefw_policy *p);
void zonefw_setuse_free(struct zonefw_policy *p);

#endif
