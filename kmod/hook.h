/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_HOOK_H
#define ZONEFW_HOOK_H
#include "zonefw.h"
int zonefw_hooks_register(struct net *net);
void zonefw_hooks_unregister(struct net *net);
#endif
