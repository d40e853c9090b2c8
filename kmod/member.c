// SPDX-License-Identifier: GPL-2.0
/*
 * Members of named sets come and go: by command, by packet, by time, and by the
 * text of a policy. Changes hold the set's lock with bottom halves off. A member
 * that a policy's text names stays in the table while that policy lives, seen
 * or unseen, so that putting a policy in force allocates nothing. Members expire
 * at lookup; a worker reclaims them. Every change at run time is one for both views
 * of a set and moves the epoch, so that open connections are judged again
 * (epoch.c); what a policy's coming changes is told in setuse.c.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include "clock.h"
#include "epoch.h"
#include "set.h"

#define REAP_BATCH	512

static struct zonefw_member *find(struct zonefw_set *s, const struct zonefw_elem *e)
{
	struct zonefw_setkey k;

	zonefw_set_key(&k, e->family, e->len, e->addr);
	return rhashtable_lookup_fast(&s->ht, &k, zonefw_set_params);
}

/**
 * zonefw_set_is_member() - is this very prefix a member?
 * @s: set
 * @e: checked member
 *
 * Return: true if it is and has not expired.
 */
bool zonefw_set_is_member(struct zonefw_set *s, const struct zonefw_elem *e)
{
	const struct zonefw_member *m;
	bool res;

	rcu_read_lock();
	m = find(s, e);
	res = m && !zonefw_member_expired(m) && READ_ONCE(m->in);
	rcu_read_unlock();
	return res;
}

static void touch(const struct zonefw_set *s, const struct zonefw_setkey *k)
{
	zonefw_epoch_bump(s->zn, k->family, k->len, k->addr);
	zonefw_sweep_soon(s->zn);
}

static void reap_by(struct zonefw_set *s, u64 at)
{
	u64 now = ktime_get_boottime_ns();
	unsigned long when = jiffies + 1 + (at > now ? zonefw_clock_step(nsecs_to_jiffies(at - now)) : 0);

	if (time_before(when, s->reap_not_before))
		when = s->reap_not_before;
	if (delayed_work_pending(&s->reap) && !time_before(when, s->reap_at))
		return;
	s->reap_at = when;
	mod_delayed_work(system_wq, &s->reap, when - jiffies);
}

/* When a member's time is over that begins now, 0: never. */
static u64 end_of(const struct zonefw_set *s, u32 timeout)
{
	u32 secs = timeout ? timeout : READ_ONCE(s->timeout);

	return secs ? ktime_get_boottime_ns() + (u64)secs * NSEC_PER_SEC : 0;
}

/* With the lock: live until the time that @timeout says, counted from now. */
static void revive(struct zonefw_set *s, struct zonefw_member *m, u32 timeout)
{
	u64 at = end_of(s, timeout);
	bool was = m->in == ZONEFW_VIEWS && !zonefw_member_expired(m);

	atomic64_set(&m->expires, at);
	if (at)
		reap_by(s, at);
	s->count += !m->in;
	WRITE_ONCE(m->in, ZONEFW_VIEWS);
	if (!was)
		touch(s, &m->key);
}

static void unsee(struct zonefw_set *s, struct zonefw_member *m)
{
	s->count--;
	WRITE_ONCE(m->in, 0);
}

/* With the lock: no packet sees it any more; freed unless a policy names it. */
static void drop(struct zonefw_set *s, struct zonefw_member *m)
{
	unsigned int bits, at = zonefw_set_base(m->key.family, &bits) + m->key.len;
	struct zonefw_setkey k = m->key;
	bool was = m->in;

	if (was)
		unsee(s, m);
	if (!m->named) {
		rhashtable_remove_fast(&s->ht, &m->node, zonefw_set_params);
		if (!--s->nlen[at])
			clear_bit(at, s->lens);
		kfree_rcu(m, rcu);
	}
	if (was)
		touch(s, &k);
}

static struct zonefw_member *member_alloc(const struct zonefw_elem *e, gfp_t gfp)
{
	struct zonefw_member *m = kzalloc(sizeof(*m), gfp);

	if (m) {
		zonefw_set_key(&m->key, e->family, e->len, e->addr);
		m->flags = e->flags & ZONEFW_ELEM_RANGE;
	}
	return m;
}

/* With the lock: into the table, unseen. Takes @m over, also on failure. */
static int insert(struct zonefw_set *s, struct zonefw_member *m, u32 max)
{
	unsigned int bits, at = zonefw_set_base(m->key.family, &bits) + m->key.len;
	int err;

	if (atomic_read(&s->ht.nelems) >= max) {
		s->lost++;
		kfree(m);
		return -ENOSPC;
	}
	err = rhashtable_insert_fast(&s->ht, &m->node, zonefw_set_params);
	if (err) {
		kfree(m);
		return err;
	}
	if (!s->nlen[at]++)
		set_bit(at, s->lens);
	return 0;
}

/* The member; a new one if there was none, and less than @max. The lock is let go for memory. */
static struct zonefw_member *obtain(struct zonefw_set *s, const struct zonefw_elem *e, u32 max,
				    gfp_t gfp)
	__must_hold(&s->lock)
{
	struct zonefw_member *m = find(s, e), *fresh;
	int err;

	if (m)
		return m;
	spin_unlock_bh(&s->lock);
	fresh = member_alloc(e, gfp);
	spin_lock_bh(&s->lock);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	m = find(s, e);
	if (m) {
		kfree(fresh);
		return m;
	}
	err = insert(s, fresh, max);
	return err ? ERR_PTR(err) : fresh;
}

/**
 * zonefw_set_add() - a member comes in, or its time starts anew
 * @s: set
 * @e: checked member
 * @gfp: GFP_ATOMIC from a packet
 *
 * Return: 0, -ENOSPC when the set is full, -ENOMEM, or -EBUSY while the table grows.
 */
int zonefw_set_add(struct zonefw_set *s, const struct zonefw_elem *e, gfp_t gfp)
{
	struct zonefw_member *m;

	spin_lock_bh(&s->lock);
	m = obtain(s, e, READ_ONCE(s->max), gfp);
	if (!IS_ERR(m))
		revive(s, m, e->timeout);
	spin_unlock_bh(&s->lock);
	return PTR_ERR_OR_ZERO(m);
}

/**
 * zonefw_set_del() - a member goes
 * @s: set
 * @e: checked member
 *
 * Return: 0, or -ENOENT when it is not there.
 */
int zonefw_set_del(struct zonefw_set *s, const struct zonefw_elem *e)
{
	struct zonefw_member *m;
	int err = -ENOENT;

	spin_lock_bh(&s->lock);
	m = find(s, e);
	if (m && m->in) {
		err = zonefw_member_expired(m) ? -ENOENT : 0;
		drop(s, m);
	}
	spin_unlock_bh(&s->lock);
	return err;
}

/* One walk over all: drops those that expired, or all, and tells how many. One that
 * stands behind a dropped one where the walk pauses may be passed over.
 */
static u32 sweep(struct zonefw_set *s, bool all, u64 *next)
{
	struct rhashtable_iter it;
	struct zonefw_member *m;
	u32 n = 0, dropped = 0;

	rhashtable_walk_enter(&s->ht, &it);
	rhashtable_walk_start(&it);
	while ((m = rhashtable_walk_next(&it))) {
		if (IS_ERR(m))
			continue;	/* the table was resized: some come twice */
		spin_lock_bh(&s->lock);
		if (m->in && (all || zonefw_member_expired(m))) {
			drop(s, m);
			dropped++;
		} else if (m->in && atomic64_read(&m->expires)) {
			*next = min_t(u64, *next, atomic64_read(&m->expires));
		}
		spin_unlock_bh(&s->lock);
		if (++n % REAP_BATCH)
			continue;
		rhashtable_walk_stop(&it);
		cond_resched();
		rhashtable_walk_start(&it);
	}
	rhashtable_walk_stop(&it);
	rhashtable_walk_exit(&it);
	return dropped;
}

/* Until a walk finds nothing to drop; packets that go on adding hold nobody up. */
static u64 sweep_all(struct zonefw_set *s, bool all)
{
	u64 next = U64_MAX;
	int walks = 0;

	while (sweep(s, all, &next) && ++walks < 8)
		;
	return walks < 8 ? next : 0;
}

/* Takes at most a twentieth of one CPU, however many members expire one by one. */
void zonefw_set_reap(struct work_struct *w)
{
	struct zonefw_set *s = container_of(to_delayed_work(w), struct zonefw_set, reap);
	unsigned long start = jiffies;
	u64 next = sweep_all(s, false);

	spin_lock_bh(&s->lock);
	s->reap_not_before = jiffies + 20 * (jiffies - start) + HZ / 10;
	if (next != U64_MAX)
		reap_by(s, next);
	spin_unlock_bh(&s->lock);
}

void zonefw_set_flush(struct zonefw_set *s)
{
	sweep_all(s, true);
}

/**
 * zonefw_set_name() - a policy to come names a member
 * @s: set
 * @e: checked member
 * @max: of the policy to come; that of the set is not touched before it is in force
 * @live: nobody sees the set yet: the member is in at once
 *
 * What packets put in takes no room from what policies name: at worst the set is twice as large.
 *
 * Return: 0 or as zonefw_set_add(). Undone by zonefw_set_unname().
 */
int zonefw_set_name(struct zonefw_set *s, const struct zonefw_elem *e, u32 max, bool live)
{
	struct zonefw_member *m;
	int err;

	spin_lock_bh(&s->lock);
	m = obtain(s, e, U32_MAX, GFP_KERNEL_ACCOUNT);
	err = PTR_ERR_OR_ZERO(m);
	if (err)
		goto out;
	if (!m->named && s->nnamed >= max(max, READ_ONCE(s->max))) {
		err = -ENOSPC;
		if (!m->in)
			drop(s, m);
		goto out;
	}
	s->nnamed += !m->named++;
	if (live)
		revive(s, m, e->timeout);
out:
	spin_unlock_bh(&s->lock);
	return err;
}

/* A policy that named a member is no more. */
void zonefw_set_unname(struct zonefw_set *s, const struct zonefw_elem *e)
{
	struct zonefw_member *m;

	spin_lock_bh(&s->lock);
	m = find(s, e);
	if (m && m->named && !--m->named) {
		s->nnamed--;
		if (!m->in)
			drop(s, m);
	}
	spin_unlock_bh(&s->lock);
}

void zonefw_set_mark(struct zonefw_set *s, const struct zonefw_elem *e, u8 mark)
{
	struct zonefw_member *m;

	spin_lock_bh(&s->lock);
	m = find(s, e);
	if (m)
		m->flags |= mark;
	spin_unlock_bh(&s->lock);
}

/* With the lock: the view, and no other, sees it from now on. Whoever reads the new time
 * (zonefw_member_expired()) also reads that the other view has lost one that was over.
 */
static void bring(struct zonefw_set *s, struct zonefw_member *m, u32 timeout, u8 view)
{
	u64 at = end_of(s, timeout);

	s->count += !m->in;
	WRITE_ONCE(m->in, 0);
	atomic64_set_release(&m->expires, at);
	WRITE_ONCE(m->in, view);
	if (at)
		reap_by(s, at);
}

/**
 * zonefw_set_stage() - what the coming of a policy means for a member it names
 * @s: set
 * @e: named by the policy before or the one to come, and so marked
 * @view: of the policy to come; the other one is left as it is
 *
 * Named anew: in. Not named any more: out. Named by both: as it is, also when
 * it was deleted or has expired meanwhile.
 */
void zonefw_set_stage(struct zonefw_set *s, const struct zonefw_elem *e, u8 view)
{
	struct zonefw_member *m;
	u8 marks;

	spin_lock_bh(&s->lock);
	m = find(s, e);
	marks = m ? m->flags & (ZONEFW_MARK_OLD | ZONEFW_MARK_NEW) : 0;
	if (marks == ZONEFW_MARK_NEW && m->in && !zonefw_member_expired(m))
		marks = 0;	/* in already; its time starts anew when it is settled */
	else if (marks == ZONEFW_MARK_NEW)
		bring(s, m, e->timeout, view);
	else if (marks == ZONEFW_MARK_OLD)
		WRITE_ONCE(m->in, m->in & ~view);
	if (m)
		m->flags &= ~marks;
	spin_unlock_bh(&s->lock);
}

/**
 * zonefw_set_settle() - the policy has come: of a member it names, or the one before did
 * @s: set
 * @e: member
 * @view: of the policy in force; the other one, which nobody uses, becomes equal
 */
void zonefw_set_settle(struct zonefw_set *s, const struct zonefw_elem *e, u8 view)
{
	struct zonefw_member *m;
	bool anew;

	spin_lock_bh(&s->lock);
	m = find(s, e);
	if (m) {
		anew = m->flags & ZONEFW_MARK_NEW;
		m->flags &= ~ZONEFW_MARK_NEW;
		if (anew)
			revive(s, m, e->timeout);
		else if (m->in & view)
			WRITE_ONCE(m->in, ZONEFW_VIEWS);
		else if (m->in)
			unsee(s, m);
	}
	spin_unlock_bh(&s->lock);
}

/**
 * zonefw_member_show() - a member as a message shows it
 * @m: member
 * @view: of the policy that asks
 * @e: out; timeout in seconds left
 *
 * Return: false when no packet would see it.
 */
bool zonefw_member_show(const struct zonefw_member *m, u8 view, struct zonefw_elem *e)
{
	u64 at = atomic64_read(&m->expires), now = ktime_get_boottime_ns();

	if (!(READ_ONCE(m->in) & view) || (at && at <= now))
		return false;
	memset(e, 0, sizeof(*e));
	e->family = m->key.family;
	e->len = m->key.len;
	e->flags = m->flags & ZONEFW_ELEM_RANGE;
	memcpy(e->addr, m->key.addr, sizeof(e->addr));
	if (at)
		e->timeout = div_u64(at - now + NSEC_PER_SEC - 1, NSEC_PER_SEC);
	return true;
}
