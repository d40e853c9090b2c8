/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_CANDIDATE_H
#define ZONEFW_CANDIDATE_H
#include "zonefw.h"

int zonefw_candidate_keep(struct zonefw_ns *zn, u32 portid, struct zonefw_policy *p,
			  struct netlink_ext_ack *extack);
struct zonefw_policy *zonefw_candidate_get(struct zonefw_ns *zn, u32 portid);
void zonefw_candidates_exit(struct zonefw_ns *zn);
extern struct notifier_block zonefw_netlink_nb;
#endif
