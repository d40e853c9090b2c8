// SPDX-License-Identifier: GPL-2.0
/*
 * Identities: an id and counters that outlive a policy. They live in chunks,
 * one page of identities and one per-CPU block of their counters, so that a
 * rule costs 24 bytes and its counters, and not an allocation of each. A free
 * place is given out again. Process context; may sleep.
 */
#include <linux/bitmap.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include "zonefw.h"

#define CHUNK		4096u	/* bytes, and the alignment that finds the chunk of an identity */
#define PLACES_MAX	256u

struct chunk {
	struct list_head partial;	/* in the list of those with a free place */
	struct zonefw_count __percpu *count;
	DECLARE_BITMAP(used, PLACES_MAX);
	struct zonefw_ident ident[];
};

#define PLACES	min_t(unsigned int, PLACES_MAX, \
		      (CHUNK - sizeof(struct chunk)) / sizeof(struct zonefw_ident))

static LIST_HEAD(partial);
static DEFINE_MUTEX(partial_lock);

static struct chunk *chunk_new(void)
{
	struct chunk *c = kzalloc(CHUNK, GFP_KERNEL_ACCOUNT);

	if (!c)
		return NULL;
	c->count = __alloc_percpu_gfp(PLACES * sizeof(*c->count), __alignof__(*c->count),
				      GFP_KERNEL_ACCOUNT);
	if (!c->count) {
		kfree(c);
		return NULL;
	}
	list_add(&c->partial, &partial);
	return c;
}

/**
 * zonefw_ident_alloc() - a new identity with counters at zero
 * @id: number shown to the user, 0 for cells
 *
 * Return: the identity with one reference, or NULL. Context: may sleep.
 */
struct zonefw_ident *zonefw_ident_alloc(u32 id)
{
	struct zonefw_ident *i = NULL;
	unsigned int at;
	struct chunk *c;
	int cpu;

	mutex_lock(&partial_lock);
	c = list_first_entry_or_null(&partial, struct chunk, partial) ?: chunk_new();
	if (c) {
		at = find_first_zero_bit(c->used, PLACES);
		__set_bit(at, c->used);
		if (bitmap_full(c->used, PLACES))
			list_del_init(&c->partial);
		i = &c->ident[at];
		i->count = c->count + at;
	}
	mutex_unlock(&partial_lock);
	if (!i)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct zonefw_count *n = per_cpu_ptr(i->count, cpu);

		memset(n, 0, sizeof(*n));
		u64_stats_init(&n->syncp);
	}
	*i = (struct zonefw_ident){ .id = id, .count = i->count };
	refcount_set(&i->ref, 1);
	return i;
}

struct zonefw_ident *zonefw_ident_get(struct zonefw_ident *i)
{
	refcount_inc(&i->ref);
	return i;
}

/* The last reference goes after the grace period of the last policy: nobody counts any more. */
void zonefw_ident_put(struct zonefw_ident *i)
{
	struct chunk *c = (struct chunk *)((unsigned long)i & ~(unsigned long)(CHUNK - 1));

	if (!i || !refcount_dec_and_test(&i->ref))
		return;
	mutex_lock(&partial_lock);
	__clear_bit(i - c->ident, c->used);
	if (list_empty(&c->partial))
		list_add_tail(&c->partial, &partial);
	if (bitmap_empty(c->used, PLACES)) {
		list_del(&c->partial);
		free_percpu(c->count);
		kfree(c);
	}
	mutex_unlock(&partial_lock);
}
