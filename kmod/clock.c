// SPDX-License-Identifier: GPL-2.0
/*
 * Rules that open, close or end by the clock. A packet looks at the clock
 * itself; this worker moves the epoch when a rule has changed its mind, so that
 * open connections are judged again, and tells listeners when a rule is no
 * more. It looks at each full minute, so a clock that was set is noticed within
 * one, and at the next deadline.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include <net/netlink.h>
#include "book.h"
#include "clock.h"
#include "epoch.h"
#include "live.h"
#include "nl/notify.h"

struct tally { u64 state, next; u32 expired, watched; };

static void look(const struct zonefw_policy *p, struct tally *t)
{
	u64 now = ktime_get_boottime_ns();
	const struct zonefw_rule *r;
	struct zonefw_turn turn = { };
	u32 i = 0;

	*t = (struct tally){ .state = 14695981039346656037ull, .next = U64_MAX };
	while ((r = zonefw_rule_next(p, &turn))) {
		const struct zonefw_live *l = zonefw_rule_live(r);

		if (!(++i % 4096))
			cond_resched();
		if (!l || !zonefw_live_timed(l))
			continue;
		t->state = (t->state ^ zonefw_live_now(l)) * 1099511628211ull;
		if (!l->expires)
			t->watched++;
		else if (l->deadline <= now)
			t->expired++;
		else
			t->next = min(t->next, l->deadline - now);
		t->watched += l->expires && (l->days || l->minutes[0] != l->minutes[1]);
	}
	if (t->watched) {
		u32 second;

		div_u64_rem(ktime_get_real_seconds(), 60, &second);
		t->next = min(t->next, (u64)(60 - second) * NSEC_PER_SEC);
	}
}

static void arm(struct zonefw_ns *zn, const struct tally *t)
{
	u64 ns = min_t(u64, t->next, 86400ull * NSEC_PER_SEC);

	if (t->next != U64_MAX)
		mod_delayed_work(system_wq, &zn->clock, zonefw_clock_step(nsecs_to_jiffies(ns) + 1));
}

static void tick(struct work_struct *w)
{
	struct zonefw_ns *zn = container_of(to_delayed_work(w), struct zonefw_ns, clock);
	struct sk_buff *event = zonefw_event_prepare();
	const struct zonefw_policy *p;
	struct tally t;

	mutex_lock(&zn->lock);
	p = rcu_dereference_protected(zn->policy, lockdep_is_held(&zn->lock));
	if (p && p->ntimed) {
		look(p, &t);
		if (t.state != zn->clock_state) {
			zonefw_epoch_bump_all(zn);
			zonefw_sweep_soon(zn);
		}
		if (t.expired != zn->clock_expired && event) {
			zonefw_event_send(zn, event, ZONEFW_CAUSE_EXPIRED);
			event = NULL;
		}
		zn->clock_state = t.state;
		zn->clock_expired = t.expired;
		arm(zn, &t);
	}
	mutex_unlock(&zn->lock);
	nlmsg_free(event);
}

void zonefw_clock_init(struct zonefw_ns *zn)
{
	INIT_DELAYED_WORK(&zn->clock, tick);
}

/**
 * zonefw_clock_start() - a policy is in force: watch its clocks
 * @zn: namespace, its lock held
 * @p: policy
 *
 * From here on the deadlines are those that the rules keep.
 */
void zonefw_clock_start(struct zonefw_ns *zn, struct zonefw_policy *p)
{
	struct zonefw_turn turn = { };
	struct zonefw_live *l;
	struct zonefw_rule *r;
	struct tally t;

	if (!p->ntimed)
		return;
	while ((r = zonefw_rule_next(p, &turn))) {
		l = zonefw_rule_live(r);
		if (!l || !l->expires)
			continue;
		l->kept->expires = l->expires;
		l->kept->deadline = l->deadline;
		l->kept->timed = p->gen;
	}
	look(p, &t);
	zn->clock_state = t.state;
	zn->clock_expired = t.expired;
	zonefw_epoch_bump_all(zn);	/* for a rule that changed its mind just before the look */
	arm(zn, &t);
}

/* Context: the namespace goes; may sleep, its lock not held. */
void zonefw_clock_stop(struct zonefw_ns *zn)
{
	cancel_delayed_work_sync(&zn->clock);
}
