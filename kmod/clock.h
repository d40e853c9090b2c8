/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_CLOCK_H
#define ZONEFW_CLOCK_H
#include "zonefw.h"

void zonefw_clock_init(struct zonefw_ns *zn);
void zonefw_clock_start(struct zonefw_ns *zn, struct zonefw_policy *p);
void zonefw_clock_stop(struct zonefw_ns *zn);

#endif
