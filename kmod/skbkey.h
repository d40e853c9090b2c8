/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_SKBKEY_H
#define ZONEFW_SKBKEY_H
#include "core/model.h"

struct sk_buff;
struct nf_hook_state;
struct nf_conn;

enum zonefw_parse { ZONEFW_PARSED, ZONEFW_BROKEN, ZONEFW_SOURCE_ROUTED };

enum zonefw_parse zonefw_skb_key(struct sk_buff *skb, const struct nf_hook_state *st,
				 struct zonefw_key *k);
const u8 *zonefw_skb_plain(const struct sk_buff *skb, const struct nf_hook_state *st);
bool zonefw_ct_key(const struct nf_conn *ct, const struct zonefw_key *pkt, bool reply,
		   struct zonefw_key *k);
#endif
