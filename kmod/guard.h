/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_GUARD_H
#define ZONEFW_GUARD_H
#include "zonefw.h"

void zonefw_guard_init(struct zonefw_ns *zn);
int zonefw_guard_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p);
void zonefw_guard_settle(struct zonefw_ns *zn, const struct zonefw_policy *p);

#endif
