/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_MSS_H
#define ZONEFW_MSS_H
struct nf_hook_state;
struct sk_buff;
void zonefw_mss_clamp(struct sk_buff *skb, const struct nf_hook_state *st);
#endif
