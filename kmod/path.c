// SPDX-License-Identifier: GPL-2.0
/*
 * The fast path of offloaded flows: a packet that comes in on a device of a zone
 * and is known by its addresses and ports goes out at once, before conntrack,
 * routing and rules. Softirq with RCU read side held; it writes nothing shared
 * but the window of a TCP connection.
 *
 * Whatever is not plain goes the long way, as if there were no table: fragments,
 * options, what is too large for the way out, TTLs that end, TCP packets that open,
 * close or lie outside the window, a changed route, an unresolved neighbour, a path older
 * than the last change of the policy. So does one packet a second of every flow,
 * which keeps conntrack's timeout, the route and the neighbour true.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/arp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/route.h>
#include <net/tcp.h>
#include "path.h"
#include "trace.h"

/* Is it still the policy's word that these packets pass, and is it time for the long way? */
static bool current_path(const struct zonefw_offload *t, struct zonefw_path *e)
{
	u32 now = (u32)jiffies;

	if (e->stamp != (u32)atomic_read(&t->stamp) || nf_ct_is_dying(e->ct))
		return false;
	if (e->live && e->epoch != (u32)atomic_read(&t->zn->epoch) +
	    (u32)atomic_read(e->host[0]) + (u32)atomic_read(e->host[1]) +
	    (u32)atomic_read(e->host[2]))
		return false;
	return (s32)(now - READ_ONCE(e->again)) < 0;
}

static struct zonefw_path *find(const struct zonefw_offload *t, const struct zonefw_pathkey *k)
{
	struct zonefw_path *e;

	hlist_for_each_entry_rcu(e, &t->bucket[zonefw_path_hash(t, k)], node)
		if (zonefw_path_is(&e->key, k) && e->key.iif == k->iif)
			return current_path(t, e) && !zonefw_tracing(t->zn) &&
			       dst_check(e->dst, e->cookie) ? e : NULL;
	return NULL;
}

/* May it go out as it is? */
static bool fits(const struct sk_buff *skb, const struct zonefw_path *e)
{
	u32 mtu = min_t(u32, e->mtu, READ_ONCE(e->dst->dev->mtu));

	if (skb_shinfo(skb)->gso_size) {
		if (!skb_shinfo(skb)->gso_type || !skb_gso_validate_network_len(skb, mtu))
			return false;
	} else if (skb->len > mtu) {
		return false;
	}
	return skb_headroom(skb) >= LL_RESERVED_SPACE(e->dst->dev) && !skb_dst(skb);
}

#define ACK_WINDOW	66000u	/* as conntrack's MAXACKWINCONST */

/* Inside what conntrack knows of both windows; under the lock of the connection. */
static bool in_window(const struct ip_ct_tcp_state *snd, const struct ip_ct_tcp_state *rcv,
		      u32 seq, u32 end, u32 ack)
{
	return snd->td_maxwin && rcv->td_maxwin && !after(end, snd->td_maxend) &&
	       after(end, snd->td_end - rcv->td_maxwin - 1) && !after(ack, rcv->td_end) &&
	       after(ack, rcv->td_end - max(snd->td_maxwin, ACK_WINDOW) - 1);
}

/* What conntrack notes of a packet inside the window: its knowledge stays true. */
static void note(struct ip_ct_tcp_state *snd, struct ip_ct_tcp_state *rcv, u32 end, u32 ack, u32 win)
{
	if (snd->td_maxwin < win)
		snd->td_maxwin = win;
	if (after(end, snd->td_end)) {
		snd->td_end = end;
		snd->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}
	if (!(snd->flags & IP_CT_TCP_FLAG_MAXACK_SET) || after(ack, snd->td_maxack)) {
		snd->td_maxack = ack;
		snd->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
	}
	if (after(ack + win, rcv->td_maxend - 1))
		rcv->td_maxend = ack + win + !win;
	if (ack == rcv->td_end)
		rcv->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

/* A segment in the middle of an open connection? */
static bool tcp_goes_on(const struct sk_buff *skb, const struct zonefw_path *e, u32 off)
{
	const struct tcphdr *th = (const void *)(skb_network_header(skb) + off);
	struct ip_ct_tcp *tcp = &e->ct->proto.tcp;
	struct ip_ct_tcp_state *snd = &tcp->seen[e->dir], *rcv = &tcp->seen[!e->dir];
	u32 seq = ntohl(th->seq), ack = ntohl(th->ack_seq), end;
	bool ok;

	if (th->syn || th->fin || th->rst || th->urg || !th->ack || th->doff < 5 ||
	    skb->len < off + th->doff * 4)
		return false;
	end = seq + skb->len - off - th->doff * 4;
	spin_lock(&e->ct->lock);
	ok = tcp->state == TCP_CONNTRACK_ESTABLISHED && in_window(snd, rcv, seq, end, ack);
	if (ok)
		note(snd, rcv, end, ack, (u32)ntohs(th->window) << snd->td_scale);
	spin_unlock(&e->ct->lock);
	return ok;
}

static bool is_udp(const struct zonefw_path *e)
{
	return e->key.proto == IPPROTO_UDP;
}

/* Where the checksum over addresses and ports stands, or NULL: there is none. */
static __sum16 *l4_check(struct sk_buff *skb, const struct zonefw_path *e, u32 off)
{
	u8 *l4 = skb_network_header(skb) + off;
	struct udphdr *uh = (struct udphdr *)l4;

	if (!is_udp(e))
		return &((struct tcphdr *)l4)->check;
	return uh->check || skb->ip_summed == CHECKSUM_PARTIAL ? &uh->check : NULL;
}

static void translate_ports(struct sk_buff *skb, const struct zonefw_path *e, __sum16 *check, u32 off)
{
	__be32 *ports = (__be32 *)(skb_network_header(skb) + off);

	if (check)
		inet_proto_csum_replace4(check, skb, *ports, e->nports, false);
	*ports = e->nports;
	if (check && is_udp(e) && !*check)
		*check = CSUM_MANGLED_0;
}

static void translate4(struct sk_buff *skb, const struct zonefw_path *e)
{
	__sum16 *check = l4_check(skb, e, sizeof(struct iphdr));
	struct iphdr *ih = ip_hdr(skb);

	if (check) {
		inet_proto_csum_replace4(check, skb, ih->saddr, e->nsrc.ip, true);
		inet_proto_csum_replace4(check, skb, ih->daddr, e->ndst.ip, true);
	}
	csum_replace4(&ih->check, ih->saddr, e->nsrc.ip);
	csum_replace4(&ih->check, ih->daddr, e->ndst.ip);
	ih->saddr = e->nsrc.ip;
	ih->daddr = e->ndst.ip;
	translate_ports(skb, e, check, sizeof(*ih));
}

static void translate6(struct sk_buff *skb, const struct zonefw_path *e)
{
	__sum16 *check = l4_check(skb, e, sizeof(struct ipv6hdr));
	struct ipv6hdr *ih = ipv6_hdr(skb);

	if (check) {
		inet_proto_csum_replace16(check, skb, ih->saddr.s6_addr32, e->nsrc.ip6, true);
		inet_proto_csum_replace16(check, skb, ih->daddr.s6_addr32, e->ndst.ip6, true);
	}
	ih->saddr = e->nsrc.in6;
	ih->daddr = e->ndst.in6;
	translate_ports(skb, e, check, sizeof(*ih));
}

/* Counted as the long way counts it. */
static void count(const struct zonefw_offload *t, const struct zonefw_path *e, u32 len)
{
	zonefw_stat_known(t->zn);
	zonefw_count_cell(e->cell, e->rule, len);
	zonefw_stat(t->zn, ZONEFW_S_OFFLOAD_PACKETS);
	if (unlikely(nf_conn_acct_find(e->ct)))
		nf_ct_acct_update(e->ct, e->dir, len);
}

static unsigned int leave(struct sk_buff *skb, const struct zonefw_path *e, struct neighbour *n)
{
	skb->mark = (skb->mark & e->keep) | e->tag;
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	skb->dev = e->dst->dev;
	skb_dst_set_noref(skb, e->dst);
	neigh_output(n, skb, false);
	return NF_STOLEN;
}

/* A neighbour that is asked for first belongs to the long way. */
static bool reachable(const struct neighbour *n)
{
	return n && READ_ONCE(n->nud_state) & NUD_VALID;
}

/* The transport header's part that is read or written. */
static u32 l4_len(u8 proto)
{
	return proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
	       proto == IPPROTO_UDP ? sizeof(struct udphdr) : 0;
}

/* Padding of the link goes; a packet that is cut short is not ours. */
static bool whole(struct sk_buff *skb, u32 len)
{
	return likely(skb->len == len) || (skb->len > len && !pskb_trim_rcsum(skb, len));
}

/* Nothing but to be sent is left; the headers may be written. */
static bool ready(struct sk_buff *skb, const struct zonefw_path *e, const struct neighbour *n,
		  u32 off, u32 need)
{
	return reachable(n) && !skb_try_make_writable(skb, need) &&
	       (is_udp(e) || tcp_goes_on(skb, e, off));
}

static struct neighbour *neigh4(const struct zonefw_path *e)
{
	const struct rtable *rt = (const struct rtable *)e->dst;

	return __ipv4_neigh_lookup_noref(e->dst->dev, (__force u32)(rt->rt_gw_family ? rt->rt_gw4 :
								   e->ndst.ip));
}

/* What a path is found by, but for the device; ports stand behind a header without options. */
static __always_inline void key4(const struct iphdr *ih, struct zonefw_pathkey *k)
{
	k->family = NFPROTO_IPV4;
	k->src.ip = ih->saddr;
	k->dst.ip = ih->daddr;
	k->proto = ih->protocol;
	k->ports = *(const __be32 *)(ih + 1);
}

static noinline unsigned int forward4(const struct zonefw_offload *t, struct sk_buff *skb,
				      const struct nf_hook_state *st)
{
	struct zonefw_pathkey k;
	const struct iphdr *ih;
	u32 off = sizeof(*ih), need;
	struct zonefw_path *e;
	struct neighbour *n;

	if (!pskb_may_pull(skb, off + sizeof(struct udphdr)))
		return NF_ACCEPT;
	ih = ip_hdr(skb);
	need = off + l4_len(ih->protocol);
	if (*(const u8 *)ih != 0x45 || need == off || ip_is_fragment(ih) || ih->ttl <= 1 ||
	    !pskb_may_pull(skb, need))
		return NF_ACCEPT;
	ih = ip_hdr(skb);
	key4(ih, &k);
	k.iif = st->in->ifindex;
	e = find(t, &k);
	if (!e || ip_fast_csum(ih, 5) || ntohs(ih->tot_len) < need ||
	    !whole(skb, ntohs(ih->tot_len)) || !fits(skb, e))
		return NF_ACCEPT;
	n = neigh4(e);
	if (!ready(skb, e, n, off, need))
		return NF_ACCEPT;
	count(t, e, skb->len);
	if (e->nat)
		translate4(skb, e);
	ip_decrease_ttl(ip_hdr(skb));
	skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	*IPCB(skb) = (struct inet_skb_parm){ .iif = st->in->ifindex, .flags = IPSKB_FORWARDED };
	return leave(skb, e, n);
}

static struct neighbour *neigh6(const struct zonefw_path *e)
{
	const struct rt6_info *rt = (const struct rt6_info *)e->dst;

	return __ipv6_neigh_lookup_noref(e->dst->dev, rt6_nexthop(rt, &e->ndst.in6));
}

static __always_inline void key6(const struct ipv6hdr *ih, struct zonefw_pathkey *k)
{
	k->family = NFPROTO_IPV6;
	k->src.in6 = ih->saddr;
	k->dst.in6 = ih->daddr;
	k->proto = ih->nexthdr;
	k->ports = *(const __be32 *)(ih + 1);
}

static noinline unsigned int forward6(const struct zonefw_offload *t, struct sk_buff *skb,
				      const struct nf_hook_state *st)
{
	struct zonefw_pathkey k;
	u32 off = sizeof(struct ipv6hdr), need;
	const struct ipv6hdr *ih;
	struct zonefw_path *e;
	struct neighbour *n;

	if (!pskb_may_pull(skb, off + sizeof(struct udphdr)))
		return NF_ACCEPT;
	ih = ipv6_hdr(skb);
	need = off + l4_len(ih->nexthdr);
	if (ih->version != 6 || need == off || ih->hop_limit <= 1 || !pskb_may_pull(skb, need))
		return NF_ACCEPT;
	ih = ipv6_hdr(skb);
	key6(ih, &k);
	k.iif = st->in->ifindex;
	e = find(t, &k);
	if (!e || off + ntohs(ih->payload_len) < need ||
	    !whole(skb, off + ntohs(ih->payload_len)) || !fits(skb, e))
		return NF_ACCEPT;
	n = neigh6(e);
	if (!ready(skb, e, n, off, need))
		return NF_ACCEPT;
	count(t, e, skb->len);
	if (e->nat)
		translate6(skb, e);
	ipv6_hdr(skb)->hop_limit--;
	*IP6CB(skb) = (struct inet6_skb_parm){ .iif = st->in->ifindex, .flags = IP6SKB_FORWARDED };
	return leave(skb, e, n);
}

/* Nobody has the packet's hash: most packets without a path go their way after this look. Where
 * there are options or no ports, the hash is of whatever stands there, and forward4() tells.
 */
static __always_inline bool none4(const struct zonefw_offload *t, const struct sk_buff *skb)
{
	const struct iphdr *ih = ip_hdr(skb);
	struct zonefw_pathkey k;

	if (skb_headlen(skb) < sizeof(*ih) + sizeof(k.ports))
		return false;
	key4(ih, &k);
	return hlist_empty(&t->bucket[zonefw_path_hash(t, &k)]);
}

static __always_inline bool none6(const struct zonefw_offload *t, const struct sk_buff *skb)
{
	const struct ipv6hdr *ih = ipv6_hdr(skb);
	struct zonefw_pathkey k;

	if (skb_headlen(skb) < sizeof(*ih) + sizeof(k.ports))
		return false;
	key6(ih, &k);
	return hlist_empty(&t->bucket[zonefw_path_hash(t, &k)]);
}

/**
 * zonefw_path_hook() - a packet comes in on a device of a zone
 * @priv: the namespace's flow table
 * @skb: packet
 * @st: where it is
 *
 * A frame that carries a VLAN tag belongs to the VLAN's device and is asked there.
 *
 * Context: netdev ingress, softirq, RCU read side.
 * Return: NF_STOLEN when it is on its way, else NF_ACCEPT: the long way.
 */
unsigned int zonefw_path_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct zonefw_offload *t = priv;

	if (!READ_ONCE(t->count) || skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb))
		return NF_ACCEPT;
	if (skb->protocol == htons(ETH_P_IP))
		return none4(t, skb) ? NF_ACCEPT : forward4(t, skb, st);
	if (skb->protocol == htons(ETH_P_IPV6))
		return none6(t, skb) ? NF_ACCEPT : forward6(t, skb, st);
	return NF_ACCEPT;
}
