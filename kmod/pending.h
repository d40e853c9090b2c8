/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_PENDING_H
#define ZONEFW_PENDING_H
#include "zonefw.h"

struct netlink_ext_ack;
struct sk_buff;

/* What a commit replaced: a policy, or none with the state that stood for it. */
struct zonefw_before {
	struct zonefw_policy *p;
	bool closed;
};

void zonefw_pending_init(struct zonefw_ns *zn);
void zonefw_pending_exit(struct zonefw_ns *zn);
int zonefw_pending_busy(const struct zonefw_ns *zn, struct netlink_ext_ack *extack);
struct zonefw_before zonefw_before_get(struct zonefw_ns *zn);
void zonefw_pending_start(struct zonefw_ns *zn, struct zonefw_before b, u32 seconds);
void zonefw_pending_drop(struct zonefw_ns *zn);
int zonefw_pending_confirm(struct zonefw_ns *zn, struct netlink_ext_ack *extack);
int zonefw_pending_rollback(struct zonefw_ns *zn, struct netlink_ext_ack *extack);
u32 zonefw_pending_left(const struct zonefw_ns *zn);
#endif
