// SPDX-License-Identifier: GPL-2.0
/*
 * Module and namespace life: init in order, exit in reverse; nothing else.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/netfilter/nf_nat_masquerade.h>
#include <net/netns/generic.h>
#include <linux/netlink.h>
#include "candidate.h"
#include "clock.h"
#include "drops.h"
#include "early.h"
#include "guard.h"
#include "hook.h"
#include "nl/family.h"
#include "pending.h"
#include "trace.h"
#include "zonefw.h"

unsigned int zonefw_net_id __read_mostly;
bool zonefw_boot_closed __read_mostly;
bool zonefw_userns __read_mostly;

static char *boot = "open";
module_param(boot, charp, 0444);
MODULE_PARM_DESC(boot, "namespaces without a policy: open (nothing is filtered) or closed");
module_param_named(early, zonefw_early_on, bool, 0644);
MODULE_PARM_DESC(early, "drop ahead of conntrack what the first rules of a zone's whole row deny; asked at each commit");
module_param_named(userns, zonefw_userns, bool, 0644);
MODULE_PARM_DESC(userns, "let the root of a user namespace manage its own network namespace");

struct zonefw_ns *zonefw_ns(const struct net *net)
{
	return net_generic(net, zonefw_net_id);
}

static int __net_init ns_init(struct net *net)
{
	struct zonefw_ns *zn = zonefw_ns(net);
	int cpu, err = 0;

	zn->net = net;
	mutex_init(&zn->lock);
	spin_lock_init(&zn->log_lock);
	zonefw_pending_init(zn);
	INIT_LIST_HEAD(&zn->candidates);
	INIT_LIST_HEAD(&zn->tracers);
	zn->next_id = 1;
	zonefw_devs_init(zn);
	zonefw_guard_init(zn);
	zonefw_clock_init(zn);
	zonefw_sweep_init(zn);
	zn->stats = alloc_percpu(struct zonefw_stats);
	if (!zn->stats)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(zn->stats, cpu)->syncp);
	if (zonefw_boot_closed) {
		zn->closed = true;
		mutex_lock(&zn->lock);
		err = zonefw_hooks_update(zn, true);
		mutex_unlock(&zn->lock);
	}
	if (err) {
		zonefw_drops_free(zn->drops);
		free_percpu(zn->stats);
	}
	return err;
}

static void __net_exit ns_pre_exit(struct net *net)
{
	struct zonefw_ns *zn = zonefw_ns(net);

	zonefw_pending_exit(zn);
	zonefw_trace_exit(zn);
	mutex_lock(&zn->lock);
	if (zn->hooks)
		zonefw_hooks_update(zn, false);
	mutex_unlock(&zn->lock);
}

static void __net_exit ns_exit(struct net *net)
{
	struct zonefw_ns *zn = zonefw_ns(net);
	struct zonefw_policy *p = rcu_dereference_protected(zn->policy, 1);

	zonefw_devs_exit(zn);
	zonefw_clock_stop(zn);
	zonefw_sweep_exit(zn);
	RCU_INIT_POINTER(zn->policy, NULL);
	if (p) {
		zonefw_policy_put(p);
		module_put(THIS_MODULE);
	}
	if (zn->panic)
		module_put(THIS_MODULE);
	zonefw_candidates_exit(zn);
	zonefw_sweep_exit(zn);
	zonefw_drops_free(zn->drops);
	kvfree(zn->epochs);
	free_percpu(zn->stats);
}

static struct pernet_operations zonefw_pernet = {
	.init = ns_init,
	.pre_exit = ns_pre_exit,
	.exit = ns_exit,
	.id = &zonefw_net_id,
	.size = sizeof(struct zonefw_ns),
};

static int __init zonefw_init(void)
{
	int err;

	if (strcmp(boot, "open") && strcmp(boot, "closed")) {
		pr_err("zonefw: boot=%s: use open or closed\n", boot);
		return -EINVAL;
	}
	zonefw_boot_closed = !strcmp(boot, "closed");
	err = register_pernet_subsys(&zonefw_pernet);
	if (err)
		return err;
	err = register_netdevice_notifier(&zonefw_netdev_nb);
	if (err)
		goto pernet;
	err = nf_nat_masquerade_inet_register_notifiers();
	if (err)
		goto notifier;
	err = netlink_register_notifier(&zonefw_netlink_nb);
	if (err)
		goto masquerade;
	err = zonefw_family_init();
	if (err)
		goto netlink;
	return 0;
netlink:
	netlink_unregister_notifier(&zonefw_netlink_nb);
masquerade:
	nf_nat_masquerade_inet_unregister_notifiers();
notifier:
	unregister_netdevice_notifier(&zonefw_netdev_nb);
pernet:
	unregister_pernet_subsys(&zonefw_pernet);
	return err;
}

static void __exit zonefw_exit(void)
{
	zonefw_family_exit();
	netlink_unregister_notifier(&zonefw_netlink_nb);
	nf_nat_masquerade_inet_unregister_notifiers();
	unregister_netdevice_notifier(&zonefw_netdev_nb);
	unregister_pernet_subsys(&zonefw_pernet);
	rcu_barrier();
}

module_init(zonefw_init);
module_exit(zonefw_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Zone firewall: a zone x zone policy matrix in netfilter");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY("zonefw");
