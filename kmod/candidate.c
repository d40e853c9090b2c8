// SPDX-License-Identifier: GPL-2.0
/*
 * Candidates: policies that are built and never published, so that questions
 * can be put to them. One belongs to the netlink socket that sent it, until it
 * sends another, and goes when the socket closes. Under zonefw_ns.lock.
 * A candidate's devices are placed when it is built; it does not follow them.
 */
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include "candidate.h"
#include "trace.h"

#define CANDIDATES	8	/* per namespace */

struct candidate {
	struct list_head node;
	u32 portid;
	struct zonefw_policy *p;
};

static struct candidate *find(struct zonefw_ns *zn, u32 portid)
{
	struct candidate *c;

	lockdep_assert_held(&zn->lock);
	list_for_each_entry(c, &zn->candidates, node)
		if (c->portid == portid)
			return c;
	return NULL;
}

static void forget(struct zonefw_ns *zn, struct candidate *c)
{
	list_del(&c->node);
	zn->ncandidates--;
	zonefw_policy_put(c->p);
	kfree(c);
}

/**
 * zonefw_candidate_keep() - a socket's candidate, in place of the one before
 * @zn: namespace, its lock held
 * @portid: the socket
 * @p: policy whose reference is taken over on success
 * @extack: refusal
 *
 * Return: 0, -ENOMEM, or -EMFILE with a sentence.
 */
int zonefw_candidate_keep(struct zonefw_ns *zn, u32 portid, struct zonefw_policy *p,
			  struct netlink_ext_ack *extack)
{
	struct candidate *c = find(zn, portid);

	if (c) {
		zonefw_policy_put(c->p);
		c->p = p;
		return 0;
	}
	if (zn->ncandidates == CANDIDATES) {
		NL_SET_ERR_MSG(extack, "there are 8 candidates in this namespace already");
		return -EMFILE;
	}
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return -ENOMEM;
	c->portid = portid;
	c->p = p;
	list_add(&c->node, &zn->candidates);
	zn->ncandidates++;
	return 0;
}

/**
 * zonefw_candidate_get() - a reference to a socket's candidate
 * @zn: namespace
 * @portid: the socket
 *
 * Return: the policy, or NULL when the socket has none.
 */
struct zonefw_policy *zonefw_candidate_get(struct zonefw_ns *zn, u32 portid)
{
	struct zonefw_policy *p = NULL;
	struct candidate *c;

	mutex_lock(&zn->lock);
	c = find(zn, portid);
	if (c) {
		p = c->p;
		refcount_inc(&p->ref);
	}
	mutex_unlock(&zn->lock);
	return p;
}

void zonefw_candidates_exit(struct zonefw_ns *zn)
{
	struct candidate *c, *next;

	list_for_each_entry_safe(c, next, &zn->candidates, node)
		forget(zn, c);
}

static int netlink_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *n = ptr;
	struct zonefw_ns *zn;
	struct candidate *c;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	zn = zonefw_ns(n->net);
	mutex_lock(&zn->lock);
	zonefw_trace_stop(zn, n->portid);
	c = find(zn, n->portid);
	if (c)
		forget(zn, c);
	mutex_unlock(&zn->lock);
	return NOTIFY_DONE;
}

struct notifier_block zonefw_netlink_nb = { .notifier_call = netlink_event };
