/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_SET_H
#define ZONEFW_SET_H
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "zonefw.h"

#define ZONEFW_SET_LENS	192	/* prefix lengths of all families, see lens_base() */

struct zonefw_setkey {
	u8 addr[16], family, len, pad[2];
} __aligned(4);

/**
 * struct zonefw_member - one member of a set
 * @flags: ZONEFW_ELEM_RANGE, and marks of setuse.c
 * @in: views that see it; otherwise only a policy's text keeps it here. ZONEFW_VIEWS or 0, but
 *	while a policy comes into force: see setuse.c
 * @named: policies whose text names it
 * @expires: nanoseconds since boot, 0: never
 */
struct zonefw_member {
	struct rhash_head node;
	struct zonefw_setkey key;
	u8 flags, in;
	u32 named;
	atomic64_t expires;
	struct rcu_head rcu;
};

/**
 * struct zonefw_set - a named set, shared by consecutive policies
 * @lock: everything but a lookup; taken with bottom halves off
 * @lens: prefix lengths that have a member; what a lookup probes
 */
struct zonefw_set {
	refcount_t ref;
	struct zonefw_ns *zn;
	char name[ZONEFW_NAME_MAX + 1];
	bool port;
	u32 timeout, max;		/* of the policy in force */
	struct rhashtable ht;
	DECLARE_BITMAP(lens, ZONEFW_SET_LENS);
	spinlock_t lock;		/* see the table in zonefw.h */
	u32 nlen[ZONEFW_SET_LENS];
	u32 count, nnamed, lost;	/* members that live, that policies name; additions refused */
	struct delayed_work reap;
	unsigned long reap_at, reap_not_before;
};

struct zonefw_set *zonefw_set_alloc(struct zonefw_ns *zn, const char *name, bool port);
struct zonefw_set *zonefw_set_get(struct zonefw_set *s);
void zonefw_set_put(struct zonefw_set *s);
bool zonefw_set_has(const struct zonefw_set *s, u8 view, u8 family, const u8 *addr);
bool zonefw_set_is_member(struct zonefw_set *s, const struct zonefw_elem *e);
bool zonefw_set_covers(const struct zonefw_set *s, u8 view, const struct zonefw_elem *e);
int zonefw_set_add(struct zonefw_set *s, const struct zonefw_elem *e, gfp_t gfp);
int zonefw_set_del(struct zonefw_set *s, const struct zonefw_elem *e);
void zonefw_set_flush(struct zonefw_set *s);
bool zonefw_elem_ok(const struct zonefw_elem *e, bool port);
bool zonefw_member_show(const struct zonefw_member *m, u8 view, struct zonefw_elem *e);

/* between set.c and member.c */
extern const struct rhashtable_params zonefw_set_params;
unsigned int zonefw_set_base(u8 family, unsigned int *bits);
void zonefw_set_key(struct zonefw_setkey *k, u8 family, unsigned int len, const u8 *addr);
bool zonefw_member_expired(const struct zonefw_member *m);
void zonefw_set_reap(struct work_struct *w);

/* for setuse.c: members that a policy's text names */
int zonefw_set_name(struct zonefw_set *s, const struct zonefw_elem *e, u32 max, bool live);
void zonefw_set_unname(struct zonefw_set *s, const struct zonefw_elem *e);
void zonefw_set_mark(struct zonefw_set *s, const struct zonefw_elem *e, u8 mark);
void zonefw_set_stage(struct zonefw_set *s, const struct zonefw_elem *e, u8 view);
void zonefw_set_settle(struct zonefw_set *s, const struct zonefw_elem *e, u8 view);
#define ZONEFW_VIEW(n)	(1u << (n))	/* of 0 and 1: see setuse.c */
#define ZONEFW_VIEWS	3u		/* both */
#define ZONEFW_MARK_OLD	0x40	/* the policy before names it */
#define ZONEFW_MARK_NEW	0x80	/* the policy to come names it */

#endif
