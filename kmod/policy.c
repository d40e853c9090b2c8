// SPDX-License-Identifier: GPL-2.0
/*
 * The policy object: allocate, build the matrix, share identities with the
 * policy before, free. Process context; nothing here is visible to packets
 * before publish.c stores the pointer.
 */
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/netfilter/nf_log.h>
#include "book.h"
#include "live.h"
#include "setuse.h"
#include "natplan.h"
#include "zonefw.h"

static void *zalloc(size_t n, size_t size)
{
	return kvcalloc(n ? n : 1, size, GFP_KERNEL_ACCOUNT);
}

/**
 * zonefw_policy_alloc() - an empty policy with room for its objects
 * @nzones: declared zones, without self
 * @nrules: rules
 * @ndefs: cell definitions
 *
 * Return: the policy with one reference, or NULL.
 */
struct zonefw_policy *zonefw_policy_alloc(u32 nzones, u32 nrules, u32 ndefs)
{
	struct zonefw_policy *p = zalloc(1, sizeof(*p));

	if (!p)
		return NULL;
	refcount_set(&p->ref, 1);
	refcount_set(&p->kin, 1);
	p->stem = p;
	p->nz = nzones + 1;
	p->zones = zalloc(p->nz, sizeof(*p->zones));
	p->parent = zalloc(p->nz, sizeof(*p->parent));
	p->book = zonefw_book_alloc(nrules + ZONEFW_SPARE);
	p->defs = zalloc(ndefs, sizeof(*p->defs));
	p->cells = zalloc((size_t)p->nz * p->nz, sizeof(*p->cells));
	if (!p->zones || !p->parent || !p->book || !p->defs || !p->cells) {
		zonefw_policy_put(p);
		return NULL;
	}
	p->rules = p->book->rule;
	strscpy(p->zones[0].name, "self", sizeof(p->zones[0].name));
	return p;
}

static void zones_free(struct zonefw_policy *p)
{
	u32 i;

	for (i = 0; p->zones && i < p->nz; i++) {
		kvfree(p->zones[i].dev);
		kvfree(p->zones[i].group);
		kvfree(p->zones[i].blob);
	}
	kvfree(p->zones);
}

void zonefw_rule_put(struct zonefw_rule *r)
{
	if (!r || r->draft)
		return;
	if (r->packed) {
		zonefw_shelf_put(zonefw_shelf_of(r));
		return;
	}
	if (!refcount_dec_and_test(&r->ref))
		return;
	zonefw_live_free(r->live);
	zonefw_ident_put(r->ident);
	kvfree(r->in);
	kvfree(r->out);
	kvfree(r->also_from);
	kvfree(r->tozone);
	kvfree(r->blob);
	kfree(r);
}

/* What policies made of this one borrow; goes with the last of them. */
static void stem_put(struct zonefw_policy *p)
{
	u32 i;

	if (!refcount_dec_and_test(&p->kin))
		return;
	if (p->loggers)
		nf_logger_put(NFPROTO_INET, p->opt.log == ZONEFW_LOG_NFLOG ?
			      NF_LOG_TYPE_ULOG : NF_LOG_TYPE_LOG);
	zones_free(p);
	zonefw_setuse_free(p);
	for (i = 0; i < p->ndefs; i++)
		kvfree(p->defs[i].blob);
	kvfree(p->defs);
	kvfree(p->parent);
	kvfree(p->opt.blob);
	kvfree(p->extra);
	kvfree(p);
}

static void policy_free(struct zonefw_policy *p)
{
	struct zonefw_policy *stem = p->stem;
	u32 i;

	zonefw_fork_free(p);
	zonefw_natplan_free(p);
	zonefw_book_put(p->book);
	for (i = 0; p->cells && i < (u32)p->nz * p->nz; i++)
		zonefw_ident_put(p->cells[i].ident);
	kvfree(p->cells);
	kvfree(p->early);
	kvfree(rcu_dereference_protected(p->devs, 1));
	if (p != stem)
		kvfree(p);
	stem_put(stem);
}

/**
 * zonefw_policy_put() - drop a reference, free with the last
 * @p: policy or NULL; no packet may see it any more
 *
 * Context: may sleep.
 */
void zonefw_policy_put(struct zonefw_policy *p)
{
	if (p && refcount_dec_and_test(&p->ref))
		policy_free(p);
}

/**
 * zonefw_policy_get() - a reference to the policy in force
 * @zn: namespace
 *
 * Return: the policy, or NULL when there is none.
 */
struct zonefw_policy *zonefw_policy_get(struct zonefw_ns *zn)
{
	struct zonefw_policy *p;

	rcu_read_lock();
	p = rcu_dereference(zn->policy);
	if (p && !refcount_inc_not_zero(&p->ref))
		p = NULL;
	rcu_read_unlock();
	return p;
}

u64 zonefw_mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/**
 * zonefw_policy_digest() - the digest of a policy from that of its parts
 * @p: policy with its rules and frame_digest
 *
 * Over the objects, without ids and places: same policy, same digest, however it came about.
 */
void zonefw_policy_digest(struct zonefw_policy *p)
{
	const struct zonefw_rule *r;
	struct zonefw_turn t = { };
	u64 h = p->frame_digest;

	while ((r = zonefw_rule_next(p, &t)))
		h = zonefw_mix(h, r->digest);
	p->digest = h;
}

static int defaults(struct zonefw_policy *p)
{
	const struct zonefw_celldef **exact;

	exact = kvcalloc((p->nz + 1) * (p->nz + 1), sizeof(*exact), GFP_KERNEL_ACCOUNT);
	if (!exact)
		return -ENOMEM;
	zonefw_defaults_fill(p->defs, p->ndefs, p->parent, p->nz, exact, p->cells);
	kvfree(exact);
	return 0;
}

/**
 * zonefw_policy_compile() - compile the rules of every cell
 * @p: policy with zones and rules filled in
 * @rules: its rules, none of them packed
 * @extack: refusal
 *
 * Context: may sleep; takes no lock, so a large policy holds nobody up.
 * Return: 0, -ENOMEM or -E2BIG.
 */
int zonefw_policy_compile(struct zonefw_policy *p, struct zonefw_rule *const *rules,
			  struct netlink_ext_ack *extack)
{
	struct zonefw_zoning z = { .rules = rules, .nrules = p->nrules,
				   .parent = p->parent, .nz = p->nz };
	int err = defaults(p);

	if (!err)
		err = zonefw_natplan_begin(p);
	if (err)
		return err;
	err = zonefw_cells_compile(&z, p->cells, &p->book->tables);
	p->book->used = p->nrules;
	if (err == ZONEFW_SHARE_TOOBIG) {
		NL_SET_ERR_MSG(extack, "too many different zone lists for so many zones; name zones instead of any");
		return -E2BIG;
	}
	return err ? -ENOMEM : zonefw_natplan_end(p);
}

static int zone_find(const struct zonefw_policy *p, const char *name)
{
	u16 z;

	for (z = 0; p && z < p->nz; z++)
		if (!strcmp(p->zones[z].name, name))
			return z;
	return -1;
}

/* Counters follow the names of the zones, not their numbers. */
static int cells_idents(struct zonefw_policy *p, const struct zonefw_policy *old)
{
	s16 was[ZONEFW_ZONES_MAX + 1];
	u16 f, t;

	for (f = 0; f < p->nz; f++)
		was[f] = zone_find(old, p->zones[f].name);
	for (f = 0; f < p->nz; f++)
		for (t = 0; t < p->nz; t++) {
			s16 of = was[f], ot = was[t];
			struct zonefw_cell *c = zonefw_cell(p, f, t);

			c->ident = of >= 0 && ot >= 0 ?
				zonefw_ident_get(zonefw_cell(old, of, ot)->ident) :
				zonefw_ident_alloc(0);
			if (!c->ident)
				return -ENOMEM;
			cond_resched();
		}
	return 0;
}

/* A kept id takes its counters along; each id may be taken once. */
static int rules_idents(struct zonefw_policy *p, const struct zonefw_policy *old, u32 *want,
			u32 *next_id, struct netlink_ext_ack *extack)
{
	struct zonefw_turn t = { };
	struct zonefw_rule *r;
	struct xarray ids;
	int err = 0;
	u32 i;

	xa_init(&ids);
	while (old && !err && (r = zonefw_rule_next(old, &t)))
		err = xa_err(xa_store(&ids, r->ident->id, r, GFP_KERNEL_ACCOUNT));
	for (i = 0; i < p->nrules && !err; i++) {
		r = want[i] ? xa_erase(&ids, want[i]) : NULL;
		if (want[i] && !r) {
			NL_SET_ERR_MSG(extack, "a rule names an id that is not in force, or twice");
			err = -EINVAL;
			break;
		}
		if (r)
			zonefw_live_inherit(p->rules[i], r);
		else
			p->rules[i]->ident = zonefw_ident_alloc((*next_id)++);
		if (!p->rules[i]->ident)
			err = -ENOMEM;
		cond_resched();
	}
	xa_destroy(&ids);
	return err;
}

/**
 * zonefw_policy_build() - everything of a commit that may fail, before the swap
 * @p: policy with its objects filled in
 * @old: policy in force or NULL
 * @want: per rule the id to keep, or 0 for a new one
 * @next_id: in/out: next free rule id
 * @extack: refusal
 *
 * Return: 0, -ENOMEM, -E2BIG or -EINVAL. Context: mutex held.
 */
int zonefw_policy_build(struct zonefw_policy *p, const struct zonefw_policy *old, u32 *want,
			u32 *next_id, struct netlink_ext_ack *extack)
{
	int err = rules_idents(p, old, want, next_id, extack);

	if (!err)
		err = cells_idents(p, old);
	return err;
}
