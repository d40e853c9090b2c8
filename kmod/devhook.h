/* SPDX-License-Identifier: GPL-2.0 */
/* One ingress hook on each device that a policy wants it on; see devhook.c. */
#ifndef ZONEFW_DEVHOOK_H
#define ZONEFW_DEVHOOK_H
#include <linux/netfilter.h>
#include <linux/xarray.h>

struct zonefw_ns;
struct zonefw_policy;

/**
 * struct zonefw_devhooks - a hook, and the devices it is on; under zonefw_ns.lock
 * @hook: called with @priv, in the order of @priority
 * @wants: is the hook to be on this device? Asked with rtnl held
 * @devs: those it is on
 * @at: likewise, by index of the device
 */
struct zonefw_devhooks {
	nf_hookfn *hook;
	void *priv;
	int priority;
	bool (*wants)(const struct zonefw_policy *p, const struct net_device *dev);
	struct list_head devs;
	struct xarray at;
};

void zonefw_devhooks_init(struct zonefw_devhooks *h, nf_hookfn *hook, void *priv, int priority,
			  bool (*wants)(const struct zonefw_policy *p, const struct net_device *dev));
int zonefw_devhooks_add(struct zonefw_ns *zn, struct zonefw_devhooks *h,
			const struct zonefw_policy *p);
void zonefw_devhooks_trim(struct zonefw_ns *zn, struct zonefw_devhooks *h,
			  const struct zonefw_policy *p);

#endif
