// SPDX-License-Identifier: GPL-2.0
/* Model to one APPLY message, and the kernel's dumps back to a model. */
#include "cmd.h"

#include <errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>

static int put_ids(struct nl_msg *m, int attr, const zrefvec *v)
{
	uint16_t *ids = xalloc(sizeof(*ids) * (v->n + 1));

	for (int i = 0; i < v->n; i++)
		ids[i] = (uint16_t)v->v[i].z->id;
	return nla_put(m, attr, v->n * (int)sizeof(*ids), ids);
}

static void put_zone(struct nl_msg *m, struct zone *z)
{
	struct nlattr *n = nla_nest_start(m, ZONEFW_A_ZONE);

	nla_put_string(m, ZONEFW_AZ_NAME, z->name);
	if (z->parent)
		nla_put_u16(m, ZONEFW_AZ_PARENT, (uint16_t)z->parent->id);
	for (int i = 0; i < z->dev.n; i++)
		nla_put_string(m, ZONEFW_AZ_DEV, z->dev.v[i]);
	for (int i = 0; i < z->group.n; i++)
		nla_put_u32(m, ZONEFW_AZ_GROUP, z->group.v[i]);
	if (z->nets.n)
		nla_put(m, ZONEFW_AZ_NETS, z->nets.n * (int)sizeof(*z->nets.v), z->nets.v);
	if (z->antispoof)
		nla_put_u32(m, ZONEFW_AZ_FLAGS, ZONEFW_ZONE_ANTISPOOF);
	nla_put_string(m, ZONEFW_AZ_TEXT, zone_text(z));
	nla_nest_end(m, n);
}

static void put_matches(struct nl_msg *m, struct rule *r)
{
	uint32_t mark[2] = { r->mark, r->mark_mask };

	if (r->family)
		nla_put_u8(m, ZONEFW_AR_FAMILY, r->family);
	if (r->l4.n)
		nla_put(m, ZONEFW_AR_L4, r->l4.n * (int)sizeof(*r->l4.v), r->l4.v);
	if (r->src.n && !r->live.set[PICK_SRC].n)
		nla_put(m, ZONEFW_AR_SRC, r->src.n * (int)sizeof(*r->src.v), r->src.v);
	if (r->dst.n && !r->live.set[PICK_DST].n)
		nla_put(m, ZONEFW_AR_DST, r->dst.n * (int)sizeof(*r->dst.v), r->dst.v);
	for (int i = 0; i < r->in.n; i++)
		nla_put_string(m, ZONEFW_AR_IN, r->in.v[i]);
	for (int i = 0; i < r->out.n; i++)
		nla_put_string(m, ZONEFW_AR_OUT, r->out.v[i]);
	if (r->mac.n)
		nla_put(m, ZONEFW_AR_MAC, r->mac.n * 6, r->mac.v);
	if (r->has_mark)
		nla_put(m, ZONEFW_AR_MARK, sizeof(mark), mark);
	if (r->has_dscp)
		nla_put_u8(m, ZONEFW_AR_DSCP, r->dscp);
	if (r->nat.n)
		nla_put(m, ZONEFW_AR_NAT, r->nat.n * (int)sizeof(*r->nat.v), r->nat.v);
	if (r->on.n)
		nla_put(m, ZONEFW_AR_ON_ADDR, r->on.n * (int)sizeof(*r->on.v), r->on.v);
	if (r->hairpin.n)
		put_ids(m, ZONEFW_AR_HAIRPIN, &r->hairpin);
}

/* a list that holds a set is negated where it is tested */
static uint32_t rule_flags(const struct rule *r)
{
	return r->flags & ~((r->live.set[PICK_SRC].n ? ZONEFW_RULE_NEG_SRC : 0) |
			    (r->live.set[PICK_DST].n ? ZONEFW_RULE_NEG_DST : 0));
}

/* A match without a rule around it: from any to any, and what it would do does not matter. */
void codec_match(struct nl_msg *m, struct rule *r)
{
	struct nlattr *n = nla_nest_start(m, ZONEFW_A_RULE);
	uint16_t any = ZONEFW_ZONE_ANY;

	nla_put(m, ZONEFW_AR_FROM, sizeof(any), &any);
	nla_put(m, ZONEFW_AR_TO, sizeof(any), &any);
	nla_put_u8(m, ZONEFW_AR_ACTION, ZONEFW_ACCEPT);
	if (r->flags)
		nla_put_u32(m, ZONEFW_AR_FLAGS, r->flags);
	put_matches(m, r);
	nla_nest_end(m, n);
}

/* as it came from the kernel; its own id goes in front */
static void put_raw(struct nl_msg *m, const struct nlattr *raw)
{
	struct nlattr *a;
	int rem;

	nla_for_each_nested(a, raw, rem)
		if (nla_type(a) != ZONEFW_AR_ID)
			nla_put(m, a->nla_type, nla_len(a), nla_data(a));
}

void codec_put_rule(struct nl_msg *m, int attr, struct rule *r)
{
	struct nlattr *n = nla_nest_start(m, attr);

	if (r->id)
		nla_put_u32(m, ZONEFW_AR_ID, r->id);
	if (r->raw) {
		put_raw(m, r->raw);
		nla_nest_end(m, n);
		return;
	}
	if (r->name)
		nla_put_string(m, ZONEFW_AR_NAME, r->name);
	put_ids(m, ZONEFW_AR_FROM, &r->from);
	put_ids(m, ZONEFW_AR_TO, &r->to);
	nla_put_string(m, ZONEFW_AR_TEXT, r->text);
	if (r->where)
		nla_put_string(m, ZONEFW_AR_WHERE, r->where);
	if (r->comment)
		nla_put_string(m, ZONEFW_AR_COMMENT, r->comment);
	nla_put_u8(m, ZONEFW_AR_ACTION, (uint8_t)r->action);
	if (r->action == ZONEFW_REJECT || r->action == ZONEFW_QUEUE)
		nla_put_u32(m, ZONEFW_AR_ARG, r->arg);
	if (rule_flags(r))
		nla_put_u32(m, ZONEFW_AR_FLAGS, rule_flags(r));
	if (r->log)
		nla_put_string(m, ZONEFW_AR_LOG, r->log);
	put_matches(m, r);
	codec_put_live(m, r);
	nla_nest_end(m, n);
}

static uint32_t cell_flags(const struct cell *c)
{
	return (c->has_default && c->has_log ? ZONEFW_CELL_LOG : 0) | (c->masq4 ? ZONEFW_CELL_MASQ4 : 0) |
	       (c->masq6 ? ZONEFW_CELL_MASQ6 : 0) | (c->offload ? ZONEFW_CELL_OFFLOAD : 0) |
	       (c->clamp ? ZONEFW_CELL_CLAMP_MSS : 0);
}

static void put_cell(struct nl_msg *m, struct cell *c, struct zone *f, struct zone *t)
{
	struct nlattr *n = nla_nest_start(m, ZONEFW_A_CELLDEF);

	nla_put_u16(m, ZONEFW_AC_FROM, (uint16_t)f->id);
	nla_put_u16(m, ZONEFW_AC_TO, (uint16_t)t->id);
	if (c->has_default) {
		nla_put_u8(m, ZONEFW_AC_ACTION, c->action);
		if (c->action == ZONEFW_REJECT)
			nla_put_u32(m, ZONEFW_AC_ARG, c->arg);
		if (c->has_log)
			nla_put_string(m, ZONEFW_AC_LOG, c->log);
	}
	if (cell_flags(c))
		nla_put_u32(m, ZONEFW_AC_FLAGS, cell_flags(c));
	nla_put_string(m, ZONEFW_AC_TEXT, cell_text(c));
	nla_nest_end(m, n);
}

struct pair { struct cell *c; struct zone *f, *t; };

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->f->id != y->f->id ? x->f->id - y->f->id : x->t->id - y->t->id;
}

/* in the order of zone ids, so that an export applied again is the same message */
static void put_cells(struct nl_msg *msg, struct model *m)
{
	VEC(struct pair) v = { 0 };

	for (int i = 0; i < m->cells.n; i++) {
		struct cell *c = m->cells.v[i];

		for (int a = 0; a < c->from.n && *cell_text(c); a++)
			for (int b = 0; b < c->to.n; b++)
				PUSH(v, ((struct pair){ c, c->from.v[a].z, c->to.v[b].z }));
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), pair_cmp);
	for (int i = 0; i < v.n; i++)
		put_cell(msg, v.v[i].c, v.v[i].f, v.v[i].t);
}

static void put_options(struct nl_msg *m, struct opts *o)
{
	struct nlattr *n = nla_nest_start(m, ZONEFW_A_OPTIONS);

	if (o->has_log) {
		nla_put_u8(m, ZONEFW_AO_LOG, o->log);
		if (o->log == ZONEFW_LOG_NFLOG)
			nla_put_u16(m, ZONEFW_AO_NFLOG_GROUP, o->group);
	}
	if (o->has_rate) {
		nla_put_u32(m, ZONEFW_AO_LOG_RATE, o->rate);
		nla_put_u32(m, ZONEFW_AO_LOG_PER, o->per);
	}
	if (o->has_invalid)
		nla_put_u8(m, ZONEFW_AO_INVALID_ACCEPT, o->invalid);
	if (o->has_rematch)
		nla_put_u8(m, ZONEFW_AO_REMATCH, o->rematch);
	if (o->has_tag)
		nla_put_u32(m, ZONEFW_AO_TAG_MASK, o->tag);
	nla_put_string(m, ZONEFW_AO_TEXT, opts_text(o));
	nla_nest_end(m, n);
}

size_t codec_rule_size(const struct rule *r)
{
	if (r->raw)
		return (size_t)r->raw->nla_len + 64;
	return 1024 + codec_live_size(r) + strlen(r->text) + (size_t)(r->src.n + r->dst.n + r->on.n) * sizeof(struct zonefw_addr) +
	       (size_t)r->l4.n * sizeof(struct zonefw_l4) + (size_t)(r->in.n + r->out.n) * 24 +
	       (size_t)r->mac.n * 6 + (size_t)(r->from.n + r->to.n) * 2 +
	       (r->where ? strlen(r->where) : 0);
}

static size_t model_size(struct model *m, const char *extra)
{
	size_t n = 16384 + strlen(extra) + codec_sets_size(m);

	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];

		n += 512 + strlen(zone_text(z)) + (size_t)(z->dev.n + z->group.n) * 24 + (size_t)z->nets.n * 24;
	}
	for (int i = 0; i < m->rules.n; i++)
		n += codec_rule_size(m->rules.v[i]);
	for (int i = 0; i < m->cells.n; i++)
		n += (size_t)m->cells.v[i]->from.n * m->cells.v[i]->to.n * 512;
	return n;
}

struct nl_msg *codec_apply(struct model *m)
{
	char *extra = extra_text(m);
	struct nl_msg *msg = NULL;

	for (int i = 0; i < m->rules.n; i++)
		if (codec_rule_size(m->rules.v[i]) > 65000)
			err_at(m, m->rules.v[i]->pos, "this rule's lists are too long for one message");
	for (int i = 0; i < m->zones.n; i++)
		if (strlen(zone_text(m->zones.v[i])) >= ZONEFW_TEXT_MAX || m->zones.v[i]->nets.n > ZONEFW_LIST_MAX)
			err_at(m, m->zones.v[i]->pos, "this zone's lists are too long for one message");
	if (strlen(extra) > 65000)
		err_at(m, (struct pos){ 0 }, "the text of all assertions and services is longer than 65000 bytes");
	if (m->errors)
		return NULL;
	msg = nl_new(ZONEFW_CMD_APPLY, NLM_F_REQUEST, model_size(m, extra));
	if (!msg)
		return NULL;
	nla_put_u32(msg, ZONEFW_A_ABI, ZONEFW_ABI);
	if (m->gen)
		nla_put_u32(msg, ZONEFW_A_GEN, m->gen);
	if (m->apply)
		nla_put_u32(msg, ZONEFW_A_FLAGS, m->apply);
	if (m->confirm)
		nla_put_u32(msg, ZONEFW_A_CONFIRM, m->confirm);
	put_options(msg, &m->opt);
	for (int i = 0; i < m->zones.n; i++)
		put_zone(msg, m->zones.v[i]);
	codec_put_sets(msg, m);
	for (int i = 0; i < m->rules.n; i++)
		codec_put_rule(msg, ZONEFW_A_RULE, m->rules.v[i]);
	put_cells(msg, m);
	if (*extra)
		nla_put_string(msg, ZONEFW_A_EXTRATEXT, extra);
	return msg;
}

/* the statement whose attribute holds the offset of the extended ack */
struct pos codec_where(struct model *m, struct nl_msg *msg, int off)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *a = genlmsg_attrdata(nlmsg_data(h), 0);
	int rem = genlmsg_attrlen(nlmsg_data(h), 0), rules = 0, zones = 0, sets = 0;

	for (; rem > 0 && nla_ok(a, rem); a = nla_next(a, &rem)) {
		int at = (int)((char *)a - (char *)h);
		bool in = off >= at && off < at + a->nla_len;

		if (nla_type(a) == ZONEFW_A_RULE && rules++ >= 0 && in)
			return m->rules.v[rules - 1]->pos;
		if (nla_type(a) == ZONEFW_A_ZONE && zones++ >= 0 && in)
			return m->zones.v[zones - 1]->pos;
		if (nla_type(a) == ZONEFW_A_SET && sets++ >= 0 && in)
			return m->sets.v[sets - 1]->pos;
	}
	return (struct pos){ 0 };
}

static void gen_reply(struct nlattr **tb, void *arg)
{
	struct done *d = arg;

	if (tb[ZONEFW_A_GEN])
		d->gen = nla_get_u32(tb[ZONEFW_A_GEN]);
	if (tb[ZONEFW_A_ID])
		d->first = nla_get_u32(tb[ZONEFW_A_ID]);
}

/* Send the policy; what the kernel says against it is printed. 0, -ESTALE or an exit code. */
int codec_send(struct model *m, struct done *done)
{
	struct nl_msg *msg = codec_apply(m), *again;
	struct pos at;
	int err;

	if (!msg) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	err = nl_do(msg, gen_reply, done);
	if (!err || err == -ESTALE)
		return err;
	if (err == -EPERM || !nl_badoff)
		return nl_failed(err);
	again = codec_apply(m);
	at = again ? codec_where(m, again, nl_badoff) : (struct pos){ 0 };
	nlmsg_free(again);
	if (!at.src)
		return nl_failed(err);
	err_at(m, at, "the kernel refused: %s", *nl_extmsg ? nl_extmsg : strerror(-err));
	diag_print(m, false);
	return EX_REFUSED;
}

static void info_reply(struct nlattr **tb, void *arg)
{
	struct info *i = arg;

	if (tb[ZONEFW_A_ABI])
		i->abi = nla_get_u32(tb[ZONEFW_A_ABI]);
	if (tb[ZONEFW_A_GEN])
		i->gen = nla_get_u32(tb[ZONEFW_A_GEN]);
	if (tb[ZONEFW_A_STATE])
		i->state = nla_get_u8(tb[ZONEFW_A_STATE]);
	if (tb[ZONEFW_A_NZONES])
		i->nzones = nla_get_u32(tb[ZONEFW_A_NZONES]);
	if (tb[ZONEFW_A_NRULES])
		i->nrules = nla_get_u32(tb[ZONEFW_A_NRULES]);
	if (tb[ZONEFW_A_DIGEST])
		nla_memcpy(i->digest, tb[ZONEFW_A_DIGEST], 8);
	if (tb[ZONEFW_A_STATS])
		i->nstats = nla_memcpy(i->stats, tb[ZONEFW_A_STATS], sizeof(i->stats)) / 8;
	i->confirm = tb[ZONEFW_A_CONFIRM] ? nla_get_u32(tb[ZONEFW_A_CONFIRM]) : 0;
	i->opt = tb[ZONEFW_A_OPTTEXT] ? xstrdup(nla_get_string(tb[ZONEFW_A_OPTTEXT])) : "";
	i->extra = tb[ZONEFW_A_EXTRATEXT] ? xstrdup(nla_get_string(tb[ZONEFW_A_EXTRATEXT])) : "";
}

int codec_info(struct info *i)
{
	int rc = nl_connect_zfw(), err;

	memset(i, 0, sizeof(*i));
	if (rc)
		return rc;
	i->opt = i->extra = "";
	err = nl_do(nl_new(ZONEFW_CMD_INFO, NLM_F_REQUEST, 0), info_reply, i);
	if (err)
		return nl_failed(err);
	if (i->abi && i->abi != ZONEFW_ABI) {
		fprintf(stderr, "zonefw: this tool speaks ABI %d, the module %u: they are of different versions\n",
			ZONEFW_ABI, i->abi);
		return EX_NOMODULE;
	}
	return 0;
}
