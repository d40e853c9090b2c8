// SPDX-License-Identifier: GPL-2.0
/*
 * EXPLAIN: a packet described by attributes goes through the packet path's own
 * zone lookup, spoof check and classifier. Counts nothing, changes nothing.
 */
#include <linux/inetdevice.h>
#include <linux/nospec.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include "apply.h"
#include "book.h"
#include "candidate.h"
#include "family.h"
#include "nat.h"
#include "notify.h"
#include "verdict.h"

struct question {
	struct zonefw_policy *p;
	struct net *net;
	struct zonefw_key k;
	char in[ZONEFW_DEVNAME], out[ZONEFW_DEVNAME];
	u16 from, to;
	u32 rule, slot;
	u8 action, reason;
	bool dnat, snat;
	u8 source[16];		/* with snat */
};

static int fail(struct genl_info *info, int attr, const char *why)
{
	if (!info->attrs[attr])
		return zonefw_refuse_missing(info->extack, NULL, attr, why);
	NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	info->extack->_msg = why;
	return -EINVAL;
}

static int address(struct genl_info *info, int attr, struct zonefw_key *k, u8 *to)
{
	struct nlattr *at = info->attrs[attr];
	u8 family;

	if (!at || (nla_len(at) != 4 && nla_len(at) != 16))
		return fail(info, attr, "a source and a destination address of 4 or 16 bytes are needed");
	family = nla_len(at) == 4 ? 4 : 6;
	if (k->family && k->family != family)
		return fail(info, attr, "source and destination are of different families");
	k->family = family;
	memcpy(to, nla_data(at), nla_len(at));
	return 0;
}

static int key_parse(struct genl_info *info, struct zonefw_key *k)
{
	struct nlattr **a = info->attrs;
	int err = address(info, ZONEFW_A_EX_SRC, k, k->src);

	if (!err)
		err = address(info, ZONEFW_A_EX_DST, k, k->dst);
	if (err)
		return err;
	if (!a[ZONEFW_A_EX_PROTO])
		return fail(info, ZONEFW_A_EX_PROTO, "the protocol is missing");
	k->proto = nla_get_u8(a[ZONEFW_A_EX_PROTO]);
	if (a[ZONEFW_A_EX_SPORT] || a[ZONEFW_A_EX_DPORT])
		k->flags |= ZONEFW_K_PORTS;
	k->sport = a[ZONEFW_A_EX_SPORT] ? nla_get_u16(a[ZONEFW_A_EX_SPORT]) : 0;
	k->dport = a[ZONEFW_A_EX_DPORT] ? nla_get_u16(a[ZONEFW_A_EX_DPORT]) : 0;
	if (a[ZONEFW_A_EX_TYPE]) {
		k->flags |= ZONEFW_K_TYPE;
		k->type = nla_get_u8(a[ZONEFW_A_EX_TYPE]);
		k->code = a[ZONEFW_A_EX_CODE] ? nla_get_u8(a[ZONEFW_A_EX_CODE]) : 0;
	}
	return 0;
}

/* Where the routing table sends it; the name "lo" means this host. */
static void route4(struct question *q)
{
	struct flowi4 fl = { };
	struct rtable *rt;

	memcpy(&fl.daddr, q->k.dst, 4);
	fl.flowi4_mark = q->k.mark;
	rt = ip_route_output_key(q->net, &fl);
	if (IS_ERR(rt))
		return;
	strscpy(q->out, rt->dst.dev->name, sizeof(q->out));
	ip_rt_put(rt);
}

static void route6(struct question *q)
{
	struct flowi6 fl = { };
	struct dst_entry *dst;

	memcpy(&fl.daddr, q->k.dst, 16);
	dst = ip6_route_output(q->net, NULL, &fl);
	if (!dst->error)
		strscpy(q->out, dst->dev->name, sizeof(q->out));
	dst_release(dst);
}

static int ifindex_of(struct net *net, const char *name)
{
	struct net_device *dev = *name ? dev_get_by_name_rcu(net, name) : NULL;

	return dev ? dev->ifindex : 0;
}

static int zone_word(struct genl_info *info, int attr, const struct question *q, u16 *zone)
{
	*zone = nla_get_u16(info->attrs[attr]);
	if (*zone != ZONEFW_ZONE_NONE && *zone >= q->p->nz)
		return fail(info, attr, "no such zone");
	if (*zone != ZONEFW_ZONE_NONE)
		*zone = array_index_nospec(*zone, q->p->nz);
	return 0;
}

static struct net_device *device_of(const struct question *q, const char *name, u16 zone)
{
	struct net_device *dev;

	if (*name)
		return dev_get_by_name_rcu(q->net, name);
	for_each_netdev_rcu(q->net, dev)
		if (zonefw_dev_named(q->p, dev->ifindex, zone))
			return dev;
	return NULL;
}

/* PRE_ROUTING, or LOCAL_OUT: the destination is another one from here on. */
static void destination(struct question *q)
{
	const struct zonefw_rule *r = zonefw_nat_find(q->p, q->net, q->from, &q->k);
	const struct net_device *in = NULL;
	struct nf_nat_range2 to;
	u8 dst[16];

	q->k.flags &= ~ZONEFW_K_EARLY;
	if (q->from != ZONEFW_ZONE_SELF)
		in = device_of(q, q->in, q->from);
	if (!r || !zonefw_nat_target(q->net, in, r, &q->k, &to))
		return;
	q->dnat = true;
	memcpy(dst, q->k.dst, sizeof(dst));
	memcpy(q->k.dst, &to.min_addr, q->k.family == 4 ? 4 : 16);
	zonefw_nat_before(q->p, q->net, &q->k, dst, q->k.dport);
	if (to.flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		q->k.dport = ntohs(to.min_proto.all);
}

static bool masquerade(struct question *q, const struct net_device *out)
{
	struct in6_addr dst;
	__be32 addr;

	if (!out)
		return false;
	if (q->k.family == 4) {
		addr = inet_select_addr(out, 0, RT_SCOPE_UNIVERSE);
		memcpy(q->source, &addr, 4);
		return addr;
	}
	memcpy(&dst, q->k.dst, sizeof(dst));
	return !ipv6_dev_get_saddr(q->net, out, &dst, 0, (struct in6_addr *)q->source);
}

/* POST_ROUTING: what is let in may leave under another address. */
static void source(struct question *q, const struct zonefw_rule *r)
{
	const struct net_device *out = device_of(q, q->out, q->to);
	bool back = r && r->action == ZONEFW_PUBLISH && q->from != ZONEFW_ZONE_SELF &&
		    (q->from == q->to || (*q->in && !strcmp(q->in, q->out)));
	struct zonefw_source s;

	if (q->to == ZONEFW_ZONE_SELF)
		return;
	s = zonefw_nat_source(q->p, &q->k, q->from, q->to, back);
	q->snat = s.to || (s.masquerade && masquerade(q, out));
	if (s.to)
		memcpy(q->source, s.to->addr, sizeof(q->source));
}

static int zones_find(struct genl_info *info, struct question *q)
{
	struct nlattr **a = info->attrs;
	int idx, err = 0;

	if (a[ZONEFW_A_EX_IN]) {
		nla_strscpy(q->in, a[ZONEFW_A_EX_IN], sizeof(q->in));
		idx = ifindex_of(q->net, q->in);
		if (!idx)
			return fail(info, ZONEFW_A_EX_IN, "no such device");
		q->from = zonefw_zone_of(q->p, idx, q->k.family, q->k.src);
	} else if (a[ZONEFW_A_FROM]) {
		err = zone_word(info, ZONEFW_A_FROM, q, &q->from);
	} else {
		return fail(info, ZONEFW_A_FROM, "say where the packet comes from: a device or a zone");
	}
	if (err)
		return err;
	destination(q);
	if (a[ZONEFW_A_TO])
		return zone_word(info, ZONEFW_A_TO, q, &q->to);
	if (a[ZONEFW_A_EX_OUT])
		nla_strscpy(q->out, a[ZONEFW_A_EX_OUT], sizeof(q->out));
	else if (q->k.family == 4)
		route4(q);
	else
		route6(q);
	idx = ifindex_of(q->net, q->out);
	if (a[ZONEFW_A_EX_OUT] && !idx)
		return fail(info, ZONEFW_A_EX_OUT, "no such device");
	q->to = idx ? zonefw_zone_of(q->p, idx, q->k.family, q->k.dst) : ZONEFW_ZONE_NONE;
	if (q->to == ZONEFW_ZONE_SELF)
		q->out[0] = 0;
	return 0;
}

static bool spoofed(const struct question *q)
{
	struct net_device *dev = *q->in ? dev_get_by_name_rcu(q->net, q->in) : NULL;

	return dev && q->from != ZONEFW_ZONE_SELF &&
	       zonefw_antispoof(q->p, q->from, dev, q->k.family, q->k.src) &&
	       zonefw_spoofed(q->net, q->p, q->from, dev, q->k.family, q->k.src);
}

static void decide(struct question *q)
{
	struct zonefw_verdict v;

	q->action = ZONEFW_ACCEPT;
	q->reason = ZONEFW_R_BUILTIN;
	if (q->from == ZONEFW_ZONE_SELF && q->to == ZONEFW_ZONE_SELF)
		return;		/* loopback */
	q->action = ZONEFW_DROP;
	q->reason = ZONEFW_R_UNZONED;
	if (q->from == ZONEFW_ZONE_NONE || q->to == ZONEFW_ZONE_NONE)
		return;
	q->reason = ZONEFW_R_SPOOFED;
	if (spoofed(q))
		return;
	q->k.in = *q->in ? q->in : NULL;
	q->k.out = *q->out ? q->out : NULL;
	zonefw_decide(q->p, &q->k, q->from, q->to, &v);
	q->reason = v.reason;
	q->rule = zonefw_rule_id(&v);
	q->slot = zonefw_slot(&v);
	q->action = zonefw_lets_pass(v.action) ? ZONEFW_ACCEPT : v.action;
	if (q->action == ZONEFW_ACCEPT || q->action == ZONEFW_QUEUE)
		source(q, v.rule);
}

static int put_nat(struct sk_buff *msg, const struct question *q)
{
	int len = q->k.family == 4 ? 4 : 16;

	if (q->dnat && (nla_put(msg, ZONEFW_A_EX_DNAT, len, q->k.dst) ||
			(q->k.flags & ZONEFW_K_PORTS && nla_put_u16(msg, ZONEFW_A_EX_DNAT_PORT, q->k.dport))))
		return -EMSGSIZE;
	return q->snat ? nla_put(msg, ZONEFW_A_EX_SNAT, len, q->source) : 0;
}

static int reply(struct genl_info *info, const struct question *q)
{
	struct sk_buff *msg = genlmsg_new(512, GFP_KERNEL);
	void *h;

	if (!msg)
		return -ENOMEM;
	h = genlmsg_put_reply(msg, info, &zonefw_family, 0, ZONEFW_CMD_EXPLAIN);
	if (!h || nla_put_u16(msg, ZONEFW_A_FROM, q->from) ||
	    nla_put_u16(msg, ZONEFW_A_TO, q->to) || nla_put_u32(msg, ZONEFW_A_ID, q->rule) ||
	    nla_put_u32(msg, ZONEFW_A_INDEX, zonefw_rule_rank(q->p, q->slot)) ||
	    nla_put_u8(msg, ZONEFW_A_ACTION, q->action) ||
	    nla_put_u8(msg, ZONEFW_A_REASON, q->reason) ||
	    nla_put_string(msg, ZONEFW_A_EX_IN, q->in) ||
	    nla_put_string(msg, ZONEFW_A_EX_OUT, q->out) || put_nat(msg, q)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}

static int policy_of(struct genl_info *info, struct zonefw_ns *zn, struct question *q)
{
	struct nlattr *at = info->attrs[ZONEFW_A_CANDIDATE];

	if (!at || !nla_get_u8(at)) {
		q->p = zonefw_policy_get(zn);
		return 0;
	}
	q->p = zonefw_candidate_get(zn, info->snd_portid);
	return q->p ? 0 : fail(info, ZONEFW_A_CANDIDATE, "this socket has sent no candidate");
}

static void without_policy(struct question *q, const struct zonefw_ns *zn)
{
	bool closed = READ_ONCE(zn->closed);

	q->from = q->to = ZONEFW_ZONE_NONE;
	q->action = closed ? ZONEFW_DROP : ZONEFW_ACCEPT;
	q->reason = closed ? ZONEFW_R_CLOSED : ZONEFW_R_NO_POLICY;
}

/**
 * zonefw_explain_doit() - what would happen to this packet
 * @skb: request
 * @info: request with EX_SRC, EX_DST, EX_PROTO and a device or zone on each side
 *
 * Return: 0 or -errno with a sentence.
 */
int zonefw_explain_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct question q = { .net = genl_info_net(info) };
	int err = zonefw_nl_allowed(skb, info->extack);

	if (!err)
		err = key_parse(info, &q.k);
	if (!err)
		err = policy_of(info, zn, &q);
	if (err)
		return err;
	rcu_read_lock();
	if (q.p) {
		err = zones_find(info, &q);
		if (!err)
			decide(&q);
	} else {
		without_policy(&q, zn);
	}
	rcu_read_unlock();
	if (READ_ONCE(zn->panic)) {
		q.rule = 0;
		q.slot = 0;
		q.action = ZONEFW_DROP;
		q.reason = ZONEFW_R_PANIC;
	}
	zonefw_policy_put(q.p);
	return err ? err : reply(info, &q);
}
