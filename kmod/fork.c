// SPDX-License-Identifier: GPL-2.0
/*
 * A policy made of another by a change of single rules. It borrows from the
 * stem, the policy that came whole, all that such a change leaves alone: zones,
 * defaults, options, sets. It shares the book of rules and notes what differs in
 * a patch; where a patch does not do, or is full, it gets a book of its own,
 * whose rules are to be compiled. Process context; nobody sees the new policy
 * before publish.c stores the pointer. Changes come one at a time (genetlink).
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include "book.h"
#include "live.h"

struct zonefw_rule *zonefw_rule_get(struct zonefw_rule *r)
{
	refcount_inc(r->packed ? &zonefw_shelf_of(r)->ref : &r->ref);
	return r;
}

static void borrow(struct zonefw_policy *p, struct zonefw_policy *stem)
{
	refcount_inc(&stem->kin);
	p->stem = stem;
	p->nz = stem->nz;
	p->zones = stem->zones;
	p->parent = stem->parent;
	p->defs = stem->defs;
	p->ndefs = stem->ndefs;
	p->opt = stem->opt;
	p->extra = stem->extra;
	p->sets = stem->sets;
	p->nsets = stem->nsets;
	p->elems = stem->elems;
	p->nelems = stem->nelems;
	p->frame_digest = stem->frame_digest;
}

static void share(struct zonefw_policy *p, const struct zonefw_policy *old)
{
	refcount_inc(&old->book->ref);
	p->book = old->book;
	p->rules = p->book->rule;
	p->nrules = p->book->used;
	p->max_blob = old->max_blob;
	p->dnat = old->dnat;
	p->snat = old->snat;
	p->redirect = old->redirect;
	p->clamp = old->clamp;
	p->offload = old->offload;
	p->hairpins = old->hairpins;
	p->ntimed = old->ntimed;
	p->dnat_at = old->dnat_at;
	p->dnat_list = old->dnat_list;
}

/* Slots that this policy alone has had. */
static void forget_slots(struct zonefw_policy *p)
{
	u32 i;

	for (i = p->book->used; i < p->nrules; i++) {
		zonefw_rule_put(p->rules[i]);
		p->rules[i] = NULL;
	}
}

/**
 * zonefw_fork_free() - what a policy noted in a shared book
 * @p: policy that goes, or gets a book of its own
 */
void zonefw_fork_free(struct zonefw_policy *p)
{
	if (!p->patch)
		return;
	forget_slots(p);
	kfree(p->patch);
	p->patch = NULL;
}

/**
 * zonefw_policy_fork() - a policy with the same rules, to be changed
 * @old: policy in force or that was; the caller holds a reference
 *
 * Return: the policy with one reference, or NULL.
 */
struct zonefw_policy *zonefw_policy_fork(struct zonefw_policy *old)
{
	struct zonefw_policy *p = kvzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	u32 i, n = (u32)old->nz * old->nz;

	if (!p)
		return NULL;
	refcount_set(&p->ref, 1);
	borrow(p, old->stem);
	share(p, old);
	p->view = old->view;
	p->patch = kzalloc(sizeof(*p->patch), GFP_KERNEL_ACCOUNT);
	p->cells = kvcalloc(n, sizeof(*p->cells), GFP_KERNEL_ACCOUNT);
	if (!p->patch || !p->cells) {
		zonefw_policy_put(p);
		return NULL;
	}
	if (old->patch)
		*p->patch = *old->patch;
	else
		p->patch->base = old->nrules;
	for (i = 0; i < n; i++) {
		p->cells[i] = old->cells[i];
		zonefw_ident_get(p->cells[i].ident);
		if (p->cells[i].patch)
			p->cells[i].patch = p->patch;
	}
	return p;
}

/**
 * zonefw_fork_flatten() - a book of its own, whose rules are to be compiled
 * @p: fork
 * @room: rules that may be added
 *
 * Rules whose time is over do not come along.
 *
 * Return: 0 or -ENOMEM with the fork as before.
 */
int zonefw_fork_flatten(struct zonefw_policy *p, u32 room)
{
	struct zonefw_book *b = zonefw_book_alloc(zonefw_rules_count(p) + room + ZONEFW_SPARE);
	struct zonefw_turn t = { };
	struct zonefw_rule *r;
	u32 i, n = 0;

	if (!b)
		return -ENOMEM;
	while ((r = zonefw_rule_next(p, &t))) {
		if (!zonefw_live_expired(r))
			b->rule[n++] = zonefw_rule_get(r);
		if (!(n & 255))
			cond_resched();
	}
	zonefw_fork_free(p);
	zonefw_book_put(p->book);
	p->book = b;
	p->rules = b->rule;
	p->nrules = n;
	p->dnat = p->snat = p->redirect = p->clamp = p->offload = p->hairpins = false;
	p->ntimed = 0;
	p->dnat_at = p->dnat_list = NULL;
	for (i = 0; i < (u32)p->nz * p->nz; i++)
		p->cells[i] = (struct zonefw_cell){ .ident = p->cells[i].ident,
						    .def = p->cells[i].def };
	return 0;
}

/**
 * zonefw_fork_rides() - may a rule come or go by the patch?
 * @p: fork
 * @r: rule
 *
 * Return: false when there is no room in it, or more than the rules of a cell
 * depends on the rule.
 */
bool zonefw_fork_rides(const struct zonefw_policy *p, const struct zonefw_rule *r)
{
	return p->patch && (r->packed || (!r->live && !r->nat)) && !p->hairpins && p->nrules < p->book->room &&
	       p->patch->nadded < ZONEFW_PATCH_MAX && p->patch->ngone < ZONEFW_PATCH_MAX;
}

/* Of a name, 5 bits: most other rules need not be unpacked for theirs. */
u8 zonefw_name_hash(const char *name)
{
	u32 h = 0;

	while (*name)
		h = (h + *name++) * 0x9e3779b1u;
	return h >> 27;
}

static bool has_name(const struct zonefw_rule *r, const char *name)
{
	u32 buf[ZONEFW_PACK_BYTES / sizeof(u32)];
	const struct nlattr *at = nla_find_nested(zonefw_rule_sent(r, buf), ZONEFW_AR_NAME);

	return at && !strcmp(nla_data(at), name);
}

static bool is_called(const struct zonefw_rule *r, const char *name, u8 hash)
{
	return r->named && r->name_hash == hash && has_name(r, name);
}

/**
 * zonefw_rule_find() - a rule of a policy
 * @p: policy
 * @id: its number, when @name is NULL
 * @name: its name
 *
 * Return: its place, or -1. A rule whose time is over is not found.
 */
int zonefw_rule_find(const struct zonefw_policy *p, u32 id, const char *name)
{
	u8 hash = name ? zonefw_name_hash(name) : 0;
	struct zonefw_turn t = { };
	const struct zonefw_rule *r;
	int place = 0;

	while ((r = zonefw_rule_next(p, &t))) {
		if ((name ? is_called(r, name, hash) : r->ident->id == id) && !zonefw_live_expired(r))
			break;
		place++;
	}
	if (!r)
		return -1;
	return p->patch ? t.slot + t.added - 1 : place;
}

static void zones_mask(const struct zonefw_policy *p, const u16 *list, u16 n, u32 *mask)
{
	u16 z;

	for (z = 0; z < p->nz; z++)
		if (zonefw_zone_covers(p->parent, list, n, z))
			mask[z / 32] |= 1u << z % 32;
}

/* The cells that a rule stands in ask the patch from now on. */
static void cells_note(struct zonefw_policy *p, const struct zonefw_added *a, int diff)
{
	u16 f, t;

	for (f = 0; f < p->nz; f++)
		for (t = 0; t < p->nz; t++) {
			struct zonefw_cell *c = zonefw_cell(p, f, t);

			if (!zonefw_patch_covers(a, f, t))
				continue;
			c->patch = p->patch;
			c->nrules += diff;
		}
}

static struct zonefw_added covered(const struct zonefw_policy *p, const struct zonefw_rule *r)
{
	struct zonefw_added a = { };

	r = zonefw_rule_like(r);
	zones_mask(p, r->from, r->nfrom, a.from);
	zones_mask(p, r->to, r->nto, a.to);
	return a;
}

/**
 * zonefw_rule_insert() - a rule comes in
 * @p: fork; with a patch, zonefw_fork_rides() has said yes
 * @place: where it will stand
 * @r: rule, whose reference is taken over
 */
void zonefw_rule_insert(struct zonefw_policy *p, u32 place, struct zonefw_rule *r)
{
	if (p->patch) {
		struct zonefw_added a = covered(p, r);

		a.slot = p->nrules;
		zonefw_patch_add(p->patch, place, &a);
		cells_note(p, &a, 1);
		place = p->nrules;
	} else {
		memmove(&p->rules[place + 1], &p->rules[place],
			(p->nrules - place) * sizeof(*p->rules));
	}
	p->rules[place] = r;
	p->nrules++;
}

/**
 * zonefw_rule_remove() - a rule goes, and with it the policy's reference
 * @p: fork; with a patch, zonefw_fork_rides() has said yes
 * @place: where it stands
 */
void zonefw_rule_remove(struct zonefw_policy *p, u32 place)
{
	struct zonefw_rule *r = zonefw_rule_at(p, place);

	if (p->patch) {
		struct zonefw_added a = covered(p, r);

		zonefw_patch_del(p->patch, place);
		cells_note(p, &a, -1);
		return;		/* the book keeps it as long as others may look */
	}
	p->nrules--;
	memmove(&p->rules[place], &p->rules[place + 1], (p->nrules - place) * sizeof(*p->rules));
	p->rules[p->nrules] = NULL;
	zonefw_rule_put(r);
}
