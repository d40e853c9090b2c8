// SPDX-License-Identifier: GPL-2.0
/* Named sets and the predicates that use them, to messages and back. */
#include "cmd.h"

#include <errno.h>

#define ELEMS_A_MESSAGE 2000

static void put_elems(struct nl_msg *msg, const struct set *s, const elemvec *v)
{
	for (int i = 0; i < v->n; i += ELEMS_A_MESSAGE) {
		struct nlattr *n = nla_nest_start(msg, ZONEFW_A_SETELEMS);
		int k = v->n - i < ELEMS_A_MESSAGE ? v->n - i : ELEMS_A_MESSAGE;

		nla_put_string(msg, ZONEFW_AE_NAME, s->name);
		nla_put(msg, ZONEFW_AE_LIST, k * (int)sizeof(*v->v), v->v + i);
		nla_nest_end(msg, n);
	}
}

static size_t elems_size(const elemvec *v)
{
	return (size_t)v->n * sizeof(*v->v) + ((size_t)v->n / ELEMS_A_MESSAGE + 1) * 128;
}

size_t codec_sets_size(struct model *m)
{
	size_t n = 0;

	for (int i = 0; i < m->sets.n; i++)
		n += 256 + elems_size(&m->sets.v[i]->elems);
	return n;
}

void codec_put_sets(struct nl_msg *msg, struct model *m)
{
	for (int i = 0; i < m->sets.n; i++) {
		struct nlattr *n = nla_nest_start(msg, ZONEFW_A_SET);
		struct set *s = m->sets.v[i];

		nla_put_string(msg, ZONEFW_AS_NAME, s->name);
		if (s->port)
			nla_put_u8(msg, ZONEFW_AS_PORT, 1);
		if (s->timeout)
			nla_put_u32(msg, ZONEFW_AS_TIMEOUT, s->timeout);
		if (s->max)
			nla_put_u32(msg, ZONEFW_AS_MAX, s->max);
		nla_nest_end(msg, n);
	}
	for (int i = 0; i < m->sets.n; i++)
		put_elems(msg, m->sets.v[i], &m->sets.v[i]->elems);
}

size_t codec_live_size(const struct rule *r)
{
	size_t n = 512;

	for (int i = 0; i < PICKS; i++)
		n += (size_t)r->live.set[i].n * (ZONEFW_NAME_MAX + 8) + (size_t)r->live.port[i].n * 4 + 16;
	return n;
}

static void put_ports(struct nl_msg *msg, int attr, const prvec *v)
{
	uint16_t (*p)[2] = xalloc(sizeof(*p) * (v->n + 1));

	for (int i = 0; i < v->n; i++) {
		p[i][0] = v->v[i].lo;
		p[i][1] = v->v[i].hi;
	}
	if (v->n)
		nla_put(msg, attr, v->n * (int)sizeof(*p), p);
}

static void put_names(struct nl_msg *msg, int attr, const setvec *v)
{
	for (int i = 0; i < v->n; i++)
		nla_put_string(msg, attr, v->v[i]->name);
}

static void put_amounts(struct nl_msg *msg, const struct live *l)
{
	if (l->rate) {
		nla_put_u32(msg, ZONEFW_AL_LIMIT_RATE, l->rate);
		nla_put_u32(msg, ZONEFW_AL_LIMIT_PER, l->per);
		nla_put_u32(msg, ZONEFW_AL_LIMIT_BURST, l->burst);
		nla_put_u8(msg, ZONEFW_AL_LIMIT_BY, l->limit_by);
	}
	if (l->has_conns) {
		nla_put_u32(msg, ZONEFW_AL_CONNS, l->conns);
		nla_put_u8(msg, ZONEFW_AL_CONNS_BY, l->conns_by);
	}
	if (l->minutes[0] != l->minutes[1])
		nla_put(msg, ZONEFW_AL_TIME, sizeof(l->minutes), l->minutes);
	if (l->days)
		nla_put_u8(msg, ZONEFW_AL_DAYS, l->days);
	if (l->expires)
		nla_put_u32(msg, ZONEFW_AL_EXPIRES, l->expires);
	if (l->helper)
		nla_put_string(msg, ZONEFW_AL_HELPER, l->helper);
	if (!l->add)
		return;
	nla_put_string(msg, ZONEFW_AL_ADD_SET, l->add->name);
	nla_put_u8(msg, ZONEFW_AL_ADD_BY, l->add_by);
	if (l->add_timeout)
		nla_put_u32(msg, ZONEFW_AL_ADD_TIMEOUT, l->add_timeout);
}

void codec_put_live(struct nl_msg *msg, struct rule *r)
{
	struct live *l = &r->live;
	uint32_t flags = l->flags;
	struct nlattr *n;

	if (!l->any)
		return;
	n = nla_nest_start(msg, ZONEFW_AR_LIVE);
	if (l->set[PICK_SRC].n && r->flags & ZONEFW_RULE_NEG_SRC)
		flags |= ZONEFW_LIVE_NEG_SRC;
	if (l->set[PICK_DST].n && r->flags & ZONEFW_RULE_NEG_DST)
		flags |= ZONEFW_LIVE_NEG_DST;
	if (flags)
		nla_put_u32(msg, ZONEFW_AL_FLAGS, flags);
	if (l->set[PICK_SRC].n && r->src.n)
		nla_put(msg, ZONEFW_AL_SRC, r->src.n * (int)sizeof(*r->src.v), r->src.v);
	if (l->set[PICK_DST].n && r->dst.n)
		nla_put(msg, ZONEFW_AL_DST, r->dst.n * (int)sizeof(*r->dst.v), r->dst.v);
	put_ports(msg, ZONEFW_AL_SPORT, &l->port[PICK_SPORT]);
	put_ports(msg, ZONEFW_AL_DPORT, &l->port[PICK_DPORT]);
	put_names(msg, ZONEFW_AL_SRC_SET, &l->set[PICK_SRC]);
	put_names(msg, ZONEFW_AL_DST_SET, &l->set[PICK_DST]);
	put_names(msg, ZONEFW_AL_SPORT_SET, &l->set[PICK_SPORT]);
	put_names(msg, ZONEFW_AL_DPORT_SET, &l->set[PICK_DPORT]);
	put_amounts(msg, l);
	nla_nest_end(msg, n);
}

static void set_reply(struct nlattr **tb, void *arg)
{
	struct nlattr *as[ZONEFW_AS_MAX + 1];
	struct model *m = arg;
	struct set *s;

	if (!tb[ZONEFW_A_SET] || nla_parse_nested(as, ZONEFW_AS_MAX, tb[ZONEFW_A_SET], nl_attr_set) < 0 ||
	    !as[ZONEFW_AS_NAME])
		return;
	s = xalloc(sizeof(*s));
	s->name = xstrdup(nla_get_string(as[ZONEFW_AS_NAME]));
	s->port = as[ZONEFW_AS_PORT] && nla_get_u8(as[ZONEFW_AS_PORT]);
	s->timeout = as[ZONEFW_AS_TIMEOUT] ? nla_get_u32(as[ZONEFW_AS_TIMEOUT]) : 0;
	s->max = as[ZONEFW_AS_MAX] ? nla_get_u32(as[ZONEFW_AS_MAX]) : 0;
	s->count = tb[ZONEFW_A_COUNT] ? nla_get_u32(tb[ZONEFW_A_COUNT]) : 0;
	s->lost = tb[ZONEFW_A_LOST] ? nla_get_u32(tb[ZONEFW_A_LOST]) : 0;
	PUSH(m->sets, s);
}

static int dump(struct nl_msg *msg, reply_fn fn, void *arg)
{
	int err = nl_do(msg, fn, arg);

	if (err == -EINTR || err == -EAGAIN)
		return -EAGAIN;
	return err ? nl_failed(err) : 0;
}

/* the sets in force, without members; 0, -EAGAIN or an exit code */
int codec_sets(struct model *m)
{
	int rc = nl_connect_zfw();

	return rc ? rc : dump(nl_new(ZONEFW_CMD_GET_SETS, NLM_F_REQUEST | NLM_F_DUMP, 0), set_reply, m);
}

static void elems_take(struct nlattr *nest, elemvec *v)
{
	struct nlattr *ae[ZONEFW_AE_MAX + 1];
	const struct zonefw_elem *e;

	if (!nest || nla_parse_nested(ae, ZONEFW_AE_MAX, nest, nl_attr_setelems) < 0 || !ae[ZONEFW_AE_LIST])
		return;
	e = nla_data(ae[ZONEFW_AE_LIST]);
	for (int i = 0; i < nla_len(ae[ZONEFW_AE_LIST]) / (int)sizeof(*e); i++)
		PUSH(*v, e[i]);
}

static void elems_reply(struct nlattr **tb, void *arg)
{
	struct nlattr *name = tb[ZONEFW_A_SETELEMS] ?
			      nla_find(nla_data(tb[ZONEFW_A_SETELEMS]), nla_len(tb[ZONEFW_A_SETELEMS]),
				       ZONEFW_AE_NAME) : NULL;
	struct set *s = name ? set_find(arg, nla_get_string(name)) : NULL;

	if (s)
		elems_take(tb[ZONEFW_A_SETELEMS], &s->elems);
}

/* the members that the policy's text names, into the sets of @m */
int codec_setelems(struct model *m)
{
	return dump(nl_new(ZONEFW_CMD_GET_SETELEMS, NLM_F_REQUEST | NLM_F_DUMP, 0), elems_reply, m);
}

static void members_reply(struct nlattr **tb, void *arg)
{
	elems_take(tb[ZONEFW_A_SETELEMS], arg);
}

/* the members as they are now, in the place of those of the text; 0, an exit code, or -EAGAIN: another policy came */
int codec_members(struct set *s)
{
	int err = -EAGAIN;

	for (int try = 0; try < 10 && err == -EAGAIN; try++) {
		struct nl_msg *msg = nl_new(ZONEFW_CMD_GET_MEMBERS, NLM_F_REQUEST | NLM_F_DUMP, 0);

		if (!msg)
			return EX_REFUSED;
		nla_put_string(msg, ZONEFW_A_SETNAME, s->name);
		s->elems.n = 0;
		err = nl_do(msg, members_reply, &s->elems);
		if (err == -EINTR)
			err = -EAGAIN;
	}
	elems_tidy(&s->elems);
	if (err == -EAGAIN || err == -ENOENT)
		return -EAGAIN;
	return err ? nl_failed(err) : 0;
}

static void count_reply(struct nlattr **tb, void *arg)
{
	if (arg && tb[ZONEFW_A_COUNT])
		*(uint32_t *)arg = nla_get_u32(tb[ZONEFW_A_COUNT]);
}

/* add, del or test; exit code */
int codec_set_change(int cmd, const struct set *s, elemvec *v, uint32_t *count)
{
	struct nl_msg *msg = nl_new(cmd, NLM_F_REQUEST, elems_size(v));
	int err;

	if (!msg)
		return EX_REFUSED;
	put_elems(msg, s, v);
	err = nl_do(msg, count_reply, count);
	return err ? nl_failed(err) : 0;
}

int codec_set_flush(const char *name)
{
	struct nl_msg *msg = nl_new(ZONEFW_CMD_SET_FLUSH, NLM_F_REQUEST, 0);
	int err;

	if (!msg)
		return EX_REFUSED;
	nla_put_string(msg, ZONEFW_A_SETNAME, name);
	err = nl_do(msg, NULL, NULL);
	return err ? nl_failed(err) : 0;
}
