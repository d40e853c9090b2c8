// SPDX-License-Identifier: GPL-2.0
/*
 * When what a live rule looks at has changed. A flow that was decided in a cell
 * with live rules (sets, times, deadlines) remembers the epoch of its
 * addresses; a packet that finds another epoch is judged again, once. A host
 * that enters or leaves a set moves the epoch of its own bucket only, so that
 * many changes a second concern few flows; all else moves everybody's.
 *
 * Every change also moves one word of the namespace, by a number that is no small one, so that
 * the short ways need one look to know that nothing has changed at all; another policy or
 * device table moves it, too. Where something has changed, a flow's next packet goes the
 * long way, which asks for the flow's own epoch.
 *
 * Order: a change is made, then the epoch moves, then the word; a packet reads the word,
 * then the epoch, then looks. So whoever looked too early has remembered an epoch that is gone.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <net/netfilter/nf_conntrack.h>
#include "epoch.h"

#define BUCKET_BITS	12
#define BUCKETS		(1u << BUCKET_BITS)

struct zonefw_epochs {
	u64 factor;
	atomic_t host[BUCKETS];
};

/**
 * zonefw_epoch_init() - room for the epochs of hosts, from a namespace's first set on
 * @zn: namespace, its lock held
 *
 * Return: 0 or -ENOMEM. The namespace's exit frees it.
 */
int zonefw_epoch_init(struct zonefw_ns *zn)
{
	struct zonefw_epochs *e;

	if (zn->epochs)
		return 0;
	e = kvzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	e->factor = get_random_u64() | 1;
	smp_store_release(&zn->epochs, e);	/* factor before pointer; see zonefw_epoch() */
	return 0;
}

static u32 bucket(const struct zonefw_epochs *e, u8 family, const void *addr)
{
	return zonefw_addr_spread(0, family, addr, e->factor) >> (64 - BUCKET_BITS);
}

void zonefw_changes_move(struct zonefw_ns *zn)
{
	smp_mb__before_atomic();	/* the word after the epoch */
	atomic64_add((s64)GOLDEN_RATIO_64, &zn->changes);
}

/**
 * zonefw_epoch_bump() - a member of a set has come or gone
 * @zn: namespace
 * @family: 4, 6, or 0 for a port
 * @len: prefix length
 * @addr: its bits, aligned as in struct zonefw_setkey
 */
void zonefw_epoch_bump(struct zonefw_ns *zn, u8 family, u8 len, const u8 *addr)
{
	struct zonefw_epochs *e = zn->epochs;

	smp_mb__before_atomic();	/* see the order above */
	if (e && len == (family == 4 ? 32 : 128) && family)
		atomic_inc(&e->host[bucket(e, family, addr)]);
	else
		atomic_inc(&zn->epoch);
	zonefw_changes_move(zn);
}

void zonefw_epoch_bump_all(struct zonefw_ns *zn)
{
	smp_mb__before_atomic();	/* see the order above */
	atomic_inc(&zn->epoch);
	zonefw_changes_move(zn);
}

static const atomic_t never;	/* where no host has an epoch of its own */

/**
 * zonefw_epoch_of() - the epoch of a flow's addresses, and where it is read
 * @zn: namespace
 * @ct: the flow
 * @host: out: with zonefw_ns.epoch, what the epoch is the sum of; they live as long
 *	as the namespace, but for a policy with its first set
 *
 * Return: a number that any change concerning the flow changes. To be read
 * before the rules are.
 */
u32 zonefw_epoch_of(const struct zonefw_ns *zn, const struct nf_conn *ct,
		    const atomic_t *host[ZONEFW_EPOCH_HOSTS])
{
	const struct nf_conntrack_tuple *o = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *r = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	const struct zonefw_epochs *e = smp_load_acquire(&zn->epochs);	/* with its factor */
	u8 family = o->src.l3num == NFPROTO_IPV4 ? 4 : 6;
	u32 sum;

	host[0] = e ? &e->host[bucket(e, family, &o->src.u3)] : &never;
	host[1] = e ? &e->host[bucket(e, family, &r->src.u3)] : &never;
	host[2] = e && ct->status & IPS_DST_NAT ?	/* what a publish or redirect has seen */
		  &e->host[bucket(e, family, &o->dst.u3)] : &never;
	sum = (u32)atomic_read(&zn->epoch) + (u32)atomic_read(host[0]) +
	      (u32)atomic_read(host[1]) + (u32)atomic_read(host[2]);
	smp_rmb();	/* the epoch before the rules; see the order above */
	return sum;
}

u32 zonefw_epoch(const struct zonefw_ns *zn, const struct nf_conn *ct)
{
	const atomic_t *host[ZONEFW_EPOCH_HOSTS];

	return zonefw_epoch_of(zn, ct, host);
}
