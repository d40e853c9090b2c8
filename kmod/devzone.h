/* SPDX-License-Identifier: GPL-2.0 */
/* Devices and their zones; included by zonefw.h. */
#ifndef ZONEFW_DEVZONE_H
#define ZONEFW_DEVZONE_H
#include <linux/rcupdate.h>

/* One device's candidates, best first; see devzone.c */
struct zonefw_dev {
	int ifindex;		/* 0: free slot */
	u16 plain;		/* the zone when no candidate has nets */
	bool nets;
	u8 rank[ZONEFW_ZONES_MAX + 1];	/* by zone: 0 no, 1 nets only, 2 group, 3 pattern, 4 exact */
};

/* A device for the short ways (fast.c): all its packets are in one zone. */
struct zonefw_quick {
	u32 ifindex;		/* 0: free */
	u32 tag;		/* in skb->mark */
	u16 zone;		/* not self */
	bool checked;		/* sources are checked (antispoof): not by the short way */
};

/* Devices and, in the first cache line, what the short ways need of their policy. */
struct zonefw_devs {
	struct zonefw_quick *quick;	/* by the low bits of ifindex */
	u32 quick_mask;
	u32 keep;			/* bits of skb->mark that are not the tag's */
	u32 gen, nrules;
	u16 nz;
	bool clamp, offload;
	struct zonefw_cell *cells;
	struct zonefw_rule **rules;
	u32 mask;
	struct rcu_head rcu;
	struct zonefw_dev slot[];
};

struct zonefw_dev *zonefw_dev_slot(struct zonefw_devs *t, int ifindex);
int zonefw_devs_update(struct zonefw_ns *zn, struct zonefw_policy *p);
u16 zonefw_zone_of(const struct zonefw_policy *p, int ifindex, u8 family, const u8 *addr);
bool zonefw_dev_named(const struct zonefw_policy *p, int ifindex, u16 zone);
bool zonefw_dev_zoned(const struct zonefw_policy *p, int ifindex);
extern struct notifier_block zonefw_netdev_nb;

#endif
