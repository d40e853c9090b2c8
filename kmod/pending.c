// SPDX-License-Identifier: GPL-2.0
/*
 * A commit that waits for its confirmation: what it replaced is kept, and a
 * timer of the kernel puts that back. Process context under zonefw_ns.lock;
 * the timer is a delayed work, so it counts running time and no clock that can
 * be set, and needs no process. While it runs no other policy is taken.
 *
 * The kept policy is an ordinary object with its ids and counters. Only its
 * placement of devices may be out of date, and going back renews that.
 */
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/netlink.h>
#include "clock.h"
#include "nl/notify.h"
#include "pending.h"

#define RETRY	(HZ / 10)	/* no memory to go back: until there is some */

static int go_back(struct zonefw_ns *zn, struct netlink_ext_ack *extack)
{
	struct zonefw_pending *pd = &zn->pending;
	int err;

	lockdep_assert_held(&zn->lock);
	if (pd->before) {
		err = zonefw_publish(zn, pd->before, extack);
		if (err)
			return err;
	} else {
		zonefw_withdraw(zn, pd->closed);
	}
	pd->before = NULL;		/* the namespace's again */
	WRITE_ONCE(pd->on, false);
	return 0;
}

static void arm(struct zonefw_pending *pd)
{
	long left = pd->deadline - jiffies;

	mod_delayed_work(system_wq, &pd->timer, left > 0 ? zonefw_clock_step(left) : 0);
}

static void timer_fn(struct work_struct *work)
{
	struct zonefw_ns *zn = container_of(to_delayed_work(work), struct zonefw_ns, pending.timer);
	struct sk_buff *event = zonefw_event_prepare();
	bool back = false;

	rtnl_lock();
	mutex_lock(&zn->lock);
	if (zn->pending.on && time_before(jiffies, zn->pending.deadline)) {
		arm(&zn->pending);
	} else if (zn->pending.on) {
		back = !go_back(zn, NULL);
		if (!back)
			mod_delayed_work(system_wq, &zn->pending.timer, RETRY);
	}
	if (back)
		zonefw_event_send(zn, event, ZONEFW_CAUSE_TIMEOUT);
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	if (!back)
		nlmsg_free(event);
}

void zonefw_pending_init(struct zonefw_ns *zn)
{
	INIT_DELAYED_WORK(&zn->pending.timer, timer_fn);
}

/* The namespace goes: its sockets are gone, so nothing starts the timer again. */
void zonefw_pending_exit(struct zonefw_ns *zn)
{
	cancel_delayed_work_sync(&zn->pending.timer);
	mutex_lock(&zn->lock);
	zonefw_pending_drop(zn);
	mutex_unlock(&zn->lock);
}

/**
 * zonefw_pending_busy() - is a commit waiting for its confirmation?
 * @zn: namespace, its lock held
 * @extack: refusal
 *
 * Return: 0, or -EBUSY with a sentence.
 */
int zonefw_pending_busy(const struct zonefw_ns *zn, struct netlink_ext_ack *extack)
{
	if (!zn->pending.on)
		return 0;
	NL_SET_ERR_MSG(extack, "a change is waiting to be confirmed: confirm it or roll it back first");
	return -EBUSY;
}

/**
 * zonefw_before_get() - hold what a commit is about to replace
 * @zn: namespace, its lock held
 *
 * Return: the policy in force with a reference, or none and whether it is closed.
 */
struct zonefw_before zonefw_before_get(struct zonefw_ns *zn)
{
	lockdep_assert_held(&zn->lock);
	return (struct zonefw_before){ .p = zonefw_policy_get(zn), .closed = zn->closed };
}

/**
 * zonefw_pending_start() - go back unless confirmed in time
 * @zn: namespace, its lock held, nothing pending
 * @b: from zonefw_before_get(), its reference taken over
 * @seconds: 1 to ZONEFW_CONFIRM_MAX
 */
void zonefw_pending_start(struct zonefw_ns *zn, struct zonefw_before b, u32 seconds)
{
	struct zonefw_pending *pd = &zn->pending;

	lockdep_assert_held(&zn->lock);
	pd->before = b.p;
	pd->closed = b.closed;
	WRITE_ONCE(pd->deadline, jiffies + (unsigned long)seconds * HZ);
	WRITE_ONCE(pd->on, true);
	arm(pd);
}

/* What is in force stays, what was before is let go. */
void zonefw_pending_drop(struct zonefw_ns *zn)
{
	lockdep_assert_held(&zn->lock);
	cancel_delayed_work(&zn->pending.timer);
	zonefw_policy_put(zn->pending.before);
	zn->pending.before = NULL;
	WRITE_ONCE(zn->pending.on, false);
}

static int nothing(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "no change is waiting to be confirmed");
	return -ENOENT;
}

/**
 * zonefw_pending_confirm() - keep what was applied
 * @zn: namespace, its lock held
 * @extack: refusal
 *
 * Return: 0, or -ENOENT when nothing is pending.
 */
int zonefw_pending_confirm(struct zonefw_ns *zn, struct netlink_ext_ack *extack)
{
	if (!zn->pending.on)
		return nothing(extack);
	zonefw_pending_drop(zn);
	return 0;
}

/**
 * zonefw_pending_rollback() - go back at once
 * @zn: namespace, its lock and rtnl held
 * @extack: refusal
 *
 * Return: 0, -ENOENT when nothing is pending, or -ENOMEM with the change still pending.
 */
int zonefw_pending_rollback(struct zonefw_ns *zn, struct netlink_ext_ack *extack)
{
	int err;

	if (!zn->pending.on)
		return nothing(extack);
	err = go_back(zn, extack);
	if (!err)
		cancel_delayed_work(&zn->pending.timer);
	return err;
}

/**
 * zonefw_pending_left() - time left for the confirmation
 * @zn: namespace
 *
 * Return: seconds, rounded up and at least 1; 0 when nothing is pending.
 */
u32 zonefw_pending_left(const struct zonefw_ns *zn)
{
	long left;

	if (!READ_ONCE(zn->pending.on))
		return 0;
	left = READ_ONCE(zn->pending.deadline) - jiffies;
	return left > 0 ? DIV_ROUND_UP(left, HZ) : 1;
}
