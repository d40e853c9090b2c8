/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_FORK_H
#define ZONEFW_FORK_H
#include "zonefw.h"

struct zonefw_policy *zonefw_policy_fork(struct zonefw_policy *old, u32 room);
struct zonefw_rule *zonefw_rule_get(struct zonefw_rule *r);
int zonefw_rule_find(const struct zonefw_policy *p, u32 id, const char *name);
void zonefw_rule_insert(struct zonefw_policy *p, u32 at, struct zonefw_rule *r);
struct zonefw_rule *zonefw_rule_take(struct zonefw_policy *p, u32 at);

#endif
