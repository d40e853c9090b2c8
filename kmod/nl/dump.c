// SPDX-License-Identifier: GPL-2.0
/*
 * Reading: INFO, and the dumps. A dump holds a reference to one policy from
 * start to done, so it shows one generation whatever is applied meanwhile.
 * Objects are given back as they were sent.
 */
#include <net/sock.h>
#include "book.h"
#include "family.h"
#include "live.h"
#include "notify.h"
#include "pending.h"
#include "set.h"
#include "setuse.h"
#include "vcache.h"

struct cursor {
	struct zonefw_policy *p;
	struct zonefw_ns *zn;
	u32 next;
};

static struct cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cursor) > sizeof(cb->ctx));
	return (struct cursor *)cb->ctx;
}

/* Room for the names of all devices, should they be in one zone. */
static u32 devices_room(struct net *net)
{
	struct net_device *dev;
	u32 n = 0;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev)
		n++;
	rcu_read_unlock();
	return min(n, 65536u) * nla_total_size(IFNAMSIZ);
}

int zonefw_dump_start(struct netlink_callback *cb)
{
	struct cursor *c = cursor_of(cb);
	int err = zonefw_nl_allowed(cb->skb, cb->extack);

	if (err)
		return err;
	c->zn = zonefw_ns(sock_net(cb->skb->sk));
	c->p = zonefw_policy_get(c->zn);
	c->next = 0;
	if (c->p)	/* one object must fit one message */
		cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc, c->p->max_blob + 8192 +
					   devices_room(sock_net(cb->skb->sk)));
	return 0;
}

int zonefw_dump_done(struct netlink_callback *cb)
{
	zonefw_policy_put(cursor_of(cb)->p);
	return 0;
}

static int put_raw(struct sk_buff *skb, const struct nlattr *at)
{
	return at ? nla_put(skb, at->nla_type, nla_len(at), nla_data(at)) : 0;
}

static int put_counters(struct sk_buff *skb, u64 packets, u64 bytes)
{
	return nla_put_u64_64bit(skb, ZONEFW_A_PACKETS, packets, ZONEFW_A_PAD) ||
	       nla_put_u64_64bit(skb, ZONEFW_A_BYTES, bytes, ZONEFW_A_PAD);
}

static int put_ident(struct sk_buff *skb, const struct zonefw_ident *i)
{
	u64 packets, bytes;

	zonefw_ident_read(i, &packets, &bytes);
	return put_counters(skb, packets, bytes);
}

/* One object of a dump: 1 put, 0 nothing to show, -EMSGSIZE no room. */
typedef int (*fill_fn)(struct sk_buff *skb, const struct cursor *c, u32 i);

static int dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd, u32 n, fill_fn fill)
{
	struct cursor *c = cursor_of(cb);

	for (; c->p && c->next < n; c->next++) {
		void *h = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				      &zonefw_family, NLM_F_MULTI, cmd);
		int res = h ? fill(skb, c, c->next) : -EMSGSIZE;

		if (res > 0 && !nla_put_u32(skb, ZONEFW_A_GEN, c->p->gen)) {
			genlmsg_end(skb, h);
			continue;
		}
		if (h)
			genlmsg_cancel(skb, h);
		if (res)
			return skb->len ? skb->len : -EMSGSIZE;
	}
	return skb->len;
}

static int put_hits(struct sk_buff *skb, const struct zonefw_ident *i)
{
	u32 first = READ_ONCE(i->first), last = READ_ONCE(i->last);

	if (nla_put_u64_64bit(skb, ZONEFW_A_NEW_FLOWS, zonefw_ident_flows(i), ZONEFW_A_PAD))
		return -EMSGSIZE;
	return first && (nla_put_u32(skb, ZONEFW_A_FIRST_HIT, first) ||
			 nla_put_u32(skb, ZONEFW_A_LAST_HIT, last)) ? -EMSGSIZE : 0;
}

static int fill_rule(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	const struct zonefw_rule *r = zonefw_rule_at(c->p, i);
	u32 buf[ZONEFW_PACK_BYTES / sizeof(u32)];

	if (!r || zonefw_live_expired(r))
		return 0;
	return nla_put_u32(skb, ZONEFW_A_ID, r->ident->id) || put_raw(skb, zonefw_rule_sent(r, buf)) ||
	       put_ident(skb, r->ident) || put_hits(skb, r->ident) ? -EMSGSIZE : 1;
}

int zonefw_rules_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_RULES, p ? zonefw_places(p) : 0, fill_rule);
}

static int fill_def(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	return put_raw(skb, c->p->defs[i].blob) ? -EMSGSIZE : 1;
}

int zonefw_celldefs_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_CELLDEFS, p ? p->ndefs : 0, fill_def);
}

/* Every pair that has a rule or a default, of its own or from farther up. */
static int fill_cell(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	const struct zonefw_cell *cell = &c->p->cells[i];
	u32 flags = cell->options | (cell->def ? ZONEFW_CELL_HAS_DEFAULT : 0);

	if (!cell->nrules && !cell->def)
		return 0;
	if (cell->def && cell->def->log)
		flags |= ZONEFW_CELL_LOG;
	return nla_put_u16(skb, ZONEFW_A_FROM, i / c->p->nz) ||
	       nla_put_u16(skb, ZONEFW_A_TO, i % c->p->nz) ||
	       nla_put_u8(skb, ZONEFW_A_ACTION, cell->def ? cell->def->action : ZONEFW_DROP) ||
	       nla_put_u32(skb, ZONEFW_A_CELLFLAGS, flags) ||
	       nla_put_u32(skb, ZONEFW_A_COUNT, cell->nrules) ||
	       put_ident(skb, cell->ident) ? -EMSGSIZE : 1;
}

int zonefw_cells_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_CELLS, p ? (u32)p->nz * p->nz : 0, fill_cell);
}

static int put_devices(struct sk_buff *skb, const struct cursor *c, u32 zone)
{
	struct net_device *dev;
	int err = 0;

	rcu_read_lock();
	for_each_netdev_rcu(c->zn->net, dev)
		if (zonefw_dev_named(c->p, dev->ifindex, zone))
			err = err ?: nla_put_string(skb, ZONEFW_A_DEVNAME, dev->name);
	rcu_read_unlock();
	return err;
}

static int fill_zone(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	u64 packets = 0, bytes = 0, p, b;
	u16 z = i + 1, t;

	for (t = 0; t < c->p->nz; t++) {
		zonefw_ident_read(zonefw_cell(c->p, z, t)->ident, &p, &b);
		packets += p;
		bytes += b;
	}
	return nla_put_u32(skb, ZONEFW_A_ID, z) || put_raw(skb, c->p->zones[z].blob) ||
	       put_devices(skb, c, z) || put_counters(skb, packets, bytes) ? -EMSGSIZE : 1;
}

int zonefw_zones_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_ZONES, p ? p->nz - 1 : 0, fill_zone);
}

static int fill_set(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	const struct zonefw_setuse *u = &c->p->sets[i];

	return put_raw(skb, u->blob) || nla_put_u32(skb, ZONEFW_A_COUNT, READ_ONCE(u->set->count)) ||
	       nla_put_u32(skb, ZONEFW_A_LOST, READ_ONCE(u->set->lost)) ? -EMSGSIZE : 1;
}

int zonefw_sets_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_SETS, p ? p->nsets : 0, fill_set);
}

static int fill_elems(struct sk_buff *skb, const struct cursor *c, u32 i)
{
	return put_raw(skb, c->p->elems[i].blob) ? -EMSGSIZE : 1;
}

int zonefw_setelems_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zonefw_policy *p = cursor_of(cb)->p;

	return dump(skb, cb, ZONEFW_CMD_GET_SETELEMS, p ? p->nelems : 0, fill_elems);
}

static int put_text(struct sk_buff *msg, const struct zonefw_policy *p)
{
	struct nlattr *t = p->opt.blob ? nla_find_nested(p->opt.blob, ZONEFW_AO_TEXT) : NULL;

	if (t && nla_put(msg, ZONEFW_A_OPTTEXT, nla_len(t), nla_data(t)))
		return -EMSGSIZE;
	return put_raw(msg, p->extra) ||
	       nla_put_u32(msg, ZONEFW_A_NZONES, p->nz - 1) ||
	       nla_put_u32(msg, ZONEFW_A_NRULES, zonefw_rules_count(p)) ||
	       nla_put(msg, ZONEFW_A_DIGEST, sizeof(p->digest), &p->digest) ? -EMSGSIZE : 0;
}

static int info_fill(struct sk_buff *msg, const struct zonefw_ns *zn,
		     const struct zonefw_policy *p)
{
	u32 left = zonefw_pending_left(zn);
	u64 stats[__ZONEFW_S_MAX];

	zonefw_stats_read(zn, stats);
	zonefw_cache_stats(zn, stats);
	stats[ZONEFW_S_SWEEP_PROGRESS] = zonefw_sweep_progress(zn);
	if (left && nla_put_u32(msg, ZONEFW_A_CONFIRM, left))
		return -EMSGSIZE;
	if (nla_put_u32(msg, ZONEFW_A_ABI, ZONEFW_ABI) ||
	    nla_put_u32(msg, ZONEFW_A_GEN, p ? p->gen : zn->gen) ||
	    nla_put_u8(msg, ZONEFW_A_STATE, zonefw_state_of(zn)) ||
	    nla_put(msg, ZONEFW_A_STATS, sizeof(stats), stats))
		return -EMSGSIZE;
	return p ? put_text(msg, p) : 0;
}

/**
 * zonefw_info_doit() - state, digest and statistics; also the handshake
 * @skb: request
 * @info: request
 *
 * Return: 0 or -errno.
 */
int zonefw_info_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	int err = zonefw_nl_allowed(skb, info->extack);
	struct zonefw_policy *p;
	struct sk_buff *msg;
	void *h;

	if (err)
		return err;
	p = zonefw_policy_get(zn);
	msg = genlmsg_new(1024 + ZONEFW_TEXT_MAX +
			  (p && p->extra ? nla_total_size(nla_len(p->extra)) : 0), GFP_KERNEL);
	h = msg ? genlmsg_put_reply(msg, info, &zonefw_family, 0, ZONEFW_CMD_INFO) : NULL;
	err = !msg ? -ENOMEM : !h ? -EMSGSIZE : info_fill(msg, zn, p);
	zonefw_policy_put(p);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}
