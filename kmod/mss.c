// SPDX-License-Identifier: GPL-2.0
/*
 * clamp-mss: the MSS option of a TCP SYN, either way, is brought down to what
 * fits the route ahead and the route back. Softirq, RCU read side; writes to
 * the packet and to nothing else. An option that is not there is not added:
 * then the peer sends 536 or 1220 bytes (RFC 9293 3.7.1), which fits anywhere.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "mss.h"

static u32 mtu_back(struct net *net, const struct sk_buff *skb, u8 pf)
{
	struct dst_entry *dst = NULL;
	struct flowi fl = { };
	u32 mtu = U32_MAX;

	if (pf == NFPROTO_IPV4)
		fl.u.ip4.daddr = ip_hdr(skb)->saddr;
	else
		fl.u.ip6.daddr = ipv6_hdr(skb)->saddr;
	nf_route(net, &dst, &fl, false, pf);
	if (dst) {
		mtu = dst_mtu(dst);
		dst_release(dst);
	}
	return mtu;
}

/* Offset of the TCP header, or -1. */
static int tcp_offset(const struct sk_buff *skb, u8 pf)
{
	u8 proto;
	__be16 frag;
	int off;

	if (pf == NFPROTO_IPV4)
		return ip_hdr(skb)->protocol == IPPROTO_TCP &&
		       !(ip_hdr(skb)->frag_off & htons(IP_OFFSET)) ? ip_hdrlen(skb) : -1;
	proto = ipv6_hdr(skb)->nexthdr;
	off = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &proto, &frag);
	return off > 0 && proto == IPPROTO_TCP && !(frag & htons(~7)) ? off : -1;
}

/* The field may stand at an odd place: then its bytes belong to two words. */
static void mss_write(struct sk_buff *skb, struct tcphdr *th, u8 *field, u16 mss)
{
	u16 old = field[0] << 8 | field[1], new = mss;

	field[0] = mss >> 8;
	field[1] = mss;
	if ((field - (u8 *)th) & 1) {
		old = swab16(old);
		new = swab16(new);
	}
	inet_proto_csum_replace2(&th->check, skb, htons(old), htons(new), false);
}

static void options_walk(struct sk_buff *skb, struct tcphdr *th, u32 len, u16 mss)
{
	u8 *o = (u8 *)th;
	u32 i = sizeof(*th);

	while (i < len && o[i] != TCPOPT_EOL) {
		if (o[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || o[i + 1] < 2 || i + o[i + 1] > len)
			return;
		if (o[i] == TCPOPT_MSS && o[i + 1] == TCPOLEN_MSS) {
			if ((o[i + 2] << 8 | o[i + 3]) > mss)
				mss_write(skb, th, o + i + 2, mss);
			return;
		}
		i += o[i + 1];
	}
}

/**
 * zonefw_mss_clamp() - bring the MSS of a SYN down to the path
 * @skb: packet of any kind, on its way through FORWARD
 * @st: where it is
 */
void zonefw_mss_clamp(struct sk_buff *skb, const struct nf_hook_state *st)
{
	u32 head = st->pf == NFPROTO_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), mtu;
	int off = tcp_offset(skb, st->pf), len;
	struct tcphdr buf, *th;

	th = off < 0 ? NULL : skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!th || !th->syn || th->doff * 4 < sizeof(*th) || !skb_dst(skb))
		return;
	mtu = min(dst_mtu(skb_dst(skb)), mtu_back(st->net, skb, st->pf));
	head += sizeof(*th);
	len = th->doff * 4;	/* what is made writable is what is walked */
	if (mtu <= head || off + len > skb->len || skb_ensure_writable(skb, off + len))
		return;
	th = (struct tcphdr *)(skb->data + off);
	options_walk(skb, th, len, min_t(u32, mtu - head, U16_MAX));
}
