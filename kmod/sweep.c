// SPDX-License-Identifier: GPL-2.0
/*
 * The sweep: connections that lost their permission end also when they are
 * idle. A worker walks conntrack's table after each commit, and after a set, a
 * clock or a schedule has changed its mind, some flows at a time, under the
 * namespace's mutex so that the policy it judges by is the one in force.
 *
 * It never guesses. A flow is ended only where the verdict cache remembers the
 * zones that its packets showed, and where no rule asked for what only a packet
 * shows; all others are left to their next packet, which is judged anyway, and
 * are counted as left. What a flow is told is up to that packet too: none is
 * made up here.
 */
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack.h>
#include "epoch.h"
#include "flow.h"
#include "sweep.h"
#include "vcache.h"

#define BATCHES	32	/* of zonefw_flows_next() in one go, then others have the CPU */

enum { AGAIN, RUNS };	/* bits of zonefw_sweep.state */

static bool same_zone(const struct zonefw_zone *a, const struct zonefw_zone *b)
{
	const struct nlattr *x = a->blob, *y = b->blob;

	if (!x || !y)
		return x == y;
	return x->nla_len == y->nla_len && !memcmp(x, y, x->nla_len);
}

/* Do the numbers of zones mean the same in both, and are devices placed alike? */
static bool same_zones(const struct zonefw_policy *a, const struct zonefw_policy *b)
{
	u16 z;

	if (a->nz != b->nz || memcmp(a->parent, b->parent, a->nz * sizeof(*a->parent)))
		return false;
	for (z = 1; z < a->nz; z++)
		if (!same_zone(&a->zones[z], &b->zones[z]))
			return false;
	return true;
}

static void remember(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		     const struct nf_conn *ct, const struct zonefw_flow *f, u32 epoch)
{
	struct zonefw_stamp s = { .gen = p->gen, .cell = zonefw_cell_at(p, f->from, f->to),
				  .slot = zonefw_slot(&f->v), .epoch = epoch };

	s.offloads = p->cells[s.cell].options & ZONEFW_CELL_OFFLOAD;
	zonefw_vcache_enter(zn->vcache, ct, &s);
}

/* Is this flow to end? One that stays is known to the policy in force from here on. */
static bool lost(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		 const struct nf_conn *ct, bool *left)
{
	const struct zonefw_sweep *sw = &zn->sweep;
	struct zonefw_stamp s;
	struct zonefw_flow f;
	u32 epoch = zonefw_epoch(zn, ct), ncells = (u32)p->nz * p->nz;

	*left = true;
	if (test_bit(IPS_EXPECTED_BIT, &ct->status))
		return false;	/* its permission is its master's */
	if (zonefw_vcache_peek(zn->vcache, ct, p->gen, &s)) {
		*left = false;
		if (s.cell >= ncells || !p->cells[s.cell].live ||
		    zonefw_vcache_fresh(zn->vcache, ct, epoch))
			return false;
	} else if (!sw->before || !sw->same ||
		   !zonefw_vcache_peek(zn->vcache, ct, sw->before->gen, &s) ||
		   s.cell >= ncells) {
		return false;
	}
	*left = true;
	if (!zonefw_flow_between(p, ct, s.cell / p->nz, s.cell % p->nz, &f) || f.key.guessed)
		return false;
	*left = false;
	if (!zonefw_flow_allowed(&f))
		return true;
	remember(zn, p, ct, &f, epoch);
	return false;
}

static void sweep_one(const struct zonefw_ns *zn, const struct zonefw_policy *p,
		      struct nf_conn *ct)
{
	bool left, end;

	rcu_read_lock();
	end = lost(zn, p, ct, &left);
	rcu_read_unlock();
	zonefw_stat(zn, ZONEFW_S_SWEPT);
	if (left)
		zonefw_stat(zn, ZONEFW_S_SWEEP_LEFT);
	if (end && nf_ct_kill(ct))
		zonefw_stat(zn, ZONEFW_S_SWEEP_CUT);
}

/* Return: whether the end of the table was reached. */
static bool sweep_some(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	struct nf_conn *ct[ZONEFW_FLOW_BATCH];
	u32 batch, i, n;
	bool more = true;

	for (batch = 0; batch < BATCHES && more; batch++) {
		more = zonefw_flows_next(zn->net, &zn->sweep.at, ct, &n);
		for (i = 0; i < n; i++) {
			sweep_one(zn, p, ct[i]);
			nf_ct_put(ct[i]);
		}
		cond_resched();
	}
	return !more;
}

static void begin(struct zonefw_ns *zn)
{
	clear_bit(AGAIN, &zn->sweep.state);
	WRITE_ONCE(zn->sweep.at.bucket, 0);
	zn->sweep.at.skip = 0;
}

static void finish(struct zonefw_ns *zn)
{
	zonefw_policy_put(zn->sweep.before);
	zn->sweep.before = NULL;
	clear_bit(RUNS, &zn->sweep.state);
}

static void work_fn(struct work_struct *work)
{
	struct zonefw_ns *zn = container_of(to_delayed_work(work), struct zonefw_ns, sweep.work);
	const struct zonefw_policy *p;

	mutex_lock(&zn->lock);
	p = rcu_dereference_protected(zn->policy, lockdep_is_held(&zn->lock));
	if (!test_and_set_bit(RUNS, &zn->sweep.state))
		begin(zn);
	if (!p || !p->opt.rematch || !zn->vcache) {
		finish(zn);
	} else if (sweep_some(zn, p)) {
		finish(zn);
		if (test_bit(AGAIN, &zn->sweep.state))
			queue_delayed_work(system_unbound_wq, &zn->sweep.work, HZ);
	} else {
		queue_delayed_work(system_unbound_wq, &zn->sweep.work, 1);
	}
	mutex_unlock(&zn->lock);
}

void zonefw_sweep_init(struct zonefw_ns *zn)
{
	INIT_DELAYED_WORK(&zn->sweep.work, work_fn);
}

/**
 * zonefw_sweep_exit() - no sweep any more
 * @zn: namespace that goes; to be called before its policy goes, for what the
 *	sweep holds, and after, as sets may call for one until they are gone
 *
 * Context: may sleep, the namespace's lock not held.
 */
void zonefw_sweep_exit(struct zonefw_ns *zn)
{
	cancel_delayed_work_sync(&zn->sweep.work);
	finish(zn);
}

/**
 * zonefw_sweep_start() - a policy is in force: end what it does not let pass
 * @zn: namespace, its lock held
 * @before: the policy it took the place of, its reference taken over; or NULL
 *
 * A sweep that still runs begins anew. Flows that were idle since an even
 * earlier policy and that it had not reached are left to their next packet.
 */
void zonefw_sweep_start(struct zonefw_ns *zn, struct zonefw_policy *before)
{
	const struct zonefw_policy *p = rcu_dereference_protected(zn->policy,
								  lockdep_is_held(&zn->lock));

	zonefw_policy_put(zn->sweep.before);
	zn->sweep.before = before;
	zn->sweep.same = before && p && same_zones(before, p);
	if (!before)
		return;
	set_bit(RUNS, &zn->sweep.state);
	begin(zn);
	mod_delayed_work(system_unbound_wq, &zn->sweep.work, 1);
}

/**
 * zonefw_sweep_soon() - what a live rule looks at has changed
 * @zn: namespace
 *
 * Many calls a second make one sweep a second. A sweep that runs goes on to its end, or
 * changes without end would keep it from ever coming there; another one follows.
 *
 * Context: any.
 */
void zonefw_sweep_soon(struct zonefw_ns *zn)
{
	set_bit(AGAIN, &zn->sweep.state);
	queue_delayed_work(system_unbound_wq, &zn->sweep.work, HZ);
}

/**
 * zonefw_sweep_progress() - how far a sweep has come
 * @zn: namespace
 *
 * Return: per cent of conntrack's table, 0 to 99; 100 when no sweep runs.
 */
u32 zonefw_sweep_progress(const struct zonefw_ns *zn)
{
	if (!test_bit(RUNS, &zn->sweep.state))
		return 100;
	return min_t(u64, 99, div_u64(100ull * READ_ONCE(zn->sweep.at.bucket),
				      nf_conntrack_htable_size));
}
