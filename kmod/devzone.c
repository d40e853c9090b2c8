// SPDX-License-Identifier: GPL-2.0
/*
 * Which zones a device may be in. The table is rebuilt under rtnl at every
 * commit and at every device event, before the device's first packet, and
 * swapped by RCU. When memory fails the table goes away and with it every
 * device's zone: nothing passes, rather than something wrong, until a worker
 * has placed them after all.
 */
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "fast.h"
#include "offload.h"
#include "zonefw.h"

#define RANK_NET	1	/* zone with nets and no device: any zoned device */
#define RANK_GROUP	2
#define RANK_PATTERN	3
#define RANK_EXACT	4

static u8 rank_of(const struct zonefw_zone *z, const struct net_device *dev)
{
	u8 rank = 0;
	u32 i;

	for (i = 0; i < z->ngroup; i++)
		if (z->group[i] == dev->group)
			rank = RANK_GROUP;
	for (i = 0; i < z->ndev; i++) {
		if (!strcmp(z->dev[i], dev->name))
			return RANK_EXACT;
		if (zonefw_dev_match(z->dev[i], dev->name))
			rank = RANK_PATTERN;
	}
	return rank;
}

static void place(const struct zonefw_policy *p, const struct net_device *dev,
		  struct zonefw_dev *d)
{
	u8 best = 0;
	u16 z;

	d->ifindex = dev->ifindex;
	d->plain = ZONEFW_ZONE_NONE;
	for (z = 1; z < p->nz; z++) {
		d->rank[z] = rank_of(&p->zones[z], dev);
		if (d->rank[z] > best && !p->zones[z].nnet) {
			best = d->rank[z];
			d->plain = z;
		}
		d->nets |= d->rank[z] && p->zones[z].nnet;
	}
	if (d->plain == ZONEFW_ZONE_NONE && !d->nets)
		return;
	for (z = 1; z < p->nz; z++)
		if (!p->zones[z].ndev && !p->zones[z].ngroup && p->zones[z].nnet) {
			d->rank[z] = RANK_NET;
			d->nets = true;
		}
}

/**
 * zonefw_dev_slot() - a device's place
 * @t: table
 * @ifindex: device
 *
 * Return: its entry, or a free one (ifindex 0).
 */
struct zonefw_dev *zonefw_dev_slot(struct zonefw_devs *t, int ifindex)
{
	u32 i = ifindex & t->mask;

	while (t->slot[i].ifindex && t->slot[i].ifindex != ifindex)
		i = (i + 1) & t->mask;
	return &t->slot[i];
}

static struct zonefw_devs *devs_alloc(const struct zonefw_policy *p, u32 ndev)
{
	u32 size = roundup_pow_of_two(2 * ndev + 2), ncells = (u32)p->nz * p->nz;
	struct zonefw_devs *t;
	size_t head = struct_size(t, slot, size);

	head = round_up(head, sizeof(*t->cells));
	t = kvzalloc(size_add(head, array3_size(3, ncells, sizeof(*t->cells))), GFP_KERNEL_ACCOUNT);
	if (!t)
		return NULL;
	t->mask = size - 1;
	t->cells = (void *)t + head;
	t->mirror = t->cells + ncells;
	t->first = (void *)(t->mirror + ncells);
	return t;
}

/**
 * zonefw_devs_update() - place every device of the namespace anew
 * @zn: namespace
 * @p: policy whose table is replaced; may not be published yet
 *
 * Context: rtnl and zn->lock held, may sleep.
 * Return: 0, or -ENOMEM with the table gone.
 */
int zonefw_devs_update(struct zonefw_ns *zn, struct zonefw_policy *p)
{
	struct zonefw_devs *t, *old;
	struct net_device *dev;
	u32 n = 0;

	ASSERT_RTNL();
	lockdep_assert_held(&zn->lock);
	for_each_netdev(zn->net, dev)
		n++;
	t = devs_alloc(p, n);
	if (t) {
		for_each_netdev(zn->net, dev)
			place(p, dev, zonefw_dev_slot(t, dev->ifindex));
		zonefw_fast_fill(t, zn->net, p);
	}
	old = rcu_replace_pointer(p->devs, t, lockdep_is_held(&zn->lock));
	if (rcu_access_pointer(zn->policy) == p)
		zonefw_fast_update(zn);
	if (old)
		kvfree_rcu(old, rcu);
	return t ? 0 : -ENOMEM;
}

/* The zone of those that name the device with at least @rank, or ZONEFW_ZONE_NONE. */
static u16 best_zone(const struct zonefw_policy *p, int ifindex, u8 rank, u8 family, const u8 *addr)
{
	struct zonefw_devs *t = rcu_dereference(p->devs);
	const struct zonefw_dev *d;
	int best = -2, best_rank = 0;
	u16 z, found = ZONEFW_ZONE_NONE;

	if (!t)
		return ZONEFW_ZONE_NONE;
	d = zonefw_dev_slot(t, ifindex);
	if (!d->ifindex)
		return ZONEFW_ZONE_NONE;
	if (!d->nets)
		return d->plain;
	for (z = 1; z < p->nz; z++) {
		int len = -1;

		if (d->rank[z] < rank)
			continue;
		if (p->zones[z].nnet) {
			len = zonefw_prefix_match(p->zones[z].net, p->zones[z].nnet, family, addr);
			if (len < 0)
				continue;
		}
		if (len < best || (len == best && d->rank[z] <= best_rank))
			continue;
		best = len;
		best_rank = d->rank[z];
		found = z;
	}
	return found;
}

/**
 * zonefw_zone_of() - the zone of a device and an address
 * @p: policy
 * @ifindex: device
 * @family: 4 or 6
 * @addr: source of an arriving packet, destination of a leaving one
 *
 * Longest prefix first, then exact name, pattern, group, then statement order.
 *
 * Context: RCU read side.
 * Return: zone id, ZONEFW_ZONE_SELF for loopback, ZONEFW_ZONE_NONE for none.
 */
u16 zonefw_zone_of(const struct zonefw_policy *p, int ifindex, u8 family, const u8 *addr)
{
	if (ifindex == LOOPBACK_IFINDEX)
		return ZONEFW_ZONE_SELF;
	return best_zone(p, ifindex, RANK_NET, family, addr);
}

/**
 * zonefw_home_of() - likewise, among the zones that name the device
 * @p: policy
 * @ifindex: device
 * @family: 4 or 6
 * @addr: source or destination
 *
 * Context: RCU read side.
 * Return: the zone in which the packet would be if none was of addresses only.
 */
u16 zonefw_home_of(const struct zonefw_policy *p, int ifindex, u8 family, const u8 *addr)
{
	return best_zone(p, ifindex, RANK_GROUP, family, addr);
}

/**
 * zonefw_dev_zoned() - may a device's packets be in any zone at all?
 * @p: policy
 * @ifindex: device
 *
 * Context: RCU read side.
 * Return: true if some zone names the device.
 */
bool zonefw_dev_zoned(const struct zonefw_policy *p, int ifindex)
{
	struct zonefw_devs *t = rcu_dereference(p->devs);
	const struct zonefw_dev *d = t ? zonefw_dev_slot(t, ifindex) : NULL;

	return d && d->ifindex && (d->plain != ZONEFW_ZONE_NONE || d->nets);
}

/**
 * zonefw_dev_named() - does a zone name the device, by name, pattern or group?
 * @p: policy
 * @ifindex: device
 * @zone: zone, or ZONEFW_ZONE_NONE
 *
 * Context: RCU read side.
 * Return: true if it does.
 */
bool zonefw_dev_named(const struct zonefw_policy *p, int ifindex, u16 zone)
{
	struct zonefw_devs *t = rcu_dereference(p->devs);
	const struct zonefw_dev *d = t ? zonefw_dev_slot(t, ifindex) : NULL;

	return zone < p->nz && d && d->ifindex && d->rank[zone] > RANK_NET;
}

#define RETRY	(HZ / 10)

/* Without a table no device has a zone and all is dropped: that ends as soon as there is memory. A
 * device that cannot be hooked is one whose packets go the long way.
 */
static void place_anew(struct zonefw_ns *zn, struct zonefw_policy *p)
{
	int err = zonefw_devs_update(zn, p);

	if (err)
		net_warn_ratelimited("zonefw: no memory to place devices; none has a zone until there is\n");
	zonefw_offload_stale(zn);
	if (zn->hooks && !err) {
		err = zonefw_devices_prepare(zn, p);
		if (err)
			net_warn_ratelimited("zonefw: some device cannot be hooked: no offload, no early drop there\n");
	}
	zonefw_devices_settle(zn, p);
	if (err == -ENOMEM)
		mod_delayed_work(system_wq, &zn->place, RETRY);
}

static void place_current(struct zonefw_ns *zn)
{
	struct zonefw_policy *p;

	mutex_lock(&zn->lock);
	p = rcu_dereference_protected(zn->policy, lockdep_is_held(&zn->lock));
	if (p)
		place_anew(zn, p);
	mutex_unlock(&zn->lock);
}

static void place_work(struct work_struct *work)
{
	struct zonefw_ns *zn = container_of(to_delayed_work(work), struct zonefw_ns, place);

	rtnl_lock();
	place_current(zn);
	rtnl_unlock();
}

void zonefw_devs_init(struct zonefw_ns *zn)
{
	INIT_DELAYED_WORK(&zn->place, place_work);
}

/* Context: the namespace's devices are gone, or nothing listens to them any more. */
void zonefw_devs_exit(struct zonefw_ns *zn)
{
	cancel_delayed_work_sync(&zn->place);
}

static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct zonefw_ns *zn = zonefw_ns(dev_net(dev));

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGENAME:
	case NETDEV_PRE_UP:	/* not after: its group may have changed while it was down */
	case NETDEV_UP:
	case NETDEV_CHANGE:
		break;
	case NETDEV_DOWN:
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEUPPER:
		zonefw_offload_stale(zn);
		return NOTIFY_DONE;
	default:
		return NOTIFY_DONE;
	}
	place_current(zn);
	return NOTIFY_DONE;
}

struct notifier_block zonefw_netdev_nb = { .notifier_call = netdev_event };
