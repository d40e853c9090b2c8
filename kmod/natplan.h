/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_NATPLAN_H
#define ZONEFW_NATPLAN_H
#include "zonefw.h"

int zonefw_natplan_begin(struct zonefw_policy *p);
int zonefw_natplan_end(struct zonefw_policy *p);
void zonefw_natplan_free(struct zonefw_policy *p);
#endif
