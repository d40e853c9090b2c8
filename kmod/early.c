// SPDX-License-Identifier: GPL-2.0
/*
 * Early drop: what the first rules of a source zone's whole row deny, whatever
 * the egress zone, is dropped before conntrack and routing have any work.
 *
 * A rule is one of these when it drops, covers every cell of the row, looks at
 * the family, the source and the clock only, and nothing that covers a cell of
 * the row stands before it but its like. The source that it sees is the one of
 * FORWARD and LOCAL_IN, as only destinations are translated in between. Each
 * fragment has it; one that conntrack has to be asked about goes on, for its ports.
 * guard.c and hook.c ask for them, each before conntrack.
 *
 * A rule of the row denies what opens a flow from the zone, and packets of flows
 * that were opened so. It does not deny answers to flows into the zone, nor
 * ICMP errors about flows: those go on to conntrack. Whether a packet is an
 * answer is known without asking where the policy lets no flow of its protocol into
 * the zone; else conntrack's table is looked up for a packet that a rule would drop.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include "book.h"
#include "early.h"
#include "live.h"
#include "skbkey.h"
#include "trace.h"

bool zonefw_early_on __read_mostly = true;

/* Protocols by which flows may be open into a zone. */
enum { TCP = 1, UDP = 2, OTHER = 4, ANY = TCP | UDP | OTHER };

static u8 protocol_bit(u8 proto)
{
	return proto == IPPROTO_TCP ? TCP : proto == IPPROTO_UDP ? UDP : OTHER;
}

/**
 * zonefw_early_wants() - is a rule about sources alone, so that it may drop early?
 * @r: rule
 *
 * Return: true if so. A packed rule has no list to look into.
 */
bool zonefw_early_wants(const struct zonefw_rule *r)
{
	const struct zonefw_live *l = zonefw_rule_live(r);
	u32 i;

	if (r->packed || r->action != ZONEFW_DROP || r->nl4 || r->ndst || r->nnat || !zonefw_rule_plain(r))
		return false;
	for (i = 0; l && i < ZONEFW_PICKS; i++)
		if (l->pick[i].nset && i != ZONEFW_PICK_SRC)
			return false;
	if (l && (l->limit.cost || l->has_conns || l->add_by))
		return false;
	return r->nsrc || (l && l->pick[ZONEFW_PICK_SRC].nset);
}

/* How many cells of the row does a rule cover? */
static u32 covers(const struct zonefw_policy *p, const struct zonefw_rule *r, u16 from)
{
	u32 n = 0;
	u16 to;

	r = zonefw_rule_like(r);
	if (!zonefw_zone_covers(p->parent, r->from, r->nfrom, from) && !r->also_from)
		return 0;
	for (to = 0; to < p->nz; to++)
		n += zonefw_rule_between(p->parent, r, from, to);
	return n;
}

static void row_build(struct zonefw_policy *p, struct zonefw_early *e, u16 from)
{
	const struct zonefw_rule *r;
	struct zonefw_turn t = { };
	u32 i, n;

	for (i = 0; i < ZONEFW_EARLY_LOOK && e->n < ZONEFW_EARLY_MAX; i++) {
		r = zonefw_rule_next(p, &t);
		n = r ? covers(p, r, from) : 0;
		if (!r || (n && (n < p->nz || !zonefw_early_wants(r))))
			return;
		if (n)
			e->rule[e->n++] = r;
	}
}

/**
 * zonefw_early_protocols() - what kinds of flows may a rule be about?
 * @r: rule
 *
 * Return: a bit each for TCP, UDP and all others; of a packed rule those of its shelf.
 */
u8 zonefw_early_protocols(const struct zonefw_rule *r)
{
	u8 bits = 0;
	u16 i;

	if (r->packed)
		return zonefw_shelf_of(r)->protocols;
	for (i = 0; i < r->nl4; i++)
		bits |= r->l4[i].flags & ZONEFW_L4_F_PROTO ? protocol_bit(r->l4[i].proto) : ANY;
	return r->nl4 ? bits : ANY;
}

static bool has_helper(const struct zonefw_rule *r)
{
	const struct zonefw_live *l = zonefw_rule_live(r);
	u16 i;

	for (i = 0; l && i < ZONEFW_HELPERS; i++)
		if (l->helper[i])
			return true;
	return false;
}

/* May a rule let flows in, and into which zones? A helper may announce whatever it likes.
 * True: of any protocol into all.
 */
static bool mark_rule(const struct zonefw_policy *p, const struct zonefw_rule *r,
		      struct zonefw_early *e)
{
	bool helper = has_helper(r);
	u8 bits = helper ? ANY : zonefw_early_protocols(r);
	u16 z, i;

	if (zonefw_goes_on(r->action) || r->action == ZONEFW_DROP || r->action == ZONEFW_REJECT)
		return false;
	r = zonefw_rule_like(r);
	for (i = 0; i < r->nto; i++) {
		if (r->to[i] < p->nz && !r->hairpin && !r->also_from && !helper) {
			e[r->to[i]].asks |= bits;
			continue;
		}
		for (z = 0; z < p->nz; z++)
			e[z].asks |= bits;
		return bits == ANY;
	}
	return false;
}

static void mark_defaults(const struct zonefw_policy *p, struct zonefw_early *e)
{
	u16 from, to, z;

	for (from = 0; from < p->nz; from++)
		for (to = 0; to < p->nz; to++) {
			const struct zonefw_celldef *d = zonefw_cell(p, from, to)->def;

			if (d && d->action != ZONEFW_DROP && d->action != ZONEFW_REJECT)
				e[to].asks = ANY;
		}
	for (to = 0; to < p->nz; to++)
		for (z = p->parent[to]; z; z = p->parent[z])
			e[to].asks |= e[z].asks;
}

/**
 * zonefw_early_build() - find what each row denies first
 * @p: policy whose rules and defaults are in place; one that comes back has it already
 *
 * Not where open connections keep what an earlier policy gave them (rematch off).
 *
 * Return: 0 or -ENOMEM. Context: may sleep.
 */
int zonefw_early_build(struct zonefw_policy *p)
{
	const struct zonefw_rule *r;
	struct zonefw_turn t = { };
	struct zonefw_early *e;
	u32 found = 0, i = 0;
	u16 z;

	if (p->early || !READ_ONCE(zonefw_early_on) || !p->opt.rematch)
		return 0;
	e = kvcalloc(p->nz, sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	for (z = 1; z < p->nz; z++) {
		row_build(p, &e[z], z);
		found += e[z].n;
		cond_resched();
	}
	if (!found) {
		kvfree(e);
		return 0;
	}
	while ((r = zonefw_rule_next(p, &t)) && !mark_rule(p, r, e)) {
		if (!(i++ % 4096))
			cond_resched();
	}
	mark_defaults(p, e);
	p->early = e;
	return 0;
}

/* Does the packet answer a flow, or may it belong to one that another has announced? One that
 * somebody has tied to a flow already (tc) goes on, too: only conntrack can tell.
 */
static bool answers(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple t;
	struct nf_conn *ct;
	bool open;

	if (skb_nfct(skb) || !nf_ct_get_tuplepr(skb, skb_network_offset(skb), st->pf, st->net, &t))
		return true;
	h = nf_conntrack_find_get(st->net, &nf_ct_zone_dflt, &t);
	if (!h)
		return __nf_ct_expect_find(st->net, &nf_ct_zone_dflt, &t);
	ct = nf_ct_tuplehash_to_ctrack(h);
	open = NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY || test_bit(IPS_EXPECTED_BIT, &ct->status);
	nf_ct_put(ct);
	return open;
}

/**
 * zonefw_early_rule() - the rule of a row that is about a source
 * @p: policy
 * @e: what the row denies first
 * @family: 4 or 6
 * @src: source
 *
 * Context: RCU read side.
 * Return: the rule, or NULL.
 */
const struct zonefw_rule *zonefw_early_rule(const struct zonefw_policy *p,
					    const struct zonefw_early *e, u8 family, const u8 *src)
{
	u8 i;

	for (i = 0; i < e->n; i++) {
		const struct zonefw_rule *r = e->rule[i];

		if (r->family && r->family != family)
			continue;
		if (!zonefw_addrs_match(r->src, r->nsrc, r->flags & ZONEFW_RULE_NEG_SRC, family, src))
			continue;
		if (r->live && !zonefw_live_source(r->live, p->view, family, src))
			continue;
		return r;
	}
	return NULL;
}

/**
 * zonefw_early_goes_on() - is a packet judged later, though its source is denied?
 * @e: what the row denies first
 * @skb: packet without IPv4 options or IPv6 extension headers
 * @st: where it is: before defragmentation and conntrack
 *
 * Context: RCU read side.
 * Return: true for errors of other flows, and for answers.
 */
bool zonefw_early_goes_on(const struct zonefw_early *e, struct sk_buff *skb,
			  const struct nf_hook_state *st)
{
	u8 proto = st->pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;

	if (proto == (st->pf == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return true;
	return e->asks & protocol_bit(proto) && answers(skb, st);
}

/**
 * zonefw_early_drop() - drop a packet as its rule would have done later
 * @k: packet with its ingress zone; the egress zone is not known
 * @r: the rule
 *
 * Return: NF_DROP.
 */
unsigned int zonefw_early_drop(struct zonefw_pkt *k, const struct zonefw_rule *r)
{
	k->rule = r->ident->id;
	k->logged = r->log;
	zonefw_count(r->ident, k->skb->len);
	zonefw_ident_hit(r->ident, false);
	zonefw_stat(k->zn, ZONEFW_S_EARLY);
	if (r->log || zonefw_tracing(k->zn)) {
		zonefw_skb_key(k->skb, k->st, &k->key);
		k->key.mark &= ~k->p->opt.tag_mask;
	}
	if (r->log)
		zonefw_log(k, r->log, k->rule, ZONEFW_DROP, ZONEFW_R_RULE);
	return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_RULE);
}
