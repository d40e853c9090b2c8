// SPDX-License-Identifier: GPL-2.0
/*
 * Live connections for the control plane: a walk over conntrack's table, and
 * what a policy says of one of them. Process context; a walk holds one bucket's
 * lock at a time and hands out references, so that nothing is judged under it.
 *
 * The zones of a connection are those its packets showed, as the verdict cache
 * has them. Where it has none (evicted, idle since the last commit, another
 * policy asked) they are those of the devices by which its two ends are routed;
 * the two may differ with asymmetric routing, and the cache then is right.
 */
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/route.h>
#include "flow.h"
#include "nat.h"
#include "skbkey.h"
#include "vcache.h"

#define BUCKETS	1024	/* looked at in one go: a table may be large and empty */

/* At most @room of a bucket; *@full: it may have more. */
static u32 take(struct net *net, const struct zonefw_walk *w, struct nf_conn **out, u32 room,
		bool *full)
{
	spinlock_t *lock = &nf_conntrack_locks[w->bucket % CONNTRACK_LOCKS];
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	u32 got = 0, at = 0;

	*full = false;
	local_bh_disable();
	nf_conntrack_lock(lock);
	__acquire(lock);	/* for sparse: the header does not say so */
	if (w->bucket >= nf_conntrack_htable_size)
		goto out;
	hlist_nulls_for_each_entry(h, n, &nf_conntrack_hash[w->bucket], hnnode) {
		struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

		if (NF_CT_DIRECTION(h) != IP_CT_DIR_ORIGINAL || !net_eq(nf_ct_net(ct), net) ||
		    nf_ct_is_expired(ct) || nf_ct_is_dying(ct) || at++ < w->skip)
			continue;
		*full = got == room;
		if (*full)
			break;
		if (refcount_inc_not_zero(&ct->ct_general.use))
			out[got++] = ct;
	}
out:
	spin_unlock(lock);
	local_bh_enable();
	return got;
}

/**
 * zonefw_flows_next() - the next connections of a namespace
 * @net: namespace
 * @w: where the walk stands; zero at first
 * @ct: room for ZONEFW_FLOW_BATCH, each with a reference that is the caller's
 * @n: out: how many; none is not the end
 *
 * A connection that comes or goes during the walk is shown or not; when
 * conntrack resizes its table meanwhile, others may be missed or shown twice.
 *
 * Context: may sleep.
 * Return: false at the end.
 */
bool zonefw_flows_next(struct net *net, struct zonefw_walk *w, struct nf_conn **ct, u32 *n)
{
	u32 buckets, got;
	bool full;

	for (*n = 0, buckets = 0; buckets < BUCKETS && *n < ZONEFW_FLOW_BATCH; buckets++) {
		got = take(net, w, ct + *n, ZONEFW_FLOW_BATCH - *n, &full);
		*n += got;
		if (full) {
			w->skip += got;
			break;
		}
		WRITE_ONCE(w->bucket, w->bucket + 1);	/* a sweep's is shown */
		w->skip = 0;
	}
	cond_resched();
	return w->bucket < READ_ONCE(nf_conntrack_htable_size);
}

static int route4(struct net *net, const u8 *to, char *name)
{
	struct flowi4 fl = { };
	struct rtable *rt;
	int idx;

	memcpy(&fl.daddr, to, 4);
	rt = ip_route_output_key(net, &fl);
	if (IS_ERR(rt))
		return 0;
	idx = rt->dst.dev->ifindex;
	strscpy(name, rt->dst.dev->name, ZONEFW_DEVNAME);
	ip_rt_put(rt);
	return idx;
}

static int route6(struct net *net, const u8 *to, char *name)
{
	struct flowi6 fl = { };
	struct dst_entry *dst;
	int idx = 0;

	memcpy(&fl.daddr, to, 16);
	dst = ip6_route_output(net, NULL, &fl);
	if (!dst->error) {
		idx = dst->dev->ifindex;
		strscpy(name, dst->dev->name, ZONEFW_DEVNAME);
	}
	dst_release(dst);
	return idx;
}

static u16 zone_by_route(const struct zonefw_ns *zn, const struct zonefw_policy *p, u8 family,
			 const u8 *addr)
{
	char name[ZONEFW_DEVNAME];
	int idx = family == 4 ? route4(zn->net, addr, name) : route6(zn->net, addr, name);

	return idx ? zonefw_zone_of(p, idx, family, addr) : ZONEFW_ZONE_NONE;
}

/* What a connection tells without a packet: no device, mark, DSCP or hardware address. */
static bool key_of(const struct nf_conn *ct, struct zonefw_key *key)
{
	struct zonefw_key none = { .family = nf_ct_l3num(ct) == NFPROTO_IPV4 ? 4 : 6,
				   .ask = ZONEFW_ASK_FLOW };

	return zonefw_ct_key(ct, &none, true, key);
}

static void judge(const struct zonefw_policy *p, const struct nf_conn *ct, struct zonefw_flow *f)
{
	zonefw_nat_facts(p, ct, &f->key, f->from);
	if (f->from != ZONEFW_ZONE_NONE && f->to != ZONEFW_ZONE_NONE)
		zonefw_decide(p, &f->key, f->from, f->to, &f->v);
	else
		f->v = (struct zonefw_verdict){ .action = ZONEFW_DROP, .reason = ZONEFW_R_UNZONED };
}

static void by_route(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		     struct zonefw_flow *f)
{
	f->from = zone_by_route(zn, p, f->key.family, f->key.src);
	f->to = zone_by_route(zn, p, f->key.family, f->key.dst);
	f->by_route = true;
}

/**
 * zonefw_flow_live() - a connection and the rule that let it in
 * @zn: namespace
 * @p: its policy in force
 * @ct: connection
 * @f: out
 *
 * Context: RCU read side.
 * Return: false when it is of a family that is not judged.
 */
bool zonefw_flow_live(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		      const struct nf_conn *ct, struct zonefw_flow *f)
{
	struct zonefw_vcache *cache = READ_ONCE(zn->vcache);
	struct zonefw_stamp s;

	memset(f, 0, sizeof(*f));
	if (!key_of(ct, &f->key))
		return false;
	if (cache && zonefw_vcache_peek(cache, ct, p->gen, &s) && s.slot <= p->nrules &&
	    s.cell < (u32)p->nz * p->nz) {
		const struct zonefw_celldef *d = p->cells[s.cell].def;

		f->from = s.cell / p->nz;
		f->to = s.cell % p->nz;
		f->v.cur.slot = s.slot;
		f->v.rule = s.slot ? p->rules[s.slot - 1] : NULL;
		f->v.reason = s.slot ? ZONEFW_R_RULE : ZONEFW_R_DEFAULT;
		f->v.action = f->v.rule ? f->v.rule->action : d ? d->action : ZONEFW_DROP;
		return true;
	}
	by_route(zn, p, f);
	judge(p, ct, f);
	return true;
}

/**
 * zonefw_flow_between() - a connection whose zones are known, under a policy
 * @p: policy
 * @ct: connection
 * @from: ingress zone of the original direction, a number of @p; likewise @to
 * @to: egress zone
 * @f: out; f->key.guessed tells that a rule asked for what only a packet shows
 *
 * Context: RCU read side.
 * Return: false when it is of a family that is not judged.
 */
bool zonefw_flow_between(const struct zonefw_policy *p, const struct nf_conn *ct, u16 from,
			 u16 to, struct zonefw_flow *f)
{
	memset(f, 0, sizeof(*f));
	f->from = from;
	f->to = to;
	if (!key_of(ct, &f->key))
		return false;
	judge(p, ct, f);
	return true;
}

static u16 zone_named(const struct zonefw_policy *p, const char *name)
{
	u16 z;

	for (z = 0; z < p->nz; z++)
		if (!strcmp(p->zones[z].name, name))
			return z;
	return ZONEFW_ZONE_NONE;
}

/**
 * zonefw_flow_under() - a connection of the policy in force, under another one
 * @zn: namespace
 * @p: policy in force, or NULL
 * @cand: the other one
 * @ct: connection
 * @f: out
 *
 * Zones are those that @cand gives the devices of the route. Where packets have
 * shown other zones than the route, those count, by name.
 *
 * Context: RCU read side.
 * Return: false when it is of a family that is not judged.
 */
bool zonefw_flow_under(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		       const struct zonefw_policy *cand, const struct nf_conn *ct,
		       struct zonefw_flow *f)
{
	struct zonefw_flow live, route;

	memset(f, 0, sizeof(*f));
	if (!key_of(ct, &f->key))
		return false;
	by_route(zn, cand, f);
	if (p && zonefw_flow_live(zn, p, ct, &live) && !live.by_route) {
		route.key = f->key;
		by_route(zn, p, &route);
		if (route.from != live.from)
			f->from = zone_named(cand, p->zones[live.from].name);
		if (route.to != live.to)
			f->to = zone_named(cand, p->zones[live.to].name);
		f->by_route = false;
	}
	judge(cand, ct, f);
	return true;
}
