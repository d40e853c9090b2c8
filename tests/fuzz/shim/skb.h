/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the packet reader needs of the kernel, for user space: a packet of two
 * parts, of which only the first lies in one piece. An access beyond the
 * first part is one beyond its allocation, so the sanitizer sees it.
 */
#ifndef ZONEFW_SHIM_SKB_H
#define ZONEFW_SHIM_SKB_H
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include "core/port.h"

#define IP_OFFSET	0x1fff
#define NEXTHDR_HOP	0
#define NEXTHDR_ROUTING	43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_AUTH	51
#define NEXTHDR_DEST	60

struct net { int none; };
struct net_device { char name[16]; u16 type; };
struct parm { int iif; };
struct sk_buff { const u8 *head, *rest; int headlen, len, mac; u32 mark; struct parm cb; };
struct nf_hook_state { u8 pf; struct net_device *in, *out; struct net *net; };

#define IPCB(skb)	(&(skb)->cb)
#define IP6CB(skb)	(&(skb)->cb)

static inline int skb_network_offset(const struct sk_buff *skb) { (void)skb; return 0; }
static inline bool skb_mac_header_was_set(const struct sk_buff *skb) { return skb->mac; }
static inline int skb_mac_header_len(const struct sk_buff *skb) { return skb->mac; }
static inline struct ethhdr *eth_hdr(const struct sk_buff *skb) { return (struct ethhdr *)(skb->head - skb->mac); }
static inline struct iphdr *ip_hdr(const struct sk_buff *skb) { return (struct iphdr *)skb->head; }
static inline struct ipv6hdr *ipv6_hdr(const struct sk_buff *skb) { return (struct ipv6hdr *)skb->head; }

static inline u8 ipv6_get_dsfield(const struct ipv6hdr *h)
{
	u16 first;

	memcpy(&first, h, 2);
	return ntohs(first) >> 4;
}

static inline void *skb_header_pointer(const struct sk_buff *skb, int off, int len, void *buf)
{
	int in_head = skb->headlen - off;

	if (in_head >= len)
		return (void *)(skb->head + off);
	if (off < 0 || len > skb->len - off)
		return NULL;
	if (in_head < 0)
		in_head = 0;
	memcpy(buf, skb->head + off, in_head);
	memcpy((u8 *)buf + in_head, skb->rest + (off + in_head - skb->headlen), len - in_head);
	return buf;
}

/* no VRF stands before these packets */
static inline bool netif_is_l3_master(const struct net_device *dev) { (void)dev; return false; }
static inline struct net_device *dev_get_by_index_rcu(struct net *net, int index)
{
	(void)net; (void)index;
	return NULL;
}

struct nf_conntrack_tuple {
	struct { union { u8 all[16]; } u3; union { __be16 all; struct { u8 type, code; } icmp; } u; u16 l3num; } src;
	struct { union { u8 all[16]; } u3; union { __be16 all; struct { u8 type, code; } icmp; } u; u8 protonum; } dst;
};
struct nf_conn { struct { struct nf_conntrack_tuple tuple; } tuplehash[2]; };
#define IP_CT_DIR_ORIGINAL	0
#define IP_CT_DIR_REPLY		1
#endif
