// SPDX-License-Identifier: GPL-2.0
/*
 * Traces: the way of the packets that match a filter, sent to the socket that
 * asked. A list per namespace, read by RCU in the packet path, written under
 * zonefw_ns.lock; a static key keeps the packet path from looking while nobody
 * traces. Each tracer has a token bucket under its own lock; what that keeps
 * out is counted and told with the next packet.
 */
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include "fast.h"
#include "action.h"
#include "nl/notify.h"
#include "skbkey.h"
#include "trace.h"

#define TRACERS	4	/* per namespace */
#define RATE	1000u	/* packets a second and at once, per tracer */

DEFINE_STATIC_KEY_FALSE(zonefw_traced);

struct tracer {
	struct list_head node;
	u32 portid;
	struct zonefw_filter filter;
	spinlock_t lock;	/* tokens, stamp, lost */
	unsigned long stamp;
	u32 tokens, lost;
};

static void forget(struct zonefw_ns *zn, struct tracer *t)
{
	lockdep_assert_held(&zn->lock);
	list_del_rcu(&t->node);
	zonefw_fast_update(zn);
	static_branch_dec(&zonefw_traced);
	synchronize_net();
	zonefw_filter_free(&t->filter);
	kfree(t);
}

/**
 * zonefw_trace_start() - send a socket the packets that match, in place of before
 * @zn: namespace, its lock held
 * @portid: the socket
 * @f: filter, taken over on success
 * @extack: refusal
 *
 * Return: 0, -ENOMEM, or -EMFILE with a sentence.
 */
int zonefw_trace_start(struct zonefw_ns *zn, u32 portid, const struct zonefw_filter *f,
		       struct netlink_ext_ack *extack)
{
	struct tracer *t;
	u32 n = 0;

	zonefw_trace_stop(zn, portid);
	list_for_each_entry(t, &zn->tracers, node)
		n++;
	if (n == TRACERS) {
		NL_SET_ERR_MSG(extack, "there are 4 traces in this namespace already");
		return -EMFILE;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	t->portid = portid;
	t->filter = *f;
	spin_lock_init(&t->lock);
	t->stamp = jiffies;
	t->tokens = RATE;
	list_add_rcu(&t->node, &zn->tracers);
	zonefw_fast_update(zn);
	static_branch_inc(&zonefw_traced);
	return 0;
}

/* The socket closed, or asks for something else. */
void zonefw_trace_stop(struct zonefw_ns *zn, u32 portid)
{
	struct tracer *t, *next;

	lockdep_assert_held(&zn->lock);
	list_for_each_entry_safe(t, next, &zn->tracers, node)
		if (t->portid == portid)
			forget(zn, t);
}

void zonefw_trace_exit(struct zonefw_ns *zn)
{
	struct tracer *t, *next;

	mutex_lock(&zn->lock);
	list_for_each_entry_safe(t, next, &zn->tracers, node)
		forget(zn, t);
	mutex_unlock(&zn->lock);
}

static bool take_token(struct tracer *t, u32 *lost)
{
	unsigned long past;
	bool ok;
	u32 n;

	spin_lock_bh(&t->lock);
	past = jiffies - t->stamp;
	n = past >= HZ ? RATE : past * RATE / HZ;
	if (n) {
		t->tokens = min(t->tokens + n, RATE);
		t->stamp = jiffies;
	}
	ok = t->tokens;
	if (ok)
		t->tokens--;
	else
		t->lost++;
	*lost = t->lost;
	spin_unlock_bh(&t->lock);
	return ok;
}

/**
 * zonefw_trace_packet() - tell those who trace it what became of a packet
 * @k: packet
 * @action: what happens to it
 * @reason: why
 *
 * Context: a hook, RCU read side.
 */
void zonefw_trace_packet(const struct zonefw_pkt *k, u8 action, u8 reason)
{
	struct zonefw_key key;
	struct tracer *t;
	u32 lost;

	zonefw_skb_key(k->skb, k->st, &key);
	if (!key.family)
		key.family = k->st->pf == NFPROTO_IPV4 ? 4 : 6;
	if (k->p)
		key.mark &= ~k->p->opt.tag_mask;
	list_for_each_entry_rcu(t, &k->zn->tracers, node)
		if (zonefw_filter_match(&t->filter, &key, k->from, k->to, k->rule) &&
		    take_token(t, &lost))
			zonefw_notify_trace(k, &key, (struct zonefw_traced){
				.portid = t->portid, .lost = lost, .action = action,
				.reason = reason });
}
