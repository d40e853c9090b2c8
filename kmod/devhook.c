// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks on devices (netdev ingress): what sees a packet before conntrack, routing
 * and defragmentation have any work. They come before a policy is put in force and
 * go after another one is; and with their devices. Under zonefw_ns.lock.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include "zonefw.h"

struct devhook {
	struct list_head list;
	struct nf_hook_ops ops;
	int ifindex;
	struct rcu_head rcu;
};

void zonefw_devhooks_init(struct zonefw_devhooks *h, nf_hookfn *hook, void *priv, int priority,
			  bool (*wants)(const struct zonefw_policy *p, const struct net_device *dev))
{
	h->hook = hook;
	h->priv = priv;
	h->priority = priority;
	h->wants = wants;
	INIT_LIST_HEAD(&h->devs);
	xa_init(&h->at);
}

static bool is_on(struct zonefw_devhooks *h, const struct net_device *dev)
{
	const struct devhook *d = xa_load(&h->at, dev->ifindex);

	return d && d->ops.dev == dev;
}

static int dev_add(struct zonefw_ns *zn, struct zonefw_devhooks *h, struct net_device *dev)
{
	struct devhook *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	int err;

	if (!d)
		return -ENOMEM;
	d->ops = (struct nf_hook_ops){ .hook = h->hook, .pf = NFPROTO_NETDEV, .priv = h->priv,
				       .hooknum = NF_NETDEV_INGRESS, .dev = dev,
				       .priority = h->priority };
	d->ifindex = dev->ifindex;
	err = xa_err(xa_store(&h->at, d->ifindex, d, GFP_KERNEL_ACCOUNT));
	if (!err)
		err = nf_register_net_hook(zn->net, &d->ops);
	if (err) {
		xa_erase(&h->at, d->ifindex);
		kfree(d);
		return err;
	}
	list_add(&d->list, &h->devs);
	return 0;
}

static void dev_del(struct zonefw_ns *zn, struct zonefw_devhooks *h, struct devhook *d)
{
	if (xa_load(&h->at, d->ifindex) == d)	/* else one of another device of that index */
		xa_erase(&h->at, d->ifindex);
	nf_unregister_net_hook(zn->net, &d->ops);
	list_del(&d->list);
	kfree_rcu(d, rcu);
}

/**
 * zonefw_devhooks_add() - hook the devices that a policy wants hooked
 * @zn: namespace, its lock and rtnl held
 * @h: hook
 * @p: policy, with its devices placed; may not be in force yet
 *
 * Return: 0 or -errno; what is there then is more than before, and
 * zonefw_devhooks_trim() takes it away.
 */
int zonefw_devhooks_add(struct zonefw_ns *zn, struct zonefw_devhooks *h,
			const struct zonefw_policy *p)
{
	struct net_device *dev;
	int err = 0;

	lockdep_assert_held(&zn->lock);
	for_each_netdev(zn->net, dev) {
		if (err)
			break;
		if (h->wants(p, dev) && !is_on(h, dev))
			err = dev_add(zn, h, dev);
	}
	return err;
}

/**
 * zonefw_devhooks_trim() - take away what the policy in force does not need
 * @zn: namespace, its lock held; rtnl too, unless @p is NULL
 * @h: hook
 * @p: policy in force, with its devices placed, or NULL: take away all
 *
 * A device that has left the namespace is on no list any more, and its hook goes here.
 */
void zonefw_devhooks_trim(struct zonefw_ns *zn, struct zonefw_devhooks *h,
			  const struct zonefw_policy *p)
{
	struct devhook *d, *next;

	lockdep_assert_held(&zn->lock);
	list_for_each_entry_safe(d, next, &h->devs, list)
		if (!p || __dev_get_by_index(zn->net, d->ifindex) != d->ops.dev ||
		    !h->wants(p, d->ops.dev))
			dev_del(zn, h, d);
	if (list_empty(&h->devs))
		xa_destroy(&h->at);
}
