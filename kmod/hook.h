/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_HOOK_H
#define ZONEFW_HOOK_H
#include "zonefw.h"
int zonefw_hooks_register(struct net *net);
void zonefw_hooks_unregister(struct net *net);
int zonefw_real_iif(const struct sk_buff *skb, const struct nf_hook_state *st);
bool zonefw_on_loopback(const struct sk_buff *skb, const struct nf_hook_state *st);
#endif
