// SPDX-License-Identifier: GPL-2.0
/*
 * sk_buff to key: the facts of one packet, read only through bounded
 * accessors. Runs in every hook; no lock, no allocation, nothing is written
 * to the packet. Also the key of a flow's original direction, for packets
 * that come back.
 */
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "skbkey.h"

#define EXTHDR_MAX	8	/* headers followed; a longer chain is dropped */

static bool has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

static void l4_facts(struct sk_buff *skb, int off, struct zonefw_key *k)
{
	__be16 ports[2], *p;
	u8 icmp[2], *i;

	if (has_ports(k->proto)) {
		p = skb_header_pointer(skb, off, sizeof(ports), ports);
		if (!p)
			return;
		k->sport = ntohs(p[0]);
		k->dport = ntohs(p[1]);
		k->flags |= ZONEFW_K_PORTS;
	} else if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6) {
		i = skb_header_pointer(skb, off, sizeof(icmp), icmp);
		if (!i)
			return;
		k->type = i[0];
		k->code = i[1];
		k->flags |= ZONEFW_K_TYPE;
	}
}

/* RFC 791 options: a source route lets the sender choose the way. */
static enum zonefw_parse v4_options(struct sk_buff *skb, const struct iphdr *ih)
{
	u8 buf[40], *o;
	int n = ih->ihl * 4 - sizeof(*ih), i = 0;

	o = skb_header_pointer(skb, skb_network_offset(skb) + sizeof(*ih), n, buf);
	if (!o)
		return ZONEFW_BROKEN;
	while (i < n && o[i] != IPOPT_END) {
		if (o[i] == IPOPT_NOOP) {
			i++;
			continue;
		}
		if (o[i] == IPOPT_LSRR || o[i] == IPOPT_SSRR)
			return ZONEFW_SOURCE_ROUTED;
		if (i + 1 >= n || o[i + 1] < 2 || i + o[i + 1] > n)
			return ZONEFW_BROKEN;
		i += o[i + 1];
	}
	return ZONEFW_PARSED;
}

static enum zonefw_parse v4_key(struct sk_buff *skb, struct zonefw_key *k)
{
	struct iphdr buf, *ih;
	int nh = skb_network_offset(skb);
	enum zonefw_parse res = ZONEFW_PARSED;

	ih = skb_header_pointer(skb, nh, sizeof(buf), &buf);
	if (!ih || ih->version != 4 || ih->ihl < 5)
		return ZONEFW_BROKEN;
	k->family = 4;
	k->proto = ih->protocol;
	k->dscp = ih->tos >> 2;
	memcpy(k->src, &ih->saddr, 4);
	memcpy(k->dst, &ih->daddr, 4);
	if (ih->ihl > 5)
		res = v4_options(skb, ih);
	if (!(ih->frag_off & htons(IP_OFFSET)))
		l4_facts(skb, nh + ih->ihl * 4, k);
	return res;
}

/* RFC 5095: a type 0 routing header is an error wherever it stands. */
static bool v6_source_route(struct sk_buff *skb, int off)
{
	u8 h[4], *p = skb_header_pointer(skb, off, sizeof(h), h);

	return p && p[2] == 0 && p[3] != 0;
}

/* The chain of RFC 8200 4.1, with what conntrack passes over: its authentication header, too. */
static enum zonefw_parse v6_walk(struct sk_buff *skb, int off, struct zonefw_key *k)
{
	int n;

	for (n = 0; n <= EXTHDR_MAX; n++) {
		u8 h[4], *p;

		switch (k->proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_ROUTING:
		case NEXTHDR_DEST:
		case NEXTHDR_FRAGMENT:
		case NEXTHDR_AUTH:
			break;
		default:
			l4_facts(skb, off, k);
			return ZONEFW_PARSED;
		}
		p = skb_header_pointer(skb, off, sizeof(h), h);
		if (!p)
			return ZONEFW_BROKEN;
		if (k->proto == NEXTHDR_ROUTING && v6_source_route(skb, off))
			return ZONEFW_SOURCE_ROUTED;
		if (k->proto == NEXTHDR_FRAGMENT) {
			if ((p[2] << 8 | p[3]) & 0xfff8) {
				k->proto = p[0];
				return ZONEFW_PARSED;	/* what follows is payload */
			}
			off += 8;
		} else if (k->proto == NEXTHDR_AUTH) {
			off += (p[1] + 2) * 4;
		} else {
			off += (p[1] + 1) * 8;
		}
		k->proto = p[0];
	}
	return ZONEFW_BROKEN;
}

static enum zonefw_parse v6_key(struct sk_buff *skb, struct zonefw_key *k)
{
	struct ipv6hdr buf, *ih;
	int nh = skb_network_offset(skb);

	ih = skb_header_pointer(skb, nh, sizeof(buf), &buf);
	if (!ih || ih->version != 6)
		return ZONEFW_BROKEN;
	k->family = 6;
	k->proto = ih->nexthdr;
	k->dscp = ipv6_get_dsfield(ih) >> 2;
	memcpy(k->src, &ih->saddr, 16);
	memcpy(k->dst, &ih->daddr, 16);
	return v6_walk(skb, nh + sizeof(*ih), k);
}

/* Behind a VRF the port by which the packet came, or NULL when that has gone. */
static const struct net_device *in_of(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (!st->in || !netif_is_l3_master(st->in))
		return st->in;
	return dev_get_by_index_rcu(st->net, st->pf == NFPROTO_IPV4 ? IPCB(skb)->iif :
							       IP6CB(skb)->iif);
}

/**
 * zonefw_skb_key() - the facts of a packet
 * @skb: packet
 * @st: where the hook stands; its devices are the packet's
 * @k: out, complete also when the packet is refused
 *
 * Return: ZONEFW_PARSED, ZONEFW_BROKEN, or ZONEFW_SOURCE_ROUTED (RFC 5095, RFC 7126).
 */
enum zonefw_parse zonefw_skb_key(struct sk_buff *skb, const struct nf_hook_state *st,
				 struct zonefw_key *k)
{
	const struct net_device *in = in_of(skb, st);

	memset(k, 0, sizeof(*k));
	k->in = in ? in->name : NULL;
	k->out = st->out ? st->out->name : NULL;
	k->mark = skb->mark;
	if (in && in->type == ARPHRD_ETHER && skb_mac_header_was_set(skb) &&
	    skb_mac_header_len(skb) >= ETH_HLEN) {
		memcpy(k->mac, eth_hdr(skb)->h_source, ETH_ALEN);
		k->flags |= ZONEFW_K_MAC;
	}
	return st->pf == NFPROTO_IPV4 ? v4_key(skb, k) : v6_key(skb, k);
}

/**
 * zonefw_skb_plain() - the source of a packet without options
 * @skb: packet whose network header the stack has checked already
 * @st: where the hook stands
 *
 * Return: the source address (the destination follows it), or NULL when there
 * are options or extension headers: such a packet needs zonefw_skb_key().
 */
const u8 *zonefw_skb_plain(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (st->pf == NFPROTO_IPV4)
		return ip_hdr(skb)->ihl == 5 ? (const u8 *)&ip_hdr(skb)->saddr : NULL;
	switch (ipv6_hdr(skb)->nexthdr) {
	case NEXTHDR_HOP:
	case NEXTHDR_ROUTING:
	case NEXTHDR_DEST:
	case NEXTHDR_FRAGMENT:
	case NEXTHDR_AUTH:
		return NULL;
	default:
		return (const u8 *)&ipv6_hdr(skb)->saddr;
	}
}

/**
 * zonefw_ct_key() - a flow's original direction, after DNAT and before SNAT
 * @ct: the flow
 * @pkt: the packet at hand
 * @reply: it came in the reply direction: devices swap, and what only a
 *	packet of the original direction shows is unknown
 * @k: out
 *
 * Return: true; false when the flow is of another family than the packet.
 */
bool zonefw_ct_key(const struct nf_conn *ct, const struct zonefw_key *pkt, bool reply,
		   struct zonefw_key *k)
{
	const struct nf_conntrack_tuple *o = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *r = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	int len = pkt->family == 4 ? 4 : 16;

	if (o->src.l3num != (pkt->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6))
		return false;
	*k = *pkt;
	k->proto = o->dst.protonum;
	k->flags &= ZONEFW_K_MAC;
	memcpy(k->src, &o->src.u3, len);
	memcpy(k->dst, &r->src.u3, len);
	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6) {
		k->type = o->dst.u.icmp.type;
		k->code = o->dst.u.icmp.code;
		k->flags |= ZONEFW_K_TYPE;
	} else if (has_ports(k->proto)) {
		k->sport = ntohs(o->src.u.all);
		k->dport = ntohs(r->src.u.all);
		k->flags |= ZONEFW_K_PORTS;
	}
	if (reply) {
		k->in = pkt->out;
		k->out = pkt->in;
		k->flags = (k->flags & ~ZONEFW_K_MAC) | ZONEFW_K_REPLY;
	}
	return true;
}
