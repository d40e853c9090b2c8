// SPDX-License-Identifier: GPL-2.0
/*
 * Publishing a policy to the packet path, and taking it away: the only place
 * that stores zonefw_ns.policy. Needs rtnl and the namespace's mutex.
 */
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include "clock.h"
#include "drops.h"
#include "early.h"
#include "fast.h"
#include "guard.h"
#include "hook.h"
#include "nat.h"
#include "offload.h"
#include "setuse.h"
#include "vcache.h"
#include "zonefw.h"

#define GEN_WRAP	0x1000000u	/* a stamp of the verdict cache has 24 bits */

/**
 * zonefw_devices_prepare() - the hooks on devices that a policy needs
 * @zn: namespace with the other hooks on, its lock and rtnl held
 * @p: policy, with its devices placed; may not be in force yet
 *
 * Return: 0 or -errno; what is there then is more than before, and
 * zonefw_devices_settle() takes it away.
 */
int zonefw_devices_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	return zonefw_offload_prepare(zn, p) ?: zonefw_guard_prepare(zn, p);
}

/**
 * zonefw_devices_settle() - hooks on devices that the policy in force does not need go
 * @zn: namespace, its lock held; rtnl too, unless @p is NULL
 * @p: policy in force, with its devices placed, or NULL
 */
void zonefw_devices_settle(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	zonefw_offload_settle(zn, p);
	zonefw_guard_settle(zn, p);
}

/**
 * zonefw_hooks_update() - hooks on or off, with the cache they need
 * @zn: namespace, its lock held
 * @want: on?
 *
 * Return: 0 or -errno, with the state as before.
 */
int zonefw_hooks_update(struct zonefw_ns *zn, bool want)
{
	struct zonefw_vcache *vcache;
	int err;

	lockdep_assert_held(&zn->lock);
	if (want == zn->hooks)
		return 0;
	if (!want) {
		zonefw_devices_settle(zn, NULL);
		if (zn->nat)
			zonefw_nat_unregister(zn->net);
		zn->nat = false;
		zonefw_hooks_unregister(zn);
		synchronize_net();
		vcache = zn->vcache;
		WRITE_ONCE(zn->vcache, NULL);
		synchronize_net();	/* the control plane peeks into it, too */
		zonefw_vcache_free(vcache);
		zn->hooks = false;
		return 0;
	}
	if (!zn->drops)
		WRITE_ONCE(zn->drops, zonefw_drops_alloc());
	if (!zn->drops)
		return -ENOMEM;
	zn->vcache = zonefw_vcache_alloc();
	if (!zn->vcache)
		return -ENOMEM;
	zonefw_fast_update(zn);
	err = zonefw_hooks_register(zn);
	if (err) {
		zonefw_vcache_free(zn->vcache);
		zn->vcache = NULL;
		return err;
	}
	zn->hooks = true;
	return 0;
}

static void next_gen(struct zonefw_ns *zn)
{
	if (++zn->gen % GEN_WRAP)
		return;
	zn->gen++;
	if (zn->vcache)
		zonefw_vcache_clear(zn->vcache);
}

/* NAT stays on as long as there is a policy: open flows are still translated. */
static int nat_update(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	int err;

	if (zn->nat || (!p->dnat && !p->snat))
		return 0;
	err = zonefw_nat_register(zn->net);
	if (!err)
		WRITE_ONCE(zn->nat, true);
	return err;
}

/* Is there anything to do before conntrack? */
static bool wants_ingress(const struct zonefw_policy *p)
{
	u32 z;

	if (p->opt.tag_mask || p->early)
		return true;
	for (z = 1; z < p->nz; z++)
		if (p->zones[z].flags & ZONEFW_ZONE_ANTISPOOF)
			return true;
	return false;
}

/* All hooks that a policy needs; one more may be on than before when it fails. */
static int hooks_on(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	bool were_on = zn->hooks;
	int err = zonefw_hooks_update(zn, true);

	if (!err && wants_ingress(p))
		err = zonefw_ingress_register(zn);
	if (err && !were_on)
		zonefw_hooks_update(zn, false);
	return err;
}

/* All that a policy needs of the kernel; when it fails, more may be on than before. */
static int prepare(struct zonefw_ns *zn, struct zonefw_policy *p, struct netlink_ext_ack *extack)
{
	int err = zonefw_early_build(p) ?: zonefw_devs_update(zn, p);

	if (err) {
		NL_SET_ERR_MSG(extack, "there is no memory to place the devices of the policy");
		return err;
	}
	err = hooks_on(zn, p);
	if (err) {
		NL_SET_ERR_MSG(extack, "the netfilter hooks or conntrack could not be switched on");
		return err;
	}
	err = nat_update(zn, p);
	if (err) {
		NL_SET_ERR_MSG(extack, "the kernel's NAT could not be switched on");
		return err;
	}
	err = zonefw_devices_prepare(zn, p);
	if (err)
		NL_SET_ERR_MSG(extack, "the flow table or the hooks on devices could not be switched on");
	return err;
}

/* What prepare() has switched on and @old, still in force, does not need. */
static void unprepare(struct zonefw_ns *zn, const struct zonefw_policy *old)
{
	zonefw_devices_settle(zn, old);
	if (old)
		return;
	if (!zn->panic && !zn->closed)
		zonefw_hooks_update(zn, false);
	module_put(THIS_MODULE);
}

/**
 * zonefw_publish() - put a policy in force
 * @zn: namespace, its lock and rtnl held
 * @p: built policy, whose reference is taken over on success
 * @extack: refusal
 *
 * Return: 0 or -errno; on failure the policy in force stays and @p is the caller's.
 */
int zonefw_publish(struct zonefw_ns *zn, struct zonefw_policy *p, struct netlink_ext_ack *extack)
{
	struct zonefw_policy *old = rcu_dereference_protected(zn->policy,
							      lockdep_is_held(&zn->lock));
	int err;

	ASSERT_RTNL();
	if (!old && !try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "the module is on its way out");
		return -ENODEV;
	}
	err = prepare(zn, p, extack);
	if (err) {
		unprepare(zn, old);
		return err;
	}
	/* the point of no return: nothing below may fail */
	next_gen(zn);
	WRITE_ONCE(p->gen, zn->gen);	/* a policy that comes back may be in a dump's hands */
	zonefw_setuse_stage(old, p);
	rcu_assign_pointer(zn->policy, p);
	zonefw_fast_update(zn);
	if (!wants_ingress(p))
		zonefw_ingress_unregister(zn);
	zonefw_clock_start(zn, p);
	if (zn->closed || old)
		synchronize_net();	/* who saw no policy still sees closed */
	WRITE_ONCE(zn->closed, false);
	zonefw_setuse_settle(old, p);
	zonefw_devices_settle(zn, p);
	zonefw_sweep_start(zn, old);
	return 0;
}

/**
 * zonefw_withdraw() - no policy any more
 * @zn: namespace, its lock and rtnl held
 * @closed: the state left behind: closed, or open
 */
void zonefw_withdraw(struct zonefw_ns *zn, bool closed)
{
	struct zonefw_policy *old = rcu_dereference_protected(zn->policy,
							      lockdep_is_held(&zn->lock));

	ASSERT_RTNL();
	next_gen(zn);
	WRITE_ONCE(zn->closed, closed);
	if (closed)
		synchronize_net();	/* who sees no policy sees closed */
	RCU_INIT_POINTER(zn->policy, NULL);
	zonefw_fast_update(zn);
	zonefw_devices_settle(zn, NULL);
	if (!closed && !zn->panic)
		zonefw_hooks_update(zn, false);
	if (!old)
		return;
	synchronize_net();
	zonefw_policy_put(old);
	module_put(THIS_MODULE);
}

/**
 * zonefw_panic_set() - drop everything but loopback, or stop doing so
 * @zn: namespace, its lock held
 * @on: on?
 * @extack: refusal
 *
 * Return: 0, or -errno when the hooks could not be switched on.
 */
int zonefw_panic_set(struct zonefw_ns *zn, bool on, struct netlink_ext_ack *extack)
{
	bool policy = rcu_access_pointer(zn->policy);
	int err;

	if (on == zn->panic)
		return 0;
	if (on) {
		if (!try_module_get(THIS_MODULE))
			return -ENODEV;
		err = zonefw_hooks_update(zn, true);
		if (err) {
			NL_SET_ERR_MSG(extack, "the netfilter hooks could not be switched on");
			module_put(THIS_MODULE);
			return err;
		}
	}
	WRITE_ONCE(zn->panic, on);
	zonefw_fast_update(zn);
	if (on) {
		synchronize_net();	/* who still takes the short way */
		return 0;
	}
	if (!policy && !zn->closed)
		zonefw_hooks_update(zn, false);
	module_put(THIS_MODULE);
	return 0;
}
