// SPDX-License-Identifier: GPL-2.0
/*
 * The packet path: zone of a packet, its cell, the verdict. Softirq or process
 * context with RCU read side held by netfilter. Everything that is read is
 * const or per-CPU; the policy is loaded once per packet and passed down.
 *
 * PRE_ROUTING runs before conntrack (tag, antispoof, malformed packets); the
 * other three hooks run behind conntrack and right behind nftables' and
 * iptables' filter chains, so that they see the addresses after DNAT and
 * before SNAT.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "action.h"
#include "hook.h"
#include "skbkey.h"
#include "vcache.h"

/* The device the packet really came in by, also when a VRF stands before it. */
static int real_iif(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (!netif_is_l3_master(st->in))
		return st->in->ifindex;
	return st->pf == NFPROTO_IPV4 ? IPCB(skb)->iif : IP6CB(skb)->iif;
}

static unsigned int pass(const struct zonefw_pkt *k, u8 reason)
{
	zonefw_stat(k->zn, reason);
	zonefw_stat(k->zn, ZONEFW_S_ACCEPTED);
	return NF_ACCEPT;
}

static bool is_nd(const struct zonefw_key *k)
{
	return k->family == 6 && k->proto == IPPROTO_ICMPV6 && (k->flags & ZONEFW_K_TYPE) &&
	       k->type >= NDISC_ROUTER_SOLICITATION && k->type <= NDISC_REDIRECT;
}

static bool is_mld(const struct zonefw_key *k)
{
	return k->family == 6 && k->proto == IPPROTO_ICMPV6 && (k->flags & ZONEFW_K_TYPE) &&
	       ((k->type >= ICMPV6_MGM_QUERY && k->type <= ICMPV6_MGM_REDUCTION) ||
		k->type == ICMPV6_MLD2_REPORT);
}

/* RFC 4890 4.4.1: link-local machinery, to and from this host only.
 * Hop limit 255 (RFC 4861) and 1 (RFC 3810) prove that no router was passed.
 */
static int builtin(const struct zonefw_pkt *k)
{
	u8 want;

	if (is_nd(&k->key))
		want = 255;
	else if (is_mld(&k->key))
		want = 1;
	else
		return -1;
	if (k->st->hook != NF_INET_FORWARD && ipv6_hdr(k->skb)->hop_limit == want)
		return pass(k, ZONEFW_R_BUILTIN);
	return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_BUILTIN);
}

static void count_rule(const struct zonefw_pkt *k, const struct zonefw_rule *r)
{
	if (r)
		zonefw_count(r->ident, k->skb->len);
	zonefw_count(zonefw_cell(k->p, k->from, k->to)->ident, k->skb->len);
}

/* Rules that count or log and go on are served on the way. */
static const struct zonefw_rule *decide(const struct zonefw_pkt *k, struct zonefw_key *key,
					u16 from, u16 to, bool quiet)
{
	const struct zonefw_cell *cell = zonefw_cell(k->p, from, to);
	const struct zonefw_rule *r;
	u32 pos = 0;

	while ((r = zonefw_cell_next(k->p->rules, cell, key, &pos))) {
		if (r->action != ZONEFW_CONTINUE)
			return r;
		if (quiet)
			continue;
		zonefw_count(r->ident, k->skb->len);
		if (r->log)
			zonefw_log(k, r->log, r->ident->id, r->action, ZONEFW_R_RULE);
	}
	return NULL;
}

/* May this packet speak for its flow? One that came by a way its source is not
 * routed by is judged, but never changes what is known of a flow.
 */
static bool own_way(const struct zonefw_pkt *k)
{
	return k->st->hook == NF_INET_LOCAL_OUT || !k->st->in ||
	       !zonefw_spoofed(k->zn->net, k->p, k->from, k->st->in, k->key.family, k->key.src);
}

/* A copy of a first packet from elsewhere does not take the flow over. */
static bool may_enter(const struct zonefw_pkt *k, const struct nf_conn *ct)
{
	u32 slot;

	return !nf_ct_is_confirmed(ct) ||
	       zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, k->from, k->to, &slot) !=
	       ZONEFW_OTHER_ZONES;
}

static void remember(const struct zonefw_pkt *k, const struct nf_conn *ct, u16 from, u16 to,
		     const struct zonefw_rule *r)
{
	struct zonefw_stamp s = { .gen = k->p->gen, .from = from, .to = to,
				  .slot = r ? r - k->p->rules + 1 : 0 };

	zonefw_vcache_enter(k->zn->vcache, ct, &s);
}

/* A packet that no connection speaks for: the rules decide. */
static unsigned int judge_new(struct zonefw_pkt *k, const struct nf_conn *ct)
{
	const struct zonefw_cell *cell = zonefw_cell(k->p, k->from, k->to);
	const struct zonefw_rule *r = decide(k, &k->key, k->from, k->to, false);
	const struct zonefw_celldef *d = r ? NULL : cell->def;
	u8 reason = r ? ZONEFW_R_RULE : ZONEFW_R_DEFAULT;
	u8 action = r ? r->action : d ? d->action : ZONEFW_DROP;
	const char *log = r ? r->log : d ? d->log : NULL;
	u32 arg = r ? r->arg : d ? d->arg : 0;

	count_rule(k, r);
	if (log)
		zonefw_log(k, log, r ? r->ident->id : 0, action, reason);
	switch (action) {
	case ZONEFW_ACCEPT:
		if (ct && may_enter(k, ct))
			remember(k, ct, k->from, k->to, r);
		return pass(k, reason);
	case ZONEFW_QUEUE:
		zonefw_stat(k->zn, ZONEFW_S_QUEUED);
		zonefw_stat(k->zn, reason);
		return NF_QUEUE_NR(arg) |
		       (r && (r->flags & ZONEFW_RULE_BYPASS) ? NF_VERDICT_FLAG_QUEUE_BYPASS : 0);
	default:
		return zonefw_refuse(k, action, arg, reason);
	}
}

/* The policy has changed, or forgot: judge the flow by its original direction. */
static unsigned int rematch(struct zonefw_pkt *k, struct nf_conn *ct, bool reply,
			    u16 from, u16 to)
{
	const struct zonefw_celldef *d;
	const struct zonefw_rule *r;
	struct zonefw_key key;
	u8 action;

	if (!zonefw_ct_key(ct, &k->key, reply, &key))
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_ERROR);
	r = decide(k, &key, from, to, true);
	d = zonefw_cell(k->p, from, to)->def;
	action = r ? r->action : d ? d->action : ZONEFW_DROP;
	if (action == ZONEFW_ACCEPT || action == ZONEFW_QUEUE || !k->p->opt.rematch) {
		if (!key.guessed && own_way(k))
			remember(k, ct, from, to, r);
		count_rule(k, r);
		return pass(k, ZONEFW_R_ESTABLISHED);
	}
	count_rule(k, r);
	if (nf_ct_is_confirmed(ct) && !key.guessed && own_way(k))
		nf_ct_kill(ct);
	return zonefw_refuse(k, action, r ? r->arg : d ? d->arg : 0, ZONEFW_R_REMATCH);
}

/* A packet of a flow that conntrack knows. */
static unsigned int judge_flow(struct zonefw_pkt *k, struct nf_conn *ct, bool reply)
{
	u16 from = reply ? k->to : k->from, to = reply ? k->from : k->to;
	u32 slot;

	switch (zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, from, to, &slot)) {
	case ZONEFW_HIT:
		if (slot > k->p->nrules)	/* torn by halves on a 32-bit machine */
			return rematch(k, ct, reply, from, to);
		count_rule(k, slot ? &k->p->rules[slot - 1] : NULL);
		return pass(k, ZONEFW_R_ESTABLISHED);
	case ZONEFW_OTHER_ZONES:
		return judge_new(k, NULL);
	default:
		return rematch(k, ct, reply, from, to);
	}
}

/* RFC 4890 4.3.1 and their IPv4 sisters; a redirect is no error of a flow. */
static bool is_error(const struct zonefw_key *k)
{
	if (!(k->flags & ZONEFW_K_TYPE))
		return false;
	if (k->family == 6)
		return k->proto == IPPROTO_ICMPV6 && k->type >= ICMPV6_DEST_UNREACH &&
		       k->type <= ICMPV6_PARAMPROB;
	return k->proto == IPPROTO_ICMP &&
	       (k->type == ICMP_DEST_UNREACH || k->type == ICMP_TIME_EXCEEDED ||
		k->type == ICMP_PARAMETERPROB);
}

/* Related: an error about a live flow through the flow's own zones, or the
 * kernel's own answer to a refused packet (nf_ct_attach). An expected
 * connection is judged as new.
 */
static unsigned int judge_related(struct zonefw_pkt *k, struct nf_conn *ct, bool reply)
{
	u16 from = reply ? k->to : k->from, to = reply ? k->from : k->to;
	u32 slot;

	if (k->st->hook == NF_INET_LOCAL_OUT && !test_bit(IPS_EXPECTED_BIT, &ct->status))
		return pass(k, ZONEFW_R_RELATED);
	if (!is_error(&k->key) || !nf_ct_is_confirmed(ct))
		return judge_new(k, NULL);
	if (k->from != ZONEFW_ZONE_SELF && k->to != ZONEFW_ZONE_SELF &&
	    zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, from, to, &slot) ==
	    ZONEFW_OTHER_ZONES)
		return judge_new(k, NULL);
	return pass(k, ZONEFW_R_RELATED);
}

/* RFC 3927 2.7: a link-local address is of its link, and is never forwarded. */
static bool link_local_forward(const struct zonefw_pkt *k)
{
	return k->st->hook == NF_INET_FORWARD && k->key.family == 4 &&
	       ((k->key.src[0] == 169 && k->key.src[1] == 254) ||
		(k->key.dst[0] == 169 && k->key.dst[1] == 254));
}

static unsigned int judge(struct zonefw_pkt *k)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(k->skb, &info);
	int verdict;

	/* link-local and multicast addresses are in no net: the device decides */
	verdict = zonefw_dev_zoned(k->p, k->dev) ? builtin(k) : -1;
	if (verdict >= 0)
		return verdict;
	if (k->from == ZONEFW_ZONE_NONE || k->to == ZONEFW_ZONE_NONE)
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_UNZONED);
	if (link_local_forward(k))
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	if (!ct && info != IP_CT_UNTRACKED && !k->p->opt.invalid_accept)
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_INVALID);
	if (!ct)
		return judge_new(k, NULL);
	switch (info) {
	case IP_CT_ESTABLISHED:
	case IP_CT_ESTABLISHED_REPLY:
		return judge_flow(k, ct, info == IP_CT_ESTABLISHED_REPLY);
	case IP_CT_RELATED:
	case IP_CT_RELATED_REPLY:
		if (nf_ct_is_confirmed(ct) || !test_bit(IPS_EXPECTED_BIT, &ct->status))
			return judge_related(k, ct, info == IP_CT_RELATED_REPLY);
		fallthrough;
	default:
		return judge_new(k, ct);
	}
}

/* No policy: only with boot=closed or panic is there a hook at all. */
static unsigned int judge_without(struct zonefw_pkt *k)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(k->skb, &info);
	int verdict;

	if (!READ_ONCE(k->zn->closed))
		return NF_ACCEPT;
	verdict = builtin(k);
	if (verdict >= 0)
		return verdict;
	if (ct && (info == IP_CT_ESTABLISHED || info == IP_CT_ESTABLISHED_REPLY))
		return pass(k, ZONEFW_R_ESTABLISHED);
	return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_CLOSED);
}

/* Where the packet really goes: OUTPUT NAT may have routed it anew. */
static const struct net_device *out_of(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (st->hook == NF_INET_LOCAL_OUT && skb_dst(skb))
		return skb_dst(skb)->dev;
	return st->out;
}

/* Loopback, also of one's own multicast (dev_loopback_xmit). */
static bool on_loopback(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct net_device *out = out_of(skb, st);

	if (st->in && (skb->pkt_type == PACKET_LOOPBACK || (st->in->flags & IFF_LOOPBACK)))
		return true;
	return out && (out->flags & IFF_LOOPBACK);
}

static void tag(struct sk_buff *skb, const struct zonefw_policy *p, u16 zone)
{
	skb->mark &= ~p->opt.tag_mask;
	if (p->opt.tag_mask && zone != ZONEFW_ZONE_NONE)
		skb->mark |= (u32)zone << p->opt.tag_shift;
}

/* The short way: a packet of a flow that this policy let in between these zones. */
static bool known_flow(const struct zonefw_pkt *k, const struct net_device *out)
{
	u8 family = k->st->pf == NFPROTO_IPV4 ? 4 : 6, len = family == 4 ? 4 : 16;
	const u8 *src = zonefw_skb_plain(k->skb, k->st);
	u16 from = ZONEFW_ZONE_SELF, to = ZONEFW_ZONE_SELF;
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(k->skb, &info);
	enum zonefw_hit hit;
	u32 slot;

	if (!ct || !src || (info != IP_CT_ESTABLISHED && info != IP_CT_ESTABLISHED_REPLY))
		return false;
	if (k->st->hook != NF_INET_LOCAL_OUT)
		from = zonefw_zone_of(k->p, real_iif(k->skb, k->st), family, src);
	if (k->st->hook != NF_INET_LOCAL_IN)
		to = zonefw_zone_of(k->p, out->ifindex, family, src + len);
	if (from == ZONEFW_ZONE_NONE || to == ZONEFW_ZONE_NONE)
		return false;
	if (info == IP_CT_ESTABLISHED)
		hit = zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, from, to, &slot);
	else
		hit = zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, to, from, &slot);
	if (hit != ZONEFW_HIT || slot > k->p->nrules)
		return false;
	zonefw_count_flow(k->zn, zonefw_cell(k->p, from, to)->ident,
			  slot ? k->p->rules[slot - 1].ident : NULL, k->skb->len);
	return true;
}

static unsigned int hook_filter(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct net_device *out = out_of(skb, st);
	struct zonefw_pkt k;

	if (on_loopback(skb, st))
		return NF_ACCEPT;
	if (st->hook == NF_INET_LOCAL_OUT && out && netif_is_l3_master(out))
		return NF_ACCEPT;	/* comes again with the port of the VRF */
	k.zn = zonefw_ns(st->net);
	k.p = rcu_dereference(k.zn->policy);
	k.skb = skb;
	k.st = st;
	k.from = ZONEFW_ZONE_SELF;
	k.to = ZONEFW_ZONE_SELF;
	k.dev = 0;
	if (READ_ONCE(k.zn->panic))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_PANIC);
	if (k.p && st->hook != NF_INET_LOCAL_OUT && known_flow(&k, out))
		return NF_ACCEPT;
	if (zonefw_skb_key(skb, st, &k.key) != ZONEFW_PARSED)
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_INVALID);
	if (out)
		k.key.out = out->name;
	if (!k.p)
		return judge_without(&k);
	k.key.mark &= ~k.p->opt.tag_mask;	/* the tag is output, never input */
	k.dev = st->hook == NF_INET_LOCAL_OUT ? out->ifindex : real_iif(skb, st);
	if (st->hook == NF_INET_LOCAL_OUT)
		tag(skb, k.p, ZONEFW_ZONE_SELF);
	else
		k.from = zonefw_zone_of(k.p, k.dev, k.key.family, k.key.src);
	if (st->hook != NF_INET_LOCAL_IN)
		k.to = zonefw_zone_of(k.p, out->ifindex, k.key.family, k.key.dst);
	return judge(&k);
}

/* Before conntrack: tag, antispoof, source routes. */
static unsigned int hook_ingress(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	u8 family = st->pf == NFPROTO_IPV4 ? 4 : 6;
	const u8 *src;
	struct zonefw_pkt k;

	k.zn = zonefw_ns(st->net);
	k.p = rcu_dereference(k.zn->policy);
	k.skb = skb;
	k.st = st;
	if (!k.p || on_loopback(skb, st) || netif_is_l3_master(st->in))
		return NF_ACCEPT;
	src = zonefw_skb_plain(skb, st);
	if (!src) {
		if (zonefw_skb_key(skb, st, &k.key) != ZONEFW_PARSED)
			return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_INVALID);
		src = k.key.src;
	}
	if (zonefw_martian(family, src))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	k.from = zonefw_zone_of(k.p, st->in->ifindex, family, src);
	tag(skb, k.p, k.from);
	if (k.from != ZONEFW_ZONE_NONE && (k.p->zones[k.from].flags & ZONEFW_ZONE_ANTISPOOF) &&
	    zonefw_spoofed(st->net, k.p, k.from, st->in, family, src))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	return NF_ACCEPT;
}

#define OPS(fn, fam, num, prio) \
	{ .hook = fn, .pf = fam, .hooknum = num, .priority = prio }

static const struct nf_hook_ops zonefw_ops[] = {
	OPS(hook_ingress, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_RAW - 1),
	OPS(hook_ingress, NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_RAW - 1),
	OPS(hook_filter, NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_IP_PRI_FILTER + 1),
	OPS(hook_filter, NFPROTO_IPV4, NF_INET_FORWARD, NF_IP_PRI_FILTER + 1),
	OPS(hook_filter, NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER + 1),
	OPS(hook_filter, NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP6_PRI_FILTER + 1),
	OPS(hook_filter, NFPROTO_IPV6, NF_INET_FORWARD, NF_IP6_PRI_FILTER + 1),
	OPS(hook_filter, NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_FILTER + 1),
};

/**
 * zonefw_hooks_register() - switch conntrack, defragmentation and hooks on
 * @net: namespace
 *
 * Return: 0 or the error of the step that failed, with nothing left on.
 */
int zonefw_hooks_register(struct net *net)
{
	int err = nf_ct_netns_get(net, NFPROTO_INET);

	if (err)
		return err;
	err = nf_register_net_hooks(net, zonefw_ops, ARRAY_SIZE(zonefw_ops));
	if (err)
		nf_ct_netns_put(net, NFPROTO_INET);
	return err;
}

void zonefw_hooks_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, zonefw_ops, ARRAY_SIZE(zonefw_ops));
	nf_ct_netns_put(net, NFPROTO_INET);
}
