/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_ACTION_H
#define ZONEFW_ACTION_H
#include "zonefw.h"

/* One packet on its way through a hook. */
struct zonefw_pkt {
	struct zonefw_ns *zn;
	const struct zonefw_policy *p;
	const struct zonefw_devs *devs;	/* those in force before the zones were looked up, or NULL */
	u64 changes;	/* zonefw_changes() before zones and rules were asked; with @devs */
	struct sk_buff *skb;
	const struct nf_hook_state *st;
	struct zonefw_key key;
	u16 from, to;
	int dev;	/* device of the outer side: ingress, or egress of our own */
	u32 rule;	/* deciding rule's id, or 0 */
	bool logged;	/* listeners know of it already */
};

unsigned int zonefw_refuse(const struct zonefw_pkt *k, u8 action, u32 arg, u8 reason);
void zonefw_log(const struct zonefw_pkt *k, const char *prefix, u32 rule, u8 action, u8 reason);
#endif
