// SPDX-License-Identifier: GPL-2.0
/*
 * Sets as a policy declares them: which object a name stands for, and which
 * members the policy's text names. A set of the same name and kind goes from
 * one policy to the next with all its members. All that may fail (objects,
 * named members, unseen as yet) happens when a policy is built; putting it in
 * force only makes members seen or unseen. Process context.
 *
 * No packet may see old rules with new members, or new rules with old ones. So a
 * policy looks at its sets through one of two views, always another one than the
 * policy before, and a member has a bit for each. The order of publish.c:
 *   1. zonefw_setuse_stage() writes the bits of the view that nobody looks through;
 *   2. the policy's pointer is swapped, which also publishes those bits;
 *   3. a grace period: nobody looks through the old view any more;
 *   4. zonefw_setuse_settle() makes the old view's bits equal to the new one's.
 * What happens at run time (command, packet, time) acts on both views at once.
 *
 * No epoch moves for what is staged or settled. Cached verdicts are of one
 * generation, and the new generation's view does not change with the swap or
 * after it; the old one's does not before the grace period has ended. That sweeps
 * look again is publish.c's doing.
 */
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include "set.h"
#include "setuse.h"

/**
 * zonefw_setuse_find() - the set of a name
 * @p: policy or NULL
 * @name: name
 *
 * Return: index into the policy's sets, or -1.
 */
int zonefw_setuse_find(const struct zonefw_policy *p, const char *name)
{
	u32 i;

	for (i = 0; p && i < p->nsets; i++)
		if (!strcmp(p->sets[i].name, name))
			return i;
	return -1;
}

static u32 max_of(const struct zonefw_setuse *u)
{
	if (u->max)
		return u->max;
	return u->filled ? ZONEFW_SET_MAX_FILLED : ZONEFW_SET_MAX_DEFAULT;
}

static int use_build(struct zonefw_ns *zn, struct zonefw_setuse *u, const struct zonefw_policy *old)
{
	int i = zonefw_setuse_find(old, u->name);

	if (i >= 0 && old->sets[i].port == u->port) {
		u->set = zonefw_set_get(old->sets[i].set);
	} else {
		u->set = zonefw_set_alloc(zn, u->name, u->port);
		if (!u->set)
			return -ENOMEM;
		u->set->timeout = u->timeout;
		u->set->max = max_of(u);
		u->fresh = true;
	}
	return 0;
}

static int elems_build(struct zonefw_policy *p, struct zonefw_elems *c,
		       struct netlink_ext_ack *extack)
{
	const struct zonefw_setuse *u = &p->sets[c->use];
	int err;

	for (; c->named < c->n; c->named++) {
		err = zonefw_set_name(u->set, &c->e[c->named], max_of(u), u->fresh);
		if (err == -ENOSPC)
			NL_SET_ERR_MSG(extack, "a set is declared with more members than its max");
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * zonefw_setuse_build() - find or make the objects, and name the members
 * @zn: namespace, its lock held
 * @p: policy to be
 * @old: policy in force or NULL
 * @extack: refusal
 *
 * Return: 0, -ENOMEM or -ENOSPC. Undone by zonefw_setuse_free().
 */
int zonefw_setuse_build(struct zonefw_ns *zn, struct zonefw_policy *p,
			const struct zonefw_policy *old, struct netlink_ext_ack *extack)
{
	int err = 0;
	u32 i;

	lockdep_assert_held(&zn->lock);
	p->view = old ? old->view : ZONEFW_VIEW(0);	/* what a candidate looks through */
	for (i = 0; i < p->nsets && !err; i++)
		err = use_build(zn, &p->sets[i], old);
	for (i = 0; i < p->nelems && !err; i++)
		err = elems_build(p, &p->elems[i], extack);
	return err;
}

enum step { MARK_OLD, MARK_NEW, STAGE, SETTLE };

static void one(struct zonefw_set *s, const struct zonefw_elem *e, enum step step, u8 view)
{
	switch (step) {
	case MARK_OLD:
		return zonefw_set_mark(s, e, ZONEFW_MARK_OLD);
	case MARK_NEW:
		return zonefw_set_mark(s, e, ZONEFW_MARK_NEW);
	case STAGE:
		return zonefw_set_stage(s, e, view);
	case SETTLE:
		return zonefw_set_settle(s, e, view);
	}
}

static void each(const struct zonefw_policy *p, enum step step, u8 view)
{
	u32 i, k;

	for (i = 0; p && i < p->nelems; i++)
		for (k = 0; k < p->elems[i].n; k++) {
			const struct zonefw_elems *c = &p->elems[i];

			one(p->sets[c->use].set, &c->e[k], step, view);
			cond_resched();
		}
}

/* The sets go with the last policy, or are the same. */
static bool same_sets(const struct zonefw_policy *old, const struct zonefw_policy *p)
{
	return old && old->stem == p->stem;
}

/**
 * zonefw_setuse_stage() - members for the policy that is about to come into force
 * @old: policy in force or NULL
 * @p: built policy; gets the view that no packet looks through
 *
 * Cannot fail. Context: the namespace's lock held; no packet is left that has seen
 * another policy than @old.
 */
void zonefw_setuse_stage(const struct zonefw_policy *old, struct zonefw_policy *p)
{
	u32 i;

	WRITE_ONCE(p->view, !old ? ZONEFW_VIEW(0) :
		   same_sets(old, p) ? old->view : ZONEFW_VIEWS ^ old->view);
	if (same_sets(old, p))
		return;
	for (i = 0; i < p->nsets; i++) {
		WRITE_ONCE(p->sets[i].set->timeout, p->sets[i].timeout);
		WRITE_ONCE(p->sets[i].set->max, max_of(&p->sets[i]));
	}
	each(old, MARK_OLD, 0);
	each(p, MARK_NEW, 0);
	each(old, STAGE, p->view);
	each(p, STAGE, p->view);
}

/**
 * zonefw_setuse_settle() - the policy is in force, and no packet sees the one before
 * @old: policy that was in force or NULL
 * @p: policy in force
 *
 * Cannot fail. Context: the namespace's lock held; a grace period after the swap.
 */
void zonefw_setuse_settle(const struct zonefw_policy *old, const struct zonefw_policy *p)
{
	if (same_sets(old, p))
		return;
	each(old, SETTLE, p->view);
	each(p, SETTLE, p->view);
}

void zonefw_setuse_free(struct zonefw_policy *p)
{
	u32 i;

	for (i = 0; p->elems && i < p->nelems; i++) {
		struct zonefw_elems *c = &p->elems[i];

		while (c->named) {
			zonefw_set_unname(p->sets[c->use].set, &c->e[--c->named]);
			cond_resched();
		}
		kvfree(c->blob);
	}
	for (i = 0; p->sets && i < p->nsets; i++) {
		zonefw_set_put(p->sets[i].set);
		kvfree(p->sets[i].blob);
	}
	kvfree(p->elems);
	kvfree(p->sets);
}
