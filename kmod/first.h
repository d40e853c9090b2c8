/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_FIRST_H
#define ZONEFW_FIRST_H
#include <linux/ip.h>
#include <linux/ipv6.h>
#include "zonefw.h"

unsigned int zonefw_first4(struct zonefw_ns *zn, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_first6(struct zonefw_ns *zn, struct sk_buff *skb, const struct nf_hook_state *st);
const struct zonefw_cell *zonefw_first_cell(const struct zonefw_policy *p,
					    const struct zonefw_cell *cell);

/* Surely no martian, and no extension header: 0::/8 holds loopback and the IPv4-mapped ones. */
static inline bool zonefw_fine6(const struct ipv6hdr *ih)
{
	return (ih->nexthdr == NEXTHDR_TCP || ih->nexthdr == NEXTHDR_UDP) &&
	       ih->saddr.s6_addr[0] - 1u < 0xfe;
}

/* Surely no martian, and no options. */
static inline bool zonefw_fine4(const struct iphdr *ih)
{
	/* first bytes of sources; 0.0.0.0 is one that zonefw_martian() tells */
	static const u8 fine[256] = { [1 ... 126] = 1, [128 ... 223] = 1 };

	return *(const u8 *)ih == 0x45 && fine[*(const u8 *)&ih->saddr];
}

#endif
