// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict on one packet whose zones are known: built-in rules, live flows
 * by the verdict cache, everything else by the matrix. Softirq or process
 * context with RCU read side held by netfilter; no lock is taken.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/netfilter/nf_conntrack.h>
#include "epoch.h"
#include "fast.h"
#include "judge.h"
#include "live.h"
#include "nat.h"
#include "skbkey.h"
#include "trace.h"
#include "vcache.h"
#include "verdict.h"

static unsigned int pass(const struct zonefw_pkt *k, u8 reason)
{
	zonefw_stat(k->zn, reason);
	zonefw_stat(k->zn, ZONEFW_S_ACCEPTED);
	if (zonefw_tracing(k->zn))
		zonefw_trace_packet(k, ZONEFW_ACCEPT, reason);
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
	zonefw_count_cell(zonefw_cell(k->p, k->from, k->to)->ident, r ? r->ident : NULL, k->skb->len);
}

static void serve(const struct zonefw_pkt *k, const struct zonefw_verdict *v)
{
	const struct zonefw_live *l = v->rule ? zonefw_rule_live(v->rule) : NULL;

	if (l && l->add)
		zonefw_live_add(v->rule, &k->key);
}

/* Rules that count or log and go on are served on the way. */
static void decide(struct zonefw_pkt *k, struct zonefw_verdict *v)
{
	zonefw_cursor_init(&v->cur);
	while (zonefw_goes_on(zonefw_classify(k->p, &k->key, k->from, k->to, v))) {
		serve(k, v);
		zonefw_count(v->rule->ident, k->skb->len);
		if (v->log)
			zonefw_log(k, v->log, zonefw_rule_id(v), v->action, v->reason);
	}
	serve(k, v);
}

/* May this packet speak for its flow? One that came by a way its source is not
 * routed by is judged for itself, and never changes what is known of a flow.
 */
static bool own_way(const struct zonefw_pkt *k)
{
	const struct net_device *in;

	if (k->st->hook == NF_INET_LOCAL_OUT || !k->st->in)
		return true;
	in = dev_get_by_index_rcu(k->zn->net, k->dev);
	return in && !zonefw_spoofed(k->zn->net, k->p, k->from, in, k->key.family, k->key.src);
}

/* A copy of a first packet from elsewhere does not take the flow over, also where the
 * cache knows nothing of the flow.
 */
static bool may_enter(const struct zonefw_pkt *k, const struct nf_conn *ct)
{
	u32 slot;

	if (!nf_ct_is_confirmed(ct))
		return true;
	switch (zonefw_vcache_find(k->zn->vcache, ct, k->p->gen,
				   zonefw_cell_at(k->p, k->from, k->to), &slot)) {
	case ZONEFW_HIT:
		return true;
	case ZONEFW_OTHER_ZONES:
		return false;
	default:
		return own_way(k);
	}
}

/* What a verdict on a flow is bound to, taken before the rules are asked. */
static struct zonefw_stamp stamp(const struct zonefw_pkt *k, const struct nf_conn *ct,
				 u16 from, u16 to)
{
	struct zonefw_stamp s = { .gen = k->p->gen, .cell = zonefw_cell_at(k->p, from, to) };

	if (ct && (!k->devs || k->devs->live))
		s.epoch = zonefw_epoch(k->zn, ct);
	return s;
}

static void remember(const struct zonefw_pkt *k, const struct nf_conn *ct,
		     struct zonefw_stamp *s, const struct zonefw_verdict *v, bool reply)
{
	s->slot = zonefw_slot(v);
	s->offloads = k->p->cells[s->cell].options & ZONEFW_CELL_OFFLOAD;
	s->way = zonefw_fast_way(k, ct, &k->p->cells[s->cell], reply);
	if (zonefw_vcache_enter(k->zn->vcache, ct, s))
		zonefw_stat(k->zn, ZONEFW_S_EVICTED);
}

static unsigned int queue(const struct zonefw_pkt *k, const struct zonefw_verdict *v)
{
	zonefw_stat(k->zn, ZONEFW_S_QUEUED);
	zonefw_stat(k->zn, v->reason);
	if (zonefw_tracing(k->zn))
		zonefw_trace_packet(k, ZONEFW_QUEUE, v->reason);
	return NF_QUEUE_NR(v->arg) |
	       ((v->rule->flags & ZONEFW_RULE_BYPASS) ? NF_VERDICT_FLAG_QUEUE_BYPASS : 0);
}

/* The flow is let in: known from now on, and its source is chosen. */
static unsigned int let_in(struct zonefw_pkt *k, struct nf_conn *ct, struct zonefw_stamp *s,
			   const struct zonefw_verdict *v)
{
	if (ct && k->p->snat && zonefw_nat_out(k, ct, v->rule) != NF_ACCEPT)
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_ERROR);
	if (ct && zonefw_nat_exhausted(ct))
		return zonefw_refuse(k, ZONEFW_REJECT, ZONEFW_REJ_ADMIN, ZONEFW_R_ERROR);
	if (v->action == ZONEFW_QUEUE)
		return queue(k, v);
	if (ct && may_enter(k, ct))
		remember(k, ct, s, v, false);
	if (ct && v->rule)
		zonefw_helper_assign(v->rule, ct);
	return pass(k, v->reason);
}

/* A packet that no connection speaks for: the rules decide. */
static unsigned int judge_new(struct zonefw_pkt *k, struct nf_conn *ct)
{
	struct zonefw_stamp s = stamp(k, ct, k->from, k->to);
	struct zonefw_verdict v ZONEFW_UNSET;

	k->key.ask = ZONEFW_ASK_NEW;
	k->key.skb = k->skb;
	decide(k, &v);
	k->rule = zonefw_rule_id(&v);
	k->logged = v.log;
	count_rule(k, v.rule);
	if (v.rule)
		zonefw_ident_hit(v.rule->ident, ct && !nf_ct_is_confirmed(ct) &&
				 (zonefw_lets_pass(v.action) || v.action == ZONEFW_QUEUE));
	if (v.log)
		zonefw_log(k, v.log, zonefw_rule_id(&v), v.action, v.reason);
	if (zonefw_lets_pass(v.action) || v.action == ZONEFW_QUEUE)
		return let_in(k, ct, &s, &v);
	return zonefw_refuse(k, v.action, v.arg, v.reason);
}

/* Is an announced connection between the two hosts of the one that announced it? Its helper may
 * have been told of any host. Sets @same when it goes the same way.
 */
static bool same_hosts(const struct nf_conn *ct, const struct nf_conn *master, bool *same)
{
	const union nf_inet_addr *client = &master->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	const union nf_inet_addr *server = &master->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3;
	const union nf_inet_addr *src = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	const union nf_inet_addr *dst = &ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3;

	*same = nf_inet_addr_cmp(src, client);
	return *same ? nf_inet_addr_cmp(dst, server) :
		       nf_inet_addr_cmp(src, server) && nf_inet_addr_cmp(dst, client);
}

/* The rule that lets the master of an expected flow in, if its helper comes from
 * that rule: as remembered, else by the zones of the expected flow, which is of
 * the master's two hosts.
 */
static bool expected(struct zonefw_pkt *k, const struct nf_conn *ct, u16 from, u16 to,
		     struct zonefw_verdict *v)
{
	const struct nf_conn *master = ct->master;
	struct zonefw_key key;
	bool same;

	if (!test_bit(IPS_EXPECTED_BIT, &ct->status) || !master ||
	    !zonefw_ct_key(master, &k->key, false, &key) || !same_hosts(ct, master, &same))
		return false;
	key.ask = ZONEFW_ASK_FLOW;
	key.flags = (key.flags & ~ZONEFW_K_MAC) | ZONEFW_K_REPLY;	/* nothing of the packet's own */
	zonefw_nat_facts(k->p, master, &key, same ? from : to);
	zonefw_decide(k->p, &key, same ? from : to, same ? to : from, v);
	return zonefw_lets_pass(v->action) && v->rule && zonefw_helper_of(v->rule, master);
}

/* What the policy says of a flow, as if it was asked anew; false: it can not be asked. */
static bool ask(struct zonefw_pkt *k, const struct nf_conn *ct, bool reply, u16 from, u16 to,
		struct zonefw_key *key, struct zonefw_verdict *v)
{
	if (!zonefw_ct_key(ct, &k->key, reply, key))
		return false;
	key->ask = ZONEFW_ASK_FLOW;
	zonefw_nat_facts(k->p, ct, key, from);
	if (!expected(k, ct, from, to, v))
		zonefw_decide(k->p, key, from, to, v);
	return true;
}

static bool lets_live(const struct zonefw_pkt *k, const struct zonefw_verdict *v)
{
	return zonefw_lets_pass(v->action) || v->action == ZONEFW_QUEUE || !k->p->opt.rematch;
}

/* The policy has changed, or forgot: judge the flow by its original direction.
 * The packet came by its own way.
 */
static unsigned int rematch(struct zonefw_pkt *k, struct nf_conn *ct, bool reply,
			    u16 from, u16 to)
{
	struct zonefw_stamp s = stamp(k, ct, from, to);
	struct zonefw_verdict v ZONEFW_UNSET;
	struct zonefw_key key;
	bool speaks;

	zonefw_stat(k->zn, ZONEFW_S_RECLASSIFIED);
	if (!ask(k, ct, reply, from, to, &key, &v))
		return zonefw_refuse(k, ZONEFW_DROP, 0, ZONEFW_R_ERROR);
	k->rule = zonefw_rule_id(&v);
	count_rule(k, v.rule);
	speaks = !key.guessed;
	if (v.action == ZONEFW_QUEUE) {
		v.reason = ZONEFW_R_ESTABLISHED;
		return queue(k, &v);
	}
	if (lets_live(k, &v)) {
		if (speaks)
			remember(k, ct, &s, &v, reply);
		return pass(k, ZONEFW_R_ESTABLISHED);
	}
	if (speaks && nf_ct_is_confirmed(ct))
		nf_ct_kill(ct);
	return zonefw_refuse(k, v.action, v.arg, ZONEFW_R_REMATCH);
}

/* A packet of a flow that conntrack knows. */
static unsigned int judge_flow(struct zonefw_pkt *k, struct nf_conn *ct, bool reply)
{
	u16 from = reply ? k->to : k->from, to = reply ? k->from : k->to;
	u32 slot;

	switch (zonefw_vcache_find(k->zn->vcache, ct, k->p->gen,
				   zonefw_cell_at(k->p, from, to), &slot)) {
	case ZONEFW_HIT:
		if (slot > k->p->nrules)	/* torn by halves on a 32-bit machine */
			return rematch(k, ct, reply, from, to);
		if (zonefw_cell(k->p, from, to)->live &&
		    !zonefw_vcache_fresh(k->zn->vcache, ct, zonefw_epoch(k->zn, ct)))
			return rematch(k, ct, reply, from, to);
		count_rule(k, slot ? k->p->rules[slot - 1] : NULL);
		k->rule = slot ? k->p->rules[slot - 1]->ident->id : 0;
		return pass(k, ZONEFW_R_ESTABLISHED);
	case ZONEFW_OTHER_ZONES:
		return judge_new(k, NULL);
	default:
		return own_way(k) ? rematch(k, ct, reply, from, to) : judge_new(k, NULL);
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

/* The first packets of a connection that another one has announced: let in by the
 * rule of that one if it assigned the helper, else judged as any other.
 */
static unsigned int judge_expected(struct zonefw_pkt *k, struct nf_conn *ct)
{
	struct zonefw_stamp s = stamp(k, ct, k->from, k->to);
	struct zonefw_verdict v;

	if (!expected(k, ct, k->from, k->to, &v))
		return judge_new(k, ct);
	k->rule = zonefw_rule_id(&v);
	v.reason = ZONEFW_R_RELATED;
	count_rule(k, v.rule);
	return let_in(k, ct, &s, &v);
}

/* An error about a flow came through the flow's own zones: as remembered, else where the
 * policy lets the flow through these. It says nothing of the flow's own packets.
 */
static bool is_of_flow(struct zonefw_pkt *k, const struct nf_conn *ct, bool reply)
{
	u16 from = reply ? k->to : k->from, to = reply ? k->from : k->to;
	struct zonefw_verdict v ZONEFW_UNSET;
	struct zonefw_key key;
	u32 slot;

	if (k->from == ZONEFW_ZONE_SELF)
		return true;
	switch (zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, zonefw_cell_at(k->p, from, to),
				   &slot)) {
	case ZONEFW_HIT:
		return true;
	case ZONEFW_OTHER_ZONES:
		return false;
	default:
		return ask(k, ct, true, from, to, &key, &v) && lets_live(k, &v);
	}
}

/* Related: an error about a live flow, or the kernel's own answer to a refused
 * packet (nf_ct_attach).
 */
static unsigned int judge_related(struct zonefw_pkt *k, struct nf_conn *ct, bool reply)
{
	if (k->st->hook == NF_INET_LOCAL_OUT && !test_bit(IPS_EXPECTED_BIT, &ct->status))
		return pass(k, ZONEFW_R_RELATED);
	if (!is_error(&k->key) && !reply && test_bit(IPS_EXPECTED_BIT, &ct->status))
		return judge_expected(k, ct);
	if (!is_error(&k->key) || !nf_ct_is_confirmed(ct) || !is_of_flow(k, ct, reply))
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

/**
 * zonefw_judge() - the verdict on a packet whose zones are known
 * @k: packet, with a policy
 *
 * Context: a filter hook, RCU read side.
 * Return: NF_ACCEPT, NF_DROP or a queue.
 */
unsigned int zonefw_judge(struct zonefw_pkt *k)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(k->skb, &info);
	int verdict;

	/* link-local and multicast addresses are in no net: the device decides */
	verdict = k->key.proto == IPPROTO_ICMPV6 && zonefw_dev_zoned(k->p, k->dev) ? builtin(k) : -1;
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
	if (info == IP_CT_NEW || info == IP_CT_ESTABLISHED)
		zonefw_nat_facts(k->p, ct, &k->key, k->from);
	switch (info) {
	case IP_CT_ESTABLISHED:
	case IP_CT_ESTABLISHED_REPLY:
		return judge_flow(k, ct, info == IP_CT_ESTABLISHED_REPLY);
	case IP_CT_RELATED:
	case IP_CT_RELATED_REPLY:
		return judge_related(k, ct, info == IP_CT_RELATED_REPLY);
	default:
		return judge_new(k, ct);
	}
}

/**
 * zonefw_judge_without() - the verdict where no policy is in force
 * @k: packet; only with boot=closed or panic is there a hook at all
 *
 * Context: a filter hook, RCU read side.
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int zonefw_judge_without(struct zonefw_pkt *k)
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
