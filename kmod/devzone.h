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

#define ZONEFW_QUICK	256

/**
 * struct zonefw_devs - devices and, for the short ways, what they need of their policy
 * @salt: of this table and no other
 * @cells: counters by cell: from * nz + to
 * @mirror: those of the cell the other way round
 * @keep: bits of skb->mark that are not the tag's
 * @mask: of @slot
 * @live: verdicts of some cell may change under the policy
 * @p: the policy
 * @quick: a device that is in one zone whatever the address, at the low bits of its ifindex; 0: none
 * @tag: its tag in skb->mark
 * @guard: the device again, if its zone has rules for early drop
 * @zone: its zone
 * @first: by cell, for the short way of first packets: the cell, or NULL: none; see first.c
 */
struct zonefw_devs {
	u64 salt;
	struct zonefw_count __percpu **cells, **mirror;
	struct zonefw_rule **rules;
	u32 keep, mask;
	bool live;
	const struct zonefw_policy *p;
	struct rcu_head rcu;
	u32 quick[ZONEFW_QUICK], tag[ZONEFW_QUICK];
	u32 guard[ZONEFW_QUICK];
	u8 zone[ZONEFW_QUICK];
	const struct zonefw_cell **first;
	struct zonefw_dev slot[];
};

struct zonefw_dev *zonefw_dev_slot(struct zonefw_devs *t, int ifindex);
void zonefw_devs_init(struct zonefw_ns *zn);
void zonefw_devs_exit(struct zonefw_ns *zn);
int zonefw_devs_update(struct zonefw_ns *zn, struct zonefw_policy *p);
u16 zonefw_zone_of(const struct zonefw_policy *p, int ifindex, u8 family, const u8 *addr);
u16 zonefw_home_of(const struct zonefw_policy *p, int ifindex, u8 family, const u8 *addr);
bool zonefw_dev_named(const struct zonefw_policy *p, int ifindex, u16 zone);
bool zonefw_dev_zoned(const struct zonefw_policy *p, int ifindex);
extern struct notifier_block zonefw_netdev_nb;

/* spoof.c */
bool zonefw_martian(u8 family, const u8 *src);
bool zonefw_antispoof(const struct zonefw_policy *p, u16 zone, const struct net_device *dev,
		      u8 family, const u8 *src);
bool zonefw_spoofed(struct net *net, const struct zonefw_policy *p, u16 zone,
		    const struct net_device *dev, u8 family, const u8 *src);

#endif
