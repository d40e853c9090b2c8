// SPDX-License-Identifier: GPL-2.0
/*
 * Named sets: members come and go at run time without touching the policy.
 * One seeded hash table a set, keyed (family, prefix length, bits); a lookup
 * probes each length that has a member. Ranges arrive as prefixes, ports as
 * prefixes of 16 bits. This file holds the set and the lookup, which runs under
 * RCU without a lock or an allocation; how members come and go is in member.c.
 */
#include <linux/slab.h>
#include <linux/ktime.h>
#include "epoch.h"
#include "set.h"

#define V4_BASE		0
#define V6_BASE		33
#define PORT_BASE	162

/* As memcmp() of the keys, whose last word holds what is no address. */
static int key_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const u32 *a = arg->key, *b = (const u32 *)&((const struct zonefw_member *)obj)->key;

	BUILD_BUG_ON(sizeof(struct zonefw_setkey) != 20);
	return (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]);
}

const struct rhashtable_params zonefw_set_params = {
	.head_offset = offsetof(struct zonefw_member, node),
	.key_offset = offsetof(struct zonefw_member, key),
	.key_len = sizeof(struct zonefw_setkey),
	.obj_cmpfn = key_differs,
	.automatic_shrinking = true,
};

/**
 * zonefw_set_base() - where the prefix lengths of a family begin in zonefw_set.lens
 * @family: 4, 6, or 0 for ports
 * @bits: out: bits of an address
 *
 * Return: the index of length 0.
 */
unsigned int zonefw_set_base(u8 family, unsigned int *bits)
{
	*bits = family == 4 ? 32 : family == 6 ? 128 : 16;
	return family == 4 ? V4_BASE : family == 6 ? V6_BASE : PORT_BASE;
}

void zonefw_set_key(struct zonefw_setkey *k, u8 family, unsigned int len, const u8 *addr)
{
	memset(k, 0, sizeof(*k));
	k->family = family;
	k->len = len;
	memcpy(k->addr, addr, len / 8);
	if (len % 8)
		k->addr[len / 8] = addr[len / 8] & (0xff00 >> len % 8);
}

/**
 * zonefw_elem_ok() - is this a member that a set of the kind can hold?
 * @e: from a message
 * @port: kind of the set
 *
 * Return: true if family, length and bits are in order.
 */
bool zonefw_elem_ok(const struct zonefw_elem *e, bool port)
{
	struct zonefw_setkey k;
	unsigned int bits;

	if (port ? e->family : e->family != 4 && e->family != 6)
		return false;
	zonefw_set_base(e->family, &bits);
	if (e->len > bits || (e->flags & ~ZONEFW_ELEM_RANGE))
		return false;
	zonefw_set_key(&k, e->family, e->len, e->addr);
	return !memcmp(k.addr, e->addr, sizeof(k.addr));
}

/**
 * zonefw_set_alloc() - an empty set
 * @zn: namespace, which outlives it
 * @name: checked name
 * @port: of ports, not addresses
 *
 * Return: the set with one reference, or NULL. Context: may sleep.
 */
struct zonefw_set *zonefw_set_alloc(struct zonefw_ns *zn, const char *name, bool port)
{
	struct zonefw_set *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	if (zonefw_epoch_init(zn) || rhashtable_init(&s->ht, &zonefw_set_params)) {
		kfree(s);
		return NULL;
	}
	refcount_set(&s->ref, 1);
	s->zn = zn;
	s->port = port;
	s->reap_not_before = jiffies;
	strscpy(s->name, name, sizeof(s->name));
	spin_lock_init(&s->lock);
	INIT_DELAYED_WORK(&s->reap, zonefw_set_reap);
	return s;
}

struct zonefw_set *zonefw_set_get(struct zonefw_set *s)
{
	refcount_inc(&s->ref);
	return s;
}

static void member_kfree(void *ptr, void *unused)
{
	kfree(ptr);
}

/**
 * zonefw_set_put() - drop a reference, free with the last
 * @s: set or NULL; with the last reference no packet may see it any more
 *
 * Context: may sleep.
 */
void zonefw_set_put(struct zonefw_set *s)
{
	if (!s || !refcount_dec_and_test(&s->ref))
		return;
	cancel_delayed_work_sync(&s->reap);
	rhashtable_free_and_destroy(&s->ht, member_kfree, NULL);
	kfree(s);
}

bool zonefw_member_expired(const struct zonefw_member *m)
{
	u64 at = atomic64_read_acquire(&m->expires);	/* before zonefw_member.in, see bring() */

	return at && at <= ktime_get_coarse_boottime_ns();
}

/* Is a prefix of at most @bits bits there that holds the address? RCU. */
static bool holds(const struct zonefw_set *s, u8 view, u8 family, const u8 *addr,
		  unsigned int bits)
{
	unsigned int max, base = zonefw_set_base(family, &max), i = base;

	for_each_set_bit_from(i, s->lens, base + bits + 1) {
		const struct zonefw_member *m;
		struct zonefw_setkey k;

		zonefw_set_key(&k, family, i - base, addr);
		m = rhashtable_lookup((struct rhashtable *)&s->ht, &k, zonefw_set_params);
		if (m && !zonefw_member_expired(m) && READ_ONCE(m->in) & view)
			return true;
	}
	return false;
}

/**
 * zonefw_set_has() - is an address or port in the set?
 * @s: set
 * @view: of the policy that asks
 * @family: 4, 6, or 0 for a port
 * @addr: in network order
 *
 * Return: true if a member that has not expired holds it. Context: RCU read side.
 */
bool zonefw_set_has(const struct zonefw_set *s, u8 view, u8 family, const u8 *addr)
{
	unsigned int bits;

	zonefw_set_base(family, &bits);
	return holds(s, view, family, addr, bits);
}

/**
 * zonefw_set_covers() - does one member hold all of a prefix?
 * @s: set
 * @view: of the policy that asks
 * @e: prefix
 *
 * Return: true if so.
 */
bool zonefw_set_covers(const struct zonefw_set *s, u8 view, const struct zonefw_elem *e)
{
	bool res;

	rcu_read_lock();
	res = holds(s, view, e->family, e->addr, e->len);
	rcu_read_unlock();
	return res;
}
