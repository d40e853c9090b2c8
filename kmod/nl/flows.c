// SPDX-License-Identifier: GPL-2.0
/*
 * GET_FLOWS and KILL_FLOWS: live connections with their zones and deciding
 * rule, under the policy in force or this socket's candidate. A dump judges by
 * the policies that were there when it began, a batch of connections at a time.
 */
#include <net/netfilter/nf_conntrack.h>
#include <net/sock.h>
#include "candidate.h"
#include "family.h"
#include "filter.h"
#include "flow.h"
#include "gen.h"
#include "notify.h"
#include "offload.h"

#define TURNS	16	/* of zonefw_flows_next() for one message */

struct walk {
	struct zonefw_ns *zn;
	struct zonefw_policy *p, *cand;
	struct zonefw_filter filter;
	struct zonefw_walk at;
	u32 n, next;
	bool end;
	struct nf_conn *ct[ZONEFW_FLOW_BATCH];
};

static struct walk *walk_of(struct netlink_callback *cb)
{
	return *(struct walk **)cb->ctx;
}

/* What a packet shows and a connection does not remember cannot pick it out. */
static int filter_check(const struct zonefw_filter *f, struct netlink_ext_ack *extack)
{
	const struct zonefw_rule *r = f->match ? f->match->rules[0] : NULL;

	if (!r || (!r->nin && !r->nout && !r->nmac && !r->has_mark && !r->has_dscp))
		return 0;
	NL_SET_ERR_MSG(extack, "a connection is picked out by zones, rule, protocol, addresses and ports, not by device, mac, mark or dscp");
	return -EINVAL;
}

static int parse(struct walk *w, struct nlattr **tb, struct netlink_ext_ack *extack)
{
	int err = zonefw_filter_parse(&w->filter, tb, extack);

	return err ? err : filter_check(&w->filter, extack);
}

static void walk_free(struct walk *w)
{
	while (w->next < w->n)
		nf_ct_put(w->ct[w->next++]);
	zonefw_filter_free(&w->filter);
	zonefw_policy_put(w->p);
	zonefw_policy_put(w->cand);
	kfree(w);
}

static int candidate_of(struct walk *w, struct netlink_callback *cb, struct nlattr *at)
{
	if (!at || !nla_get_u8(at))
		return 0;
	w->cand = zonefw_candidate_get(w->zn, NETLINK_CB(cb->skb).portid);
	if (w->cand)
		return 0;
	NL_SET_ERR_MSG(cb->extack, "this socket has sent no candidate");
	return -ENOENT;
}

int zonefw_flows_start(struct netlink_callback *cb)
{
	struct nlattr *tb[ARRAY_SIZE(zonefw_flows_policy)];
	struct netlink_ext_ack unheard = { };	/* some kernels give a dump none */
	struct netlink_ext_ack *extack = cb->extack ? cb->extack : &unheard;
	int err = zonefw_nl_allowed(cb->skb, extack);
	struct walk *w;

	if (!err)
		err = genlmsg_parse(cb->nlh, &zonefw_family, tb, ARRAY_SIZE(tb) - 1,
				    zonefw_flows_policy, extack);
	if (err)
		return err;
	w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	w->zn = zonefw_ns(sock_net(cb->skb->sk));
	w->p = zonefw_policy_get(w->zn);
	err = parse(w, tb, extack);
	if (!err)
		err = candidate_of(w, cb, tb[ZONEFW_A_CANDIDATE]);
	if (err)
		walk_free(w);
	else
		*(struct walk **)cb->ctx = w;
	return err;
}

int zonefw_flows_done(struct netlink_callback *cb)
{
	walk_free(walk_of(cb));
	return 0;
}

/* Is it one to show? @f as the policy asked for sees it, @was the rule in force. */
static bool look(const struct walk *w, const struct nf_conn *ct, struct zonefw_flow *f, u32 *was)
{
	struct zonefw_flow live = { };
	bool ok;

	rcu_read_lock();
	ok = !w->p || zonefw_flow_live(w->zn, w->p, ct, &live);
	*was = zonefw_rule_id(&live.v);
	if (ok && w->cand)
		ok = zonefw_flow_under(w->zn, w->p, w->cand, ct, f) &&
		     (!zonefw_flow_allowed(f) || zonefw_rule_id(&f->v) != *was);
	else
		*f = live;
	ok = ok && zonefw_filter_match(&w->filter, &f->key, f->from, f->to, zonefw_rule_id(&f->v));
	rcu_read_unlock();
	return ok;
}

static int put_orig(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *o = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	int len = nf_ct_l3num(ct) == NFPROTO_IPV4 ? 4 : 16;

	if (!test_bit(IPS_DST_NAT_BIT, &ct->status))
		return 0;
	return nla_put(skb, ZONEFW_A_ORIG_DST, len, &o->dst.u3) ||
	       nla_put_u16(skb, ZONEFW_A_ORIG_DPORT, ntohs(o->dst.u.all)) ? -EMSGSIZE : 0;
}

static int put_flow(struct sk_buff *skb, const struct zonefw_ns *zn, const struct nf_conn *ct,
		    const struct zonefw_flow *f, u32 was)
{
	if (zonefw_put_key(skb, &f->key) || put_orig(skb, ct) ||
	    nla_put_u16(skb, ZONEFW_A_FROM, f->from) || nla_put_u16(skb, ZONEFW_A_TO, f->to) ||
	    nla_put_u32(skb, ZONEFW_A_ID, zonefw_rule_id(&f->v)) ||
	    nla_put_u32(skb, ZONEFW_A_INDEX, zonefw_slot(&f->v)) ||
	    nla_put_u32(skb, ZONEFW_A_WAS_ID, was) ||
	    nla_put_u8(skb, ZONEFW_A_ACTION, zonefw_lets_pass(f->v.action) ? ZONEFW_ACCEPT : f->v.action) ||
	    nla_put_u8(skb, ZONEFW_A_REASON, f->v.reason) ||
	    nla_put_u8(skb, ZONEFW_A_BY_ROUTE, f->by_route) ||
	    nla_put_u8(skb, ZONEFW_A_OFFLOADED, zonefw_offload_has(zn, ct)) ||
	    nla_put_u32(skb, ZONEFW_A_EXPIRES, nf_ct_expires(ct) / HZ))
		return -EMSGSIZE;
	return 0;
}

static int fill(struct sk_buff *skb, struct netlink_callback *cb, const struct walk *w,
		const struct nf_conn *ct)
{
	struct zonefw_flow f;
	u32 was;
	void *h;

	if (!look(w, ct, &f, &was))
		return 0;
	h = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &zonefw_family,
			NLM_F_MULTI, ZONEFW_CMD_GET_FLOWS);
	if (!h)
		return -EMSGSIZE;
	if (put_flow(skb, w->zn, ct, &f, was)) {
		genlmsg_cancel(skb, h);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, h);
	return 0;
}

/* Others have their turn: what is there is sent, or a message that says nothing, as none ends a dump. */
static int pause(struct sk_buff *skb, struct netlink_callback *cb)
{
	if (!skb->len && !nlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLMSG_NOOP,
				    0, NLM_F_MULTI))
		return -EMSGSIZE;
	return skb->len;
}

/* Generic netlink stands still meanwhile, in all namespaces: a message ends after some turns. */
int zonefw_flows_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct walk *w = walk_of(cb);
	u32 turns = 0;

	while (w->p || w->cand) {
		if (w->next == w->n) {
			w->next = w->n = 0;
			if (w->end)
				break;
			if (turns++ == TURNS)
				return pause(skb, cb);
			w->end = !zonefw_flows_next(w->zn->net, &w->at, w->ct, &w->n);
			continue;
		}
		if (fill(skb, cb, w, w->ct[w->next]))
			break;
		nf_ct_put(w->ct[w->next++]);
	}
	return skb->len;
}

struct kill {
	struct walk *w;
	u32 n;
};

/* Under the lock of a bucket, bottom halves off: conntrack's own walk misses none. */
static int kill_one(struct nf_conn *ct, void *data)
{
	struct kill *k = data;
	struct zonefw_flow f;
	u32 was;

	if (!look(k->w, ct, &f, &was))
		return 0;
	k->n++;
	return 1;
}

static int kill_reply(struct genl_info *info, u32 n)
{
	struct sk_buff *msg = genlmsg_new(64, GFP_KERNEL);
	void *h = msg ? genlmsg_put_reply(msg, info, &zonefw_family, 0, ZONEFW_CMD_KILL_FLOWS) :
		  NULL;

	if (!h || nla_put_u32(msg, ZONEFW_A_COUNT, n)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}

/**
 * zonefw_flows_kill_doit() - end the connections that match
 * @skb: request
 * @info: request: FROM, TO, ID, RULE; all of them must fit
 *
 * Return: 0 or -errno with a sentence.
 */
int zonefw_flows_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nf_ct_iter_data iter = { .net = genl_info_net(info) };
	int err = zonefw_nl_allowed(skb, info->extack);
	struct kill k = { };

	if (err)
		return err;
	k.w = kzalloc(sizeof(*k.w), GFP_KERNEL_ACCOUNT);
	if (!k.w)
		return -ENOMEM;
	k.w->zn = zonefw_ns(iter.net);
	k.w->p = zonefw_policy_get(k.w->zn);
	iter.data = &k;
	err = parse(k.w, info->attrs, info->extack);
	if (!err && !k.w->p) {
		NL_SET_ERR_MSG(info->extack, "there is no policy, and so no connection of it");
		err = -ENOENT;
	}
	if (!err)
		nf_ct_iterate_cleanup_net(kill_one, &iter);
	walk_free(k.w);
	return err ? err : kill_reply(info, k.n);
}
