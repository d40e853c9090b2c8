// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: one rule into the policy. Process context, nobody sees the policy yet.
 */
#include <linux/if.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "apply.h"
#include "book.h"
#include "gen.h"

/**
 * zonefw_zones_attr() - a list of zones
 * @a: the message
 * @nest: the rule
 * @at: the list
 * @list: out: points into @at
 * @n: out: how many
 *
 * Return: 0 or -EINVAL with a sentence.
 */
int zonefw_zones_attr(struct zonefw_apply *a, const struct nlattr *nest, const struct nlattr *at,
		      const u16 **list, u16 *n)
{
	u16 i;

	if (nla_len(at) < 2 || nla_len(at) % 2 || nla_len(at) / 2 > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, nest, "a list of zones of a rule is empty, broken, or longer than 1024");
	*list = nla_data(at);
	*n = nla_len(at) / 2;
	for (i = 0; i < *n; i++)
		if (!zonefw_zone_word_ok(a, (*list)[i]))
			return zonefw_refuse_attr(a, nest, "a rule names a zone that does not exist");
	return 0;
}

static int list_of(struct zonefw_apply *a, const struct nlattr *nest, const struct nlattr *at,
		   size_t size, const void **list, u16 *n)
{
	if (!at)
		return 0;
	if (!nla_len(at) || nla_len(at) % size || nla_len(at) / size > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, nest, "a list of a rule is empty, broken, or longer than 1024");
	*list = nla_data(at);
	*n = nla_len(at) / size;
	return 0;
}

static bool addr_ok(const struct zonefw_addr *x)
{
	int len = x->family == 4 ? 4 : 16, i;

	if ((x->family != 4 && x->family != 6) || x->kind > 1)
		return false;
	if (x->kind == 0)
		return memcmp(x->lo, x->hi, len) <= 0;
	for (i = 0; i < len; i++)
		if (x->lo[i] & ~x->hi[i])
			return false;
	return true;
}

static bool l4_ok(const struct zonefw_l4 *b)
{
	return b->sport_lo <= b->sport_hi && b->dport_lo <= b->dport_hi &&
	       b->type_lo <= b->type_hi && b->code_lo <= b->code_hi && b->flags <= 7;
}

/**
 * zonefw_addrs_ok() - is a list of addresses in order?
 * @x: list
 * @n: its length
 *
 * Return: true if every element has a family, and bits or a range that can match.
 */
bool zonefw_addrs_ok(const struct zonefw_addr *x, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (!addr_ok(&x[i]))
			return false;
	return true;
}

static int rule_lists(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	const struct nlattr *n = r->blob;
	int err;
	u16 i;

	if (!tb[ZONEFW_AR_FROM] || !tb[ZONEFW_AR_TO])
		return zonefw_refuse_missing(a->extack, n, tb[ZONEFW_AR_FROM] ? ZONEFW_AR_TO : ZONEFW_AR_FROM,
					     "a rule needs FROM and TO");
	err = zonefw_zones_attr(a, n, tb[ZONEFW_AR_FROM], &r->from, &r->nfrom);
	if (!err)
		err = zonefw_zones_attr(a, n, tb[ZONEFW_AR_TO], &r->to, &r->nto);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_SRC], sizeof(*r->src), (const void **)&r->src, &r->nsrc);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_DST], sizeof(*r->dst), (const void **)&r->dst, &r->ndst);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_L4], sizeof(*r->l4), (const void **)&r->l4, &r->nl4);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_MAC], 6, (const void **)&r->mac, &r->nmac);
	if (!err && !zonefw_addrs_ok(r->src, r->nsrc))
		err = zonefw_refuse_attr(a, n, "a source address of a rule is broken or a reversed range");
	if (!err && !zonefw_addrs_ok(r->dst, r->ndst))
		err = zonefw_refuse_attr(a, n, "a destination address of a rule is broken or a reversed range");
	for (i = 0; !err && i < r->nl4; i++)
		if (!l4_ok(&r->l4[i]))
			err = zonefw_refuse_attr(a, n, "a port or type range of a rule is reversed");
	return err;
}

static int rule_devs(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	u32 in, out;
	int err;

	if (!tb[ZONEFW_AR_IN] && !tb[ZONEFW_AR_OUT])
		return 0;
	in = zonefw_count_attr(r->blob, ZONEFW_AR_IN);
	out = zonefw_count_attr(r->blob, ZONEFW_AR_OUT);
	if (in > ZONEFW_LIST_MAX || out > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, r->blob, "a rule names more than 1024 devices");
	r->nin = in;
	r->nout = out;
	err = zonefw_names_attr(r->blob, ZONEFW_AR_IN, (char (**)[ZONEFW_DEVNAME])&r->in, in);
	if (err)
		return err;
	return zonefw_names_attr(r->blob, ZONEFW_AR_OUT, (char (**)[ZONEFW_DEVNAME])&r->out, out);
}

static int rule_scalars(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	u32 arg;

	if (!tb[ZONEFW_AR_ACTION])
		return zonefw_refuse_missing(a->extack, r->blob, ZONEFW_AR_ACTION, "a rule has no action");
	r->action = nla_get_u8(tb[ZONEFW_AR_ACTION]);
	arg = tb[ZONEFW_AR_ARG] ? nla_get_u32(tb[ZONEFW_AR_ARG]) : 0;
	if (arg > U16_MAX)
		return zonefw_refuse_attr(a, r->blob, "a queue number is at most 65535");
	r->arg = arg;
	if (r->action == ZONEFW_REJECT && r->arg >= __ZONEFW_REJ_MAX)
		return zonefw_refuse_attr(a, r->blob, "a rule rejects in a way that does not exist");
	r->flags = tb[ZONEFW_AR_FLAGS] ? nla_get_u32(tb[ZONEFW_AR_FLAGS]) : 0;
	r->family = tb[ZONEFW_AR_FAMILY] ? nla_get_u8(tb[ZONEFW_AR_FAMILY]) : 0;
	if (r->family && r->family != 4 && r->family != 6)
		return zonefw_refuse_attr(a, r->blob, "the family of a rule must be 4 or 6");
	r->log = tb[ZONEFW_AR_LOG] ? nla_data(tb[ZONEFW_AR_LOG]) : NULL;
	if (tb[ZONEFW_AR_MARK]) {
		const u32 *m = nla_data(tb[ZONEFW_AR_MARK]);

		r->mask = m[1];
		r->mark = m[0] & m[1];
		r->has_mark = true;
	}
	r->has_dscp = tb[ZONEFW_AR_DSCP];
	r->dscp = r->has_dscp ? nla_get_u8(tb[ZONEFW_AR_DSCP]) : 0;
	return 0;
}

/* From its attributes, which are where they will stay. */
static int rule_fill(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	int err = rule_scalars(a, r, tb);

	r->digest = zonefw_digest_attr(0, r->blob);
	r->named = !!tb[ZONEFW_AR_NAME];
	r->name_hash = r->named ? zonefw_name_hash(nla_data(tb[ZONEFW_AR_NAME])) : 0;
	if (!err)
		err = rule_lists(a, r, tb);
	if (!err)
		err = rule_devs(a, r, tb);
	if (!err && tb[ZONEFW_AR_LIVE])
		err = zonefw_live_parse(a, r, tb[ZONEFW_AR_LIVE]);
	return err ? err : zonefw_nat_parse(a, r, tb);
}

/**
 * zonefw_rule_new() - a rule
 * @a: the message
 * @at: the object's attribute
 * @rule: out: the rule with one reference, the caller's also when it is refused
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_rule_new(struct zonefw_apply *a, const struct nlattr *at, struct zonefw_rule **rule)
{
	struct nlattr *tb[ZONEFW_AR_MAX + 1], *blob;
	struct zonefw_rule *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	int err;

	*rule = r;
	if (!r)
		return -ENOMEM;
	refcount_set(&r->ref, 1);
	blob = zonefw_keep_attr(a, at);
	r->blob = blob;
	if (!blob)
		return -ENOMEM;
	blob->nla_type = ZONEFW_A_RULE | (at->nla_type & NLA_F_NESTED);
	err = nla_parse_nested(tb, ZONEFW_AR_MAX, r->blob, zonefw_attr_rule_policy, a->extack);
	return err ? err : rule_fill(a, r, tb);
}

/**
 * zonefw_rule_whole() - a rule with its lists, of one that may be packed
 * @a: the change that asks for it
 * @r: rule
 *
 * Return: the rule with a reference, or NULL when memory is short.
 */
struct zonefw_rule *zonefw_rule_whole(struct zonefw_apply *a, struct zonefw_rule *r)
{
	u32 buf[ZONEFW_PACK_BYTES / sizeof(u32)];
	struct zonefw_rule *new;

	if (!r->packed)
		return zonefw_rule_get(r);
	if (zonefw_rule_new(a, zonefw_rule_sent(r, buf), &new)) {
		zonefw_rule_put(new);
		return NULL;
	}
	new->ident = zonefw_ident_get(r->ident);
	return new;
}

/* Has it nothing that the compiled form lacks, or that goes on when a packet has matched? */
static bool may_be_packed(struct nlattr **tb)
{
	static const u16 more[] = { ZONEFW_AR_LOG, ZONEFW_AR_IN, ZONEFW_AR_OUT, ZONEFW_AR_MAC,
				    ZONEFW_AR_MARK, ZONEFW_AR_DSCP, ZONEFW_AR_LIVE, ZONEFW_AR_NAT };
	u8 action = tb[ZONEFW_AR_ACTION] ? nla_get_u8(tb[ZONEFW_AR_ACTION]) : ZONEFW_QUEUE;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(more); i++)
		if (tb[more[i]])
			return false;
	return action == ZONEFW_ACCEPT || action == ZONEFW_DROP || action == ZONEFW_REJECT ||
	       action == ZONEFW_CONTINUE;
}

/* A draft: its attributes stay in the message. */
static int draft(struct zonefw_apply *a, const struct nlattr *at, struct nlattr **tb,
		 struct zonefw_rule *r)
{
	r->draft = true;
	r->blob = (void *)at;
	a->p->max_blob = max_t(u32, a->p->max_blob, at->nla_len);
	return rule_fill(a, r, tb);
}

/**
 * zonefw_rule_parse() - the next rule of a policy
 * @a: the message
 * @at: the object's attribute
 *
 * Return: as zonefw_rule_new().
 */
int zonefw_rule_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AR_MAX + 1];
	u32 i = a->rule++;
	int err = nla_parse_nested(tb, ZONEFW_AR_MAX, at, zonefw_attr_rule_policy, a->extack);

	if (err)
		return err;
	a->want[i] = tb[ZONEFW_AR_ID] ? nla_get_u32(tb[ZONEFW_AR_ID]) : 0;
	if (!a->drafts || !may_be_packed(tb))
		return zonefw_rule_new(a, at, &a->p->rules[i]);
	a->p->rules[i] = &a->drafts[i];
	return draft(a, at, tb, a->p->rules[i]);
}
