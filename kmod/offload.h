/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_OFFLOAD_H
#define ZONEFW_OFFLOAD_H
#include "zonefw.h"

struct nf_conn;

int zonefw_offload_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p);
void zonefw_offload_settle(struct zonefw_ns *zn, const struct zonefw_policy *p);
void zonefw_offload_stale(struct zonefw_ns *zn);
void zonefw_offload_learn(const struct zonefw_ns *zn, const struct sk_buff *skb,
			  const struct nf_hook_state *st);
u32 zonefw_offload_flows(const struct zonefw_ns *zn);
bool zonefw_offload_has(const struct zonefw_ns *zn, const struct nf_conn *ct);
#endif
