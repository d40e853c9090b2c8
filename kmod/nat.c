// SPDX-License-Identifier: GPL-2.0
/*
 * Translation through the kernel's NAT core. Destinations are chosen in
 * PRE_ROUTING and LOCAL_OUT, in front of nftables' and iptables' nat chains;
 * sources where the flow is let in, when both zones are known, and the core
 * rewrites them in POST_ROUTING. Only first packets of flows come here. RCU
 * read side; no lock is taken.
 */
#include <linux/inetdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_nat_masquerade.h>
#include <net/route.h>
#include "hook.h"
#include "live.h"
#include "nat.h"
#include "skbkey.h"
#include "verdict.h"

/* The device that has the address, or NULL: not one of this router. */
static const struct net_device *local_device(struct net *net, u8 family, const u8 *addr)
{
	struct in6_addr a6;
	__be32 a4;

	if (family == 4) {
		memcpy(&a4, addr, 4);
		return __ip_dev_find(net, a4, false);
	}
	memcpy(&a6, addr, 16);
	return ipv6_chk_addr(net, &a6, NULL, 0) ? ipv6_dev_find(net, &a6, NULL) : NULL;
}

/* Of its link only, or for many: never translated. */
static bool is_special(u8 family, const u8 *d)
{
	if (family == 4)
		return d[0] >= 224 || (d[0] == 169 && d[1] == 254) || d[0] == 127;
	return d[0] == 0xff || (d[0] == 0xfe && (d[1] & 0xc0) == 0x80);
}

static int route4(struct net *net, const u8 *dst)
{
	struct flowi4 fl = { .flowi4_scope = RT_SCOPE_UNIVERSE };
	struct fib_result res;

	memcpy(&fl.daddr, dst, 4);
	if (fib_lookup(net, &fl, &res, FIB_LOOKUP_IGNORE_LINKSTATE) || res.type != RTN_UNICAST)
		return 0;
	return res.nhc->nhc_dev ? res.nhc->nhc_dev->ifindex : 0;
}

static int route6(struct net *net, const u8 *dst)
{
	struct flowi6 fl = { };
	struct rt6_info *rt;
	int idx;

	memcpy(&fl.daddr, dst, 16);
	rt = (struct rt6_info *)ip6_route_lookup(net, &fl, NULL, 0);
	idx = rt->dst.error ? 0 : rt->dst.dev->ifindex;
	ip6_rt_put(rt);
	return idx;
}

static u16 zone_towards(const struct zonefw_policy *p, struct net *net, u8 family, const u8 *dst)
{
	int idx = family == 4 ? route4(net, dst) : route6(net, dst);

	return idx ? zonefw_zone_of(p, idx, family, dst) : ZONEFW_ZONE_NONE;
}

/* What the rules ask of a destination as it came. */
static void describe(const struct zonefw_policy *p, struct net *net, struct zonefw_key *k,
		     const u8 *dst)
{
	const struct net_device *local = local_device(net, k->family, dst);

	k->oat = local ? zonefw_zone_of(p, local->ifindex, k->family, dst) : ZONEFW_ZONE_NONE;
	k->flags = (k->flags & ~ZONEFW_K_OLOCAL) | (local ? ZONEFW_K_OLOCAL : 0);
	k->ozone = ZONEFW_ZONE_NONE;
	if (local)
		k->ozone = ZONEFW_ZONE_SELF;
	else if (p->redirect)
		k->ozone = zone_towards(p, net, k->family, dst);
}

/**
 * zonefw_nat_before() - tell a key what its destination was before translation
 * @p: policy
 * @net: namespace
 * @k: key of a packet behind destination NAT
 * @dst: destination before it
 * @dport: port before it
 */
void zonefw_nat_before(const struct zonefw_policy *p, struct net *net, struct zonefw_key *k,
		       const u8 *dst, u16 dport)
{
	k->flags |= ZONEFW_K_DNAT;
	memcpy(k->odst, dst, k->family == 4 ? 4 : 16);
	k->odport = dport;
	describe(p, net, k, k->odst);
}

/**
 * zonefw_nat_facts() - likewise, for a packet of a flow
 * @p: policy
 * @ct: the flow
 * @k: key of its original direction
 * @from: ingress zone of that
 */
void zonefw_nat_facts(const struct zonefw_policy *p, const struct nf_conn *ct,
		      struct zonefw_key *k, u16 from)
{
	const struct nf_conntrack_tuple *o = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;

	k->ofrom = from;
	if (p->dnat && ct->status & IPS_DST_NAT)
		zonefw_nat_before(p, nf_ct_net(ct), k, (const u8 *)&o->dst.u3,
				  k->flags & ZONEFW_K_PORTS ? ntohs(o->dst.u.all) : 0);
}

/* publish any leaves to the router what a rule of the router's own lets in. */
static bool wanted_here(const struct zonefw_policy *p, u16 from, const struct zonefw_key *k)
{
	struct zonefw_key key = *k;
	struct zonefw_verdict v;

	zonefw_decide(p, &key, from, ZONEFW_ZONE_SELF, &v);
	return v.rule && (v.action == ZONEFW_ACCEPT || v.action == ZONEFW_QUEUE);
}

/**
 * zonefw_nat_find() - which rule translates this packet's destination?
 * @p: policy
 * @net: namespace
 * @from: ingress zone
 * @k: packet as it came
 *
 * Context: RCU read side.
 * Return: a publish or redirect, or NULL.
 */
const struct zonefw_rule *zonefw_nat_find(const struct zonefw_policy *p, struct net *net,
					  u16 from, struct zonefw_key *k)
{
	const struct zonefw_rule *any = NULL;
	u32 i;

	if (!p->dnat || from == ZONEFW_ZONE_NONE || p->dnat_at[from] == p->dnat_at[from + 1] ||
	    is_special(k->family, k->dst))
		return NULL;
	k->ofrom = from;
	describe(p, net, k, k->dst);
	k->flags |= ZONEFW_K_EARLY;
	k->view = p->view;
	for (i = p->dnat_at[from]; i < p->dnat_at[from + 1]; i++) {
		const struct zonefw_rule *r = p->rules[p->dnat_list[i]];
		bool last = r->nat[0].flags & ZONEFW_NAT_ANY;

		if ((last && any) || !zonefw_nat_selects(r, k) ||
		    (r->live && !zonefw_live_holds(r, k)))
			continue;
		if (!last)
			return r;
		any = r;
	}
	return any && !wanted_here(p, from, k) ? any : NULL;
}

/* A redirect keeps an address of this router, else takes the ingress device's. */
static bool own_address(struct net *net, const struct net_device *in, const struct zonefw_key *k,
			union nf_inet_addr *to)
{
	struct in6_addr src;

	if (k->flags & ZONEFW_K_OLOCAL) {
		memcpy(to, k->dst, k->family == 4 ? 4 : 16);
		return true;
	}
	if (!in && k->family == 4)
		to->ip = htonl(INADDR_LOOPBACK);
	else if (!in)
		to->in6 = in6addr_loopback;
	else if (k->family == 4)
		to->ip = inet_select_addr(in, 0, RT_SCOPE_UNIVERSE);
	if (!in || k->family == 4)
		return to->ip;
	memcpy(&src, k->src, sizeof(src));
	return !ipv6_dev_get_saddr(net, in, &src, 0, &to->in6);
}

/**
 * zonefw_nat_target() - where a rule leads a packet
 * @net: namespace
 * @in: ingress device, NULL for a packet of this router
 * @r: what zonefw_nat_find() has found
 * @k: packet as it came
 * @range: out: the translation
 *
 * Context: RCU read side.
 * Return: false when there is no address to lead it to.
 */
bool zonefw_nat_target(struct net *net, const struct net_device *in, const struct zonefw_rule *r,
		       const struct zonefw_key *k, struct nf_nat_range2 *range)
{
	const struct zonefw_nat *n = zonefw_nat_of(r, k->family);

	*range = (struct nf_nat_range2){ .flags = NF_NAT_RANGE_MAP_IPS };
	if (r->action == ZONEFW_PUBLISH)
		memcpy(&range->min_addr, n->addr, k->family == 4 ? 4 : 16);
	else if (!own_address(net, in, k, &range->min_addr))
		return false;
	range->max_addr = range->min_addr;
	if (n->flags & ZONEFW_NAT_PORT && k->flags & ZONEFW_K_PORTS) {
		range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
		range->min_proto.all = htons(zonefw_nat_port(r, n, k->dport));
		range->max_proto = range->min_proto;
	}
	return true;
}

static unsigned int translate(struct sk_buff *skb, const struct nf_hook_state *st,
			      const struct zonefw_rule *r, const struct zonefw_key *k)
{
	const struct net_device *in = st->hook == NF_INET_LOCAL_OUT ? NULL : st->in;
	struct nf_nat_range2 range;
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	if (!zonefw_nat_target(st->net, in, r, k, &range))
		return NF_DROP;
	return nf_nat_setup_info(ct, &range, NF_NAT_MANIP_DST);
}

/* The NAT core asks for a new flow whose destination nobody has chosen yet. */
static unsigned int choose_destination(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *st)
{
	struct zonefw_ns *zn = zonefw_ns(st->net);
	const struct zonefw_policy *p = rcu_dereference(zn->policy);
	const struct zonefw_rule *r;
	u16 from = ZONEFW_ZONE_SELF;
	struct zonefw_key k;

	if (!p || !p->dnat)
		return NF_ACCEPT;
	if (st->hook == NF_INET_PRE_ROUTING && zonefw_on_loopback(skb, st))
		return NF_ACCEPT;	/* what this router sends itself is asked in LOCAL_OUT */
	if (zonefw_skb_key(skb, st, &k) != ZONEFW_PARSED)
		return NF_ACCEPT;
	k.mark &= ~p->opt.tag_mask;
	if (st->hook == NF_INET_PRE_ROUTING)
		from = zonefw_zone_of(p, zonefw_real_iif(skb, st), k.family, k.src);
	r = zonefw_nat_find(p, st->net, from, &k);
	return r ? translate(skb, st, r, &k) : NF_ACCEPT;
}

/**
 * zonefw_nat_source() - what becomes of the source of a flow that is let in
 * @p: policy
 * @k: packet behind destination NAT
 * @from: ingress zone
 * @to: egress zone
 * @back: a published address was used from where the backend is
 *
 * Return: the translation; all zero for none.
 */
struct zonefw_source zonefw_nat_source(const struct zonefw_policy *p, struct zonefw_key *k,
				       u16 from, u16 to, bool back)
{
	const struct zonefw_cell *cell = zonefw_cell(p, from, to);
	u32 mask = k->family == 4 ? ZONEFW_CELL_MASQ4 : ZONEFW_CELL_MASQ6;
	struct zonefw_source s = { .masquerade = back };
	struct zonefw_verdict v;

	if (back || !p->snat)
		return s;
	k->ask = ZONEFW_ASK_EXPLAIN;	/* the flow has been let in, its limits are spent */
	zonefw_cursor_init(&v.cur);
	do {
		zonefw_classify(p, k, from, to, &v);
		if (v.rule && v.action == ZONEFW_SNAT)
			s.to = zonefw_nat_of(v.rule, k->family);
	} while (v.rule && !s.to && zonefw_goes_on(v.action));
	s.masquerade = !s.to && cell->options & mask;
	return s;
}

/**
 * zonefw_nat_out() - choose the source address of a flow that is let in
 * @k: its first packet
 * @ct: the flow
 * @r: the rule that lets it in, or NULL
 *
 * Return: NF_ACCEPT, or NF_DROP when there is no address.
 */
unsigned int zonefw_nat_out(struct zonefw_pkt *k, struct nf_conn *ct, const struct zonefw_rule *r)
{
	struct nf_nat_range2 range = { };
	const struct net_device *out = skb_dst(k->skb) ? skb_dst(k->skb)->dev : NULL;
	struct zonefw_source s;
	bool back;

	if (!k->p->snat || !READ_ONCE(k->zn->nat) || k->st->hook == NF_INET_LOCAL_IN || !out ||
	    nf_ct_is_confirmed(ct) || nf_nat_initialized(ct, NF_NAT_MANIP_SRC))
		return NF_ACCEPT;
	back = r && r->action == ZONEFW_PUBLISH && k->st->in &&
	       (k->from == k->to || k->st->in == out);
	s = zonefw_nat_source(k->p, &k->key, k->from, k->to, back);
	if (s.masquerade)
		return k->key.family == 4 ?
		       nf_nat_masquerade_ipv4(k->skb, NF_INET_POST_ROUTING, &range, out) :
		       nf_nat_masquerade_ipv6(k->skb, &range, out);
	if (!s.to)
		return NF_ACCEPT;
	range.flags = NF_NAT_RANGE_MAP_IPS;
	memcpy(&range.min_addr, s.to->addr, k->key.family == 4 ? 4 : 16);
	range.max_addr = range.min_addr;
	return nf_nat_setup_info(ct, &range, NF_NAT_MANIP_SRC);
}

/**
 * zonefw_nat_exhausted() - was there no free port left for a flow's source?
 * @ct: flow whose source has been chosen
 *
 * The NAT core then chooses one that is taken, and conntrack would drop the packet
 * in silence when it confirms the flow.
 *
 * Return: true if another flow has the same address and port towards the same end.
 */
bool zonefw_nat_exhausted(const struct nf_conn *ct)
{
	return test_bit(IPS_SRC_NAT_BIT, &ct->status) && !nf_ct_is_confirmed(ct) &&
	       nf_conntrack_tuple_taken(&ct->tuplehash[IP_CT_DIR_REPLY].tuple, ct);
}

#define OPS(fam, num, prio) \
	{ .hook = choose_destination, .pf = fam, .hooknum = num, .priority = prio }

static const struct nf_hook_ops nat_ops[] = {
	OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST - 1),
	OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST - 1),
	OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_NAT_DST - 1),
	OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_NAT_DST - 1),
};

static void unregister(struct net *net, int n)
{
	while (n--)
		if (nat_ops[n].pf == NFPROTO_IPV4)
			nf_nat_ipv4_unregister_fn(net, &nat_ops[n]);
		else
			nf_nat_ipv6_unregister_fn(net, &nat_ops[n]);
}

static int register_one(struct net *net, const struct nf_hook_ops *ops)
{
	return ops->pf == NFPROTO_IPV4 ? nf_nat_ipv4_register_fn(net, ops) :
					 nf_nat_ipv6_register_fn(net, ops);
}

/**
 * zonefw_nat_register() - take part in the namespace's NAT
 * @net: namespace, with conntrack switched on
 *
 * Return: 0 or -errno, with nothing left on.
 */
int zonefw_nat_register(struct net *net)
{
	int n, err;

	for (n = 0; n < ARRAY_SIZE(nat_ops); n++) {
		err = register_one(net, &nat_ops[n]);
		if (!err)
			continue;
		/* nf_nat_register_fn() leaves its own hooks on when its first user fails behind them */
		if (!register_one(net, &nat_ops[n]))
			n++;
		unregister(net, n);
		return err;
	}
	return 0;
}

/**
 * zonefw_nat_unregister() - take part no more; flows keep their entries
 * @net: namespace
 */
void zonefw_nat_unregister(struct net *net)
{
	unregister(net, ARRAY_SIZE(nat_ops));
}
