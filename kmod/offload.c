// SPDX-License-Identifier: GPL-2.0
/*
 * The flow table: which flows of cells with `offload` are worth it, where their
 * packets go, and when no more. Each direction of a flow is learned from a packet
 * of its own that the policy has let through FORWARD, with the route that packet
 * took, so that policy routing and asymmetric ways need no second opinion.
 *
 * Nothing is taken back one by one: a path carries the stamp of the table (and in
 * cells with live rules the epoch of its hosts), and whatever may change a verdict
 * or a way moves the stamp. From then on, the packet path refuses all older paths;
 * the collector frees them within a second. Their packets go the long way, are
 * judged there, and teach the table again.
 *
 * Order: the policy or the devices change, then the stamp moves; a learner reads
 * the stamp, then asks policy and devices. So who looked too early has noted a
 * stamp that is gone.
 *
 * Learning runs in softirq under RCU and takes the table's lock; hooks and the table
 * itself come and go under zonefw_ns.lock.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/route.h>
#include <net/xfrm.h>
#include "epoch.h"
#include "hook.h"
#include "offload.h"
#include "path.h"
#include "vcache.h"

#define CHAIN_MAX	16	/* paths in one bucket */
#define IDLE		(30 * HZ)
#define COLLECT		HZ
#define BATCH		128	/* paths that the collector looks at under one lock */

static void path_free_rcu(struct rcu_head *head)
{
	struct zonefw_path *e = container_of(head, struct zonefw_path, rcu);

	dst_release(e->dst);
	nf_ct_put(e->ct);
	kfree(e);
}

static void key_of(const struct nf_conn *ct, u8 dir, struct zonefw_pathkey *k)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[dir].tuple;

	memset(k, 0, sizeof(*k));
	k->src = t->src.u3;
	k->dst = t->dst.u3;
	((__be16 *)&k->ports)[0] = t->src.u.all;
	((__be16 *)&k->ports)[1] = t->dst.u.all;
	k->family = t->src.l3num;
	k->proto = t->dst.protonum;
}

/* A path of this direction of the flow, whatever its device; RCU or the table's lock. */
static struct zonefw_path *path_of(const struct zonefw_offload *t, const struct nf_conn *ct, u8 dir)
{
	struct zonefw_pathkey k;
	struct zonefw_path *e;

	key_of(ct, dir, &k);
	hlist_for_each_entry_rcu(e, &t->bucket[zonefw_path_hash(t, &k)], node,
				 lockdep_is_held(&t->lock))
		if (e->ct == ct && e->dir == dir)
			return e;
	return NULL;
}

static void path_remove(struct zonefw_offload *t, struct zonefw_path *e)
{
	hlist_del_rcu(&e->node);
	list_del(&e->all);
	WRITE_ONCE(t->count, t->count - 1);
	if (!path_of(t, e->ct, !e->dir) && !path_of(t, e->ct, e->dir))
		t->flows--;
	call_rcu(&e->rcu, path_free_rcu);
}

static bool expired(const struct zonefw_offload *t, const struct zonefw_path *e)
{
	return e->stamp != (u32)atomic_read(&t->stamp) || nf_ct_is_dying(e->ct) ||
	       (s32)((u32)jiffies - READ_ONCE(e->again)) > IDLE || e->dst->obsolete > 0 ||
	       (e->key.proto == IPPROTO_TCP &&
		READ_ONCE(e->ct->proto.tcp.state) != TCP_CONNTRACK_ESTABLISHED);
}

/* Looks at every path once, a batch at a time; what stays goes to the end of the list. */
static void collect(struct work_struct *work)
{
	struct zonefw_offload *t = container_of(work, struct zonefw_offload, collect.work);
	u32 left = READ_ONCE(t->count), n;

	while (left) {
		spin_lock_bh(&t->lock);
		for (n = 0; n < BATCH && left && !list_empty(&t->all); n++, left--) {
			struct zonefw_path *e = list_first_entry(&t->all, struct zonefw_path, all);

			if (expired(t, e))
				path_remove(t, e);
			else
				list_move_tail(&e->all, &t->all);
		}
		left = list_empty(&t->all) ? 0 : left;
		spin_unlock_bh(&t->lock);
		cond_resched();
	}
	if (READ_ONCE(t->count))
		queue_delayed_work(system_power_efficient_wq, &t->collect, COLLECT);
}

/* Replaces a path of the same look. */
static bool insert(struct zonefw_offload *t, struct zonefw_path *e)
{
	struct hlist_head *head = &t->bucket[zonefw_path_hash(t, &e->key)];
	struct zonefw_path *o;
	struct hlist_node *next;
	u32 n = 0;

	hlist_for_each_entry_safe(o, next, head, node) {
		if (zonefw_path_is(&o->key, &e->key) && o->key.iif == e->key.iif)
			path_remove(t, o);
		else
			n++;
	}
	if (n >= CHAIN_MAX || t->count >= ZONEFW_PATHS_MAX)
		return false;
	if (!path_of(t, e->ct, !e->dir) && !path_of(t, e->ct, e->dir))
		t->flows++;
	hlist_add_head_rcu(&e->node, head);
	list_add_tail(&e->all, &t->all);
	WRITE_ONCE(t->count, t->count + 1);
	if (t->count == 1)
		queue_delayed_work(system_power_efficient_wq, &t->collect, COLLECT);
	return true;
}

/* A connection in whose packets nobody else takes an interest. */
static bool eligible_flow(const struct nf_conn *ct)
{
	u8 proto = nf_ct_protonum(ct);

	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct) || nf_ct_is_template(ct) ||
	    nfct_help(ct) || test_bit(IPS_SEQ_ADJUST_BIT, &ct->status))
		return false;
	if (proto == IPPROTO_TCP)
		return test_bit(IPS_ASSURED_BIT, &ct->status) &&
		       READ_ONCE(ct->proto.tcp.state) == TCP_CONNTRACK_ESTABLISHED;
	return proto == IPPROTO_UDP;
}

static bool has_xfrm(struct net *net)
{
#ifdef CONFIG_XFRM
	return net->xfrm.policy_count[XFRM_POLICY_FWD] || net->xfrm.policy_count[XFRM_POLICY_OUT] ||
	       net->xfrm.policy_count[XFRM_POLICY_IN];
#else
	return false;
#endif
}

/* A plain way: no tunnel by route, no IPsec, no VRF, not back out by the same device. */
static bool eligible_way(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (!dst || dst->error || dst->lwtstate || dst_xfrm(dst) || secpath_exists(skb) ||
	    dst->dev != st->out || st->in == st->out || netif_is_l3_master(st->in) ||
	    netif_is_l3_slave(st->in) || netif_is_l3_slave(st->out) || has_xfrm(st->net))
		return false;
	if (st->pf == NFPROTO_IPV6)
		return true;
	return skb_rtable(skb)->rt_type == RTN_UNICAST && skb_rtable(skb)->rt_gw_family != AF_INET6;
}

/* The verdict that the cache holds of the flow, as of the table's stamp. */
static bool ask(const struct zonefw_ns *zn, const struct sk_buff *skb, const struct nf_hook_state *st,
		struct zonefw_path *e)
{
	const struct zonefw_policy *p = rcu_dereference(zn->policy);
	u8 family = e->key.family == NFPROTO_IPV4 ? 4 : 6;
	const union nf_inet_addr *dst = &e->ndst;	/* FORWARD is behind destination NAT */
	u16 in, out, from, to;
	struct zonefw_cell *cell;
	u32 slot;

	if (!p || READ_ONCE(zn->panic))
		return false;
	in = zonefw_zone_of(p, st->in->ifindex, family, (const u8 *)&e->key.src);
	out = zonefw_zone_of(p, st->out->ifindex, family, (const u8 *)dst);
	if (in == ZONEFW_ZONE_NONE || out == ZONEFW_ZONE_NONE)
		return false;
	from = e->dir == IP_CT_DIR_ORIGINAL ? in : out;
	to = e->dir == IP_CT_DIR_ORIGINAL ? out : in;
	cell = zonefw_cell(p, from, to);
	if (!(cell->options & ZONEFW_CELL_OFFLOAD))
		return false;
	e->live = cell->live;
	e->epoch = zonefw_epoch_of(zn, e->ct, e->host);
	if (zonefw_vcache_find(zn->vcache, e->ct, p->gen, cell - p->cells, &slot) != ZONEFW_HIT ||
	    slot > p->nrules || (e->live && !zonefw_vcache_fresh(zn->vcache, e->ct, e->epoch)) ||
	    (slot && !zonefw_lets_pass(p->rules[slot - 1]->action)))
		return false;
	e->cell = zonefw_cell(p, in, out)->ident;
	e->rule = slot ? p->rules[slot - 1]->ident : NULL;
	e->keep = ~p->opt.tag_mask;
	e->tag = ((u32)in << p->opt.tag_shift) & p->opt.tag_mask;
	return true;
}

static void route_of(struct zonefw_path *e, struct dst_entry *dst)
{
	e->dst = dst;
	if (e->key.family == NFPROTO_IPV4) {
		e->mtu = ip_dst_mtu_maybe_forward(dst, true);
		return;
	}
	e->mtu = ip6_dst_mtu_maybe_forward(dst, true);
	e->cookie = rt6_get_cookie((struct rt6_info *)dst);
}

static void nat_of(struct zonefw_path *e)
{
	const struct nf_conntrack_tuple *back = &e->ct->tuplehash[!e->dir].tuple;

	e->nsrc = back->dst.u3;
	e->ndst = back->src.u3;
	((__be16 *)&e->nports)[0] = back->dst.u.all;
	((__be16 *)&e->nports)[1] = back->src.u.all;
	e->nat = e->ct->status & IPS_NAT_MASK;
}

static void learn(const struct zonefw_ns *zn, struct zonefw_offload *t, struct nf_conn *ct, u8 dir,
		  const struct sk_buff *skb, const struct nf_hook_state *st)
{
	u32 stamp = atomic_read_acquire(&t->stamp);	/* before all that is asked: see the order above */
	struct zonefw_path *old = path_of(t, ct, dir), *e;
	bool in;

	if (!eligible_flow(ct) || !eligible_way(skb, st))
		return;
	if (old && old->stamp == stamp && old->key.iif == st->in->ifindex &&
	    old->dst == skb_dst(skb)) {
		WRITE_ONCE(old->again, (u32)jiffies + HZ);	/* the long way lets it pass still */
		return;
	}
	e = kzalloc(sizeof(*e), GFP_ATOMIC | __GFP_NOWARN);
	if (!e)
		return;
	e->stamp = stamp;
	e->ct = ct;
	e->dir = dir;
	key_of(ct, dir, &e->key);
	e->key.iif = st->in->ifindex;
	e->again = (u32)jiffies + HZ;
	nat_of(e);
	route_of(e, skb_dst(skb));
	if (ask(zn, skb, st, e) && dst_hold_safe(e->dst)) {
		refcount_inc(&ct->ct_general.use);
		spin_lock_bh(&t->lock);
		in = insert(t, e);
		spin_unlock_bh(&t->lock);
		if (!in)
			call_rcu(&e->rcu, path_free_rcu);
		return;
	}
	kfree(e);
}

/**
 * zonefw_offload_learn() - a direction of a known flow is worth a path
 * @zn: namespace
 * @skb: packet that the policy lets pass
 * @st: where it is
 *
 * Called with every eighth packet of a direction (zonefw_vc_worth()), so that short
 * connections pay a few instructions a packet.
 *
 * Context: softirq, RCU read side.
 */
void zonefw_offload_learn(const struct zonefw_ns *zn, const struct sk_buff *skb,
			  const struct nf_hook_state *st)
{
	struct zonefw_offload *t = rcu_dereference(zn->offload);
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	if (t && st->hook == NF_INET_FORWARD)
		learn(zn, t, ct, CTINFO2DIR(info), skb, st);
}

/**
 * zonefw_offload_stale() - from the next packet on, no older path is taken
 * @zn: namespace whose policy, devices or state have just changed
 */
void zonefw_offload_stale(struct zonefw_ns *zn)
{
	struct zonefw_offload *t;

	rcu_read_lock();
	t = rcu_dereference(zn->offload);
	if (t) {
		smp_mb__before_atomic();	/* who sees the new stamp sees the change */
		atomic_inc(&t->stamp);
	}
	rcu_read_unlock();
}

/**
 * zonefw_offload_flows() - flows that have a path at the moment
 * @zn: namespace
 *
 * Return: their number.
 */
u32 zonefw_offload_flows(const struct zonefw_ns *zn)
{
	struct zonefw_offload *t;
	u32 n;

	rcu_read_lock();
	t = rcu_dereference(zn->offload);
	n = t ? READ_ONCE(t->flows) : 0;
	rcu_read_unlock();
	return n;
}

/**
 * zonefw_offload_has() - is a flow offloaded?
 * @zn: namespace
 * @ct: the flow
 *
 * Return: true if a path of it is valid.
 */
bool zonefw_offload_has(const struct zonefw_ns *zn, const struct nf_conn *ct)
{
	const struct zonefw_offload *t;
	const struct zonefw_path *e;
	bool has = false;
	u8 dir;

	rcu_read_lock();
	t = rcu_dereference(zn->offload);
	for (dir = 0; t && dir < IP_CT_DIR_MAX && !has; dir++) {
		e = path_of(t, ct, dir);
		has = e && e->stamp == (u32)atomic_read(&t->stamp);
	}
	rcu_read_unlock();
	return has;
}

static struct zonefw_offload *table(struct zonefw_ns *zn)
{
	return rcu_dereference_protected(zn->offload, lockdep_is_held(&zn->lock));
}

static bool wants_dev(const struct zonefw_policy *p, const struct net_device *dev)
{
	bool zoned;

	rcu_read_lock();
	zoned = zonefw_dev_zoned(p, dev->ifindex);
	rcu_read_unlock();
	return zoned && !(dev->flags & IFF_LOOPBACK) && !netif_is_l3_master(dev);
}

static struct zonefw_offload *table_alloc(struct zonefw_ns *zn)
{
	struct zonefw_offload *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	t->zn = zn;
	t->seed = get_random_u64();
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->all);
	zonefw_devhooks_init(&t->hooks, zonefw_path_hook, t, 0, wants_dev);
	INIT_DELAYED_WORK(&t->collect, collect);
	return t;
}

/* No hook calls it any more. */
static void table_free(struct zonefw_ns *zn, struct zonefw_offload *t)
{
	RCU_INIT_POINTER(zn->offload, NULL);
	synchronize_net();
	cancel_delayed_work_sync(&t->collect);
	while (!list_empty(&t->all)) {
		spin_lock_bh(&t->lock);
		path_remove(t, list_first_entry(&t->all, struct zonefw_path, all));
		spin_unlock_bh(&t->lock);
		cond_resched();
	}
	kvfree(t);
}

/**
 * zonefw_offload_settle() - take away what the policy in force does not need
 * @zn: namespace, its lock held; rtnl too, unless @p is NULL
 * @p: policy in force, with its devices placed, or NULL
 *
 * A device that has left the namespace is on no list any more, and its hook goes here.
 */
void zonefw_offload_settle(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	struct zonefw_offload *t = table(zn);
	bool want = p && p->offload;

	lockdep_assert_held(&zn->lock);
	if (!t)
		return;
	zonefw_devhooks_trim(zn, &t->hooks, want ? p : NULL);
	if (!want)
		table_free(zn, t);
}

/**
 * zonefw_offload_prepare() - the flow table and its hooks, for a policy that offloads
 * @zn: namespace, its lock and rtnl held
 * @p: policy, with its devices placed; may not be in force yet
 *
 * Return: 0 or -errno; what is there then is more than before, and
 * zonefw_offload_settle() takes it away.
 */
int zonefw_offload_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	struct zonefw_offload *t = table(zn);

	lockdep_assert_held(&zn->lock);
	if (!p->offload)
		return 0;
	if (!t) {
		t = table_alloc(zn);
		if (!t)
			return -ENOMEM;
		rcu_assign_pointer(zn->offload, t);
	}
	return zonefw_devhooks_add(zn, &t->hooks, p);
}
