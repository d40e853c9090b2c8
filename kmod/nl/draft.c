// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: rules between message and policy. While a message is parsed and its rules are
 * compiled, plain rules are drafts, whose lists are in the message itself. Then those that
 * the compiled form says all of are packed onto shelves (core/pack.h), and the rest become
 * whole rules with a copy of their attributes. Process context; nobody sees the policy yet.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "apply.h"
#include "book.h"
#include "early.h"

#define SHELF		8192u	/* bytes */
#define SHELF_RULES	(SHELF / (u32)(ZONEFW_HEAD + 8))
#define SHELF_MIN	4u	/* fewer rules are not worth one */

/* A shelf that is being filled. */
struct packer {
	struct zonefw_packing like;
	const struct zonefw_rule *first;
	u32 n, bytes;
	u8 protocols;
	struct { u32 rule, at; } on[SHELF_RULES];
	u8 image[SHELF] __aligned(8);
};

static void shelf_begin(struct packer *k, const struct zonefw_rule *r)
{
	const struct nlattr *sent = r->blob;

	k->first = r;
	k->protocols = 0;
	memcpy(k->image + sizeof(struct zonefw_shelf), sent, sent->nla_len);
	k->bytes = sizeof(struct zonefw_shelf) + ALIGN(sent->nla_len, 8);
	zonefw_packing_init(&k->like, r->blob, sent->nla_len);
}

/* false: it does not go onto this shelf. */
static bool shelf_add(struct packer *k, const struct zonefw_rule *r, u32 rule)
{
	const struct nlattr *sent = r->blob;
	struct zonefw_rule *head;
	u32 len;

	if (!k->n)
		shelf_begin(k, r);
	if (k->bytes + ZONEFW_HEAD + 8 > SHELF || !zonefw_same_zones(k->first, r))
		return false;
	head = (struct zonefw_rule *)(k->image + k->bytes);
	len = zonefw_pack(&k->like, (const u8 *)sent, sent->nla_len, (u8 *)head + ZONEFW_HEAD,
			  SHELF - k->bytes - ZONEFW_HEAD);
	if (!len)
		return false;
	head->ident = NULL;
	head->digest = r->digest;
	head->action = r->action;
	head->packed = true;
	head->draft = false;
	head->named = r->named;
	head->name_hash = r->name_hash;
	head->arg = r->arg;
	head->back = k->bytes / 8;
	head->len = len;
	k->protocols |= zonefw_early_protocols(r);
	k->on[k->n].rule = rule;
	k->on[k->n++].at = k->bytes;
	k->bytes += ALIGN(ZONEFW_HEAD + len, 8);
	return true;
}

static int whole(struct zonefw_apply *a, u32 rule)
{
	const struct nlattr *sent = a->p->rules[rule]->blob;

	a->p->rules[rule] = NULL;
	return zonefw_rule_new(a, sent, &a->p->rules[rule]);
}

/* Its rules come into the policy. */
static int shelf_end(struct zonefw_apply *a, struct packer *k)
{
	struct zonefw_shelf *s = NULL;
	int err = 0;
	u32 i;

	if (k->n >= SHELF_MIN) {
		s = zonefw_shelf_alloc(k->first, k->image, k->bytes, k->n);
		err = s ? 0 : -ENOMEM;
	}
	if (s)
		s->protocols = k->protocols;
	for (i = 0; i < k->n && !err; i++) {
		if (s)
			a->p->rules[k->on[i].rule] = (void *)s + k->on[i].at;
		else
			err = whole(a, k->on[i].rule);
	}
	k->n = 0;
	cond_resched();
	return err;
}

/* Rules that are read for each packet, or may be, stay whole; see zonefw_early_build(). */
static bool stays_whole(const struct zonefw_rule *r, u32 rule, const unsigned long *asked)
{
	return test_bit(rule, asked) || (rule < ZONEFW_EARLY_LOOK && zonefw_early_wants(r)) ||
	       ((const struct nlattr *)r->blob)->nla_len > ZONEFW_PACK_BYTES;
}

static int settle(struct zonefw_apply *a, struct packer *k, const unsigned long *asked)
{
	const struct zonefw_rule *r;
	int err = 0;
	u32 i;

	for (i = 0; i < a->p->nrules && !err; i++) {
		r = a->p->rules[i];
		if (!r->draft)
			continue;
		if (stays_whole(r, i, asked)) {
			err = whole(a, i);
			continue;
		}
		if (shelf_add(k, r, i))
			continue;
		err = shelf_end(a, k);
		if (!err && !shelf_add(k, r, i))
			err = whole(a, i);
	}
	return err ? err : shelf_end(a, k);
}

/**
 * zonefw_drafts_settle() - drafts become what stays of them
 * @a: the message, whose rules are compiled
 *
 * Return: 0 or -ENOMEM.
 */
int zonefw_drafts_settle(struct zonefw_apply *a)
{
	unsigned long *asked = kvcalloc(BITS_TO_LONGS(a->p->nrules + 1), sizeof(long), GFP_KERNEL);
	struct packer *k = kvzalloc(sizeof(*k), GFP_KERNEL);
	int err = -ENOMEM;

	if (asked && k) {
		zonefw_tables_asked(&a->p->book->tables, asked);
		err = settle(a, k, asked);
	}
	kvfree(asked);
	kvfree(k);
	return err;
}
