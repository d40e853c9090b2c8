/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_HOOK_H
#define ZONEFW_HOOK_H
#include "zonefw.h"
int zonefw_hooks_register(struct zonefw_ns *zn);
void zonefw_hooks_unregister(struct zonefw_ns *zn);
int zonefw_ingress_register(struct zonefw_ns *zn);
void zonefw_ingress_unregister(struct zonefw_ns *zn);
unsigned int zonefw_filter(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_ingress(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
int zonefw_real_iif(const struct sk_buff *skb, const struct nf_hook_state *st);
bool zonefw_on_loopback(const struct sk_buff *skb, const struct nf_hook_state *st);
#endif
