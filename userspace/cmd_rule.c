// SPDX-License-Identifier: GPL-2.0
/*
 * The verbs of rules. Only the change is sent, and the kernel makes the next
 * policy of the one in force; the rules there are not read. Where that does not
 * do (assertions are to be proved, rules that translate are held against each
 * other, or something is wrong and must be explained), cmd_edit.c has the way
 * by the whole policy.
 */
#include "cmd.h"

#include <errno.h>
#include <string.h>

#define WHOLE	(-1)	/* not this way */
#define TRIES	16

struct ref { bool by_name; uint32_t id; char *name; };
struct change {
	struct model *m;
	struct parser p;
	int op, place;
	VEC(struct ref) what;		/* rules in force that the change is about */
	struct ref at;
	struct rule *r;
};

static bool ref_word(struct change *c, struct ref *r)
{
	struct tok t = c->p.lx.cur;
	uint64_t id = 0;

	if (t.kind != T_WORD)
		return false;
	r->by_name = !parse_u64(t.s, 0xffffffff, &id);
	r->id = (uint32_t)id;
	r->name = t.s;
	pnext(&c->p);
	return !r->by_name || name_valid(t.s);
}

/* first | last | before ID | after ID, or nothing */
static bool place_words(struct change *c, bool needed)
{
	static const char *const places[] = { [ZONEFW_PLACE_LAST] = "last", [ZONEFW_PLACE_FIRST] = "first",
					      [ZONEFW_PLACE_BEFORE] = "before", [ZONEFW_PLACE_AFTER] = "after" };

	for (int i = 0; i < __ZONEFW_PLACE_MAX; i++)
		if (pword(&c->p, places[i])) {
			c->place = i;
			return i < ZONEFW_PLACE_BEFORE || ref_word(c, &c->at);
		}
	return !needed;
}

static bool zones_words(struct change *c, zrefvec *f, zrefvec *t)
{
	return pword(&c->p, "from") && zone_list(&c->p, f) && pword(&c->p, "to") && zone_list(&c->p, t);
}

static bool rule_words(struct change *c, zrefvec f, zrefvec t)
{
	c->r = parse_rule(&c->p);
	if (!c->r || c->r->action >= ZONEFW_PUBLISH)
		return false;
	c->r->from = f;
	c->r->to = t;
	PUSH(c->m->rules, c->r);
	return true;
}

static bool add_words(struct change *c)
{
	zrefvec f = { 0 }, t = { 0 };

	return zones_words(c, &f, &t) && place_words(c, false) && rule_words(c, f, t);
}

static bool what_word(struct change *c)
{
	struct ref r;

	if (!ref_word(c, &r))
		return false;
	PUSH(c->what, r);
	return true;
}

/* between what zones, the kernel knows */
static bool replace_words(struct change *c)
{
	zrefvec any = { 0 };

	PUSH(any, ((struct zref){ .name = "any" }));
	return what_word(c) && rule_words(c, any, any);
}

static bool del_words(struct change *c)
{
	do {
		if (!what_word(c))
			return false;
	} while (!pend(&c->p));
	return true;
}

static bool move_words(struct change *c)
{
	return what_word(c) && place_words(c, true);
}

static bool words(struct change *c)
{
	static bool (*const fn[])(struct change *) = { [ZONEFW_EDIT_ADD] = add_words, [ZONEFW_EDIT_REPLACE] = replace_words,
						       [ZONEFW_EDIT_DEL] = del_words, [ZONEFW_EDIT_MOVE] = move_words };

	parser_open(&c->p, c->m, cmdline_src(c->m, g_argc, g_argv));
	for (int i = 0; i < 4; i++)
		pnext(&c->p);		/* zonefw rule VERB, to the word behind */
	return fn[c->op](c) && !c->m->errors && c->p.lx.cur.kind == T_EOF && model_resolve(c->m);
}

static void put_ref(struct nl_msg *msg, const struct ref *r, int id, int name)
{
	if (r->by_name)
		nla_put_string(msg, name, r->name);
	else
		nla_put_u32(msg, id, r->id);
}

static void put_edit(struct nl_msg *msg, const struct change *c, const struct ref *what)
{
	struct nlattr *n = nla_nest_start(msg, ZONEFW_A_EDIT);

	nla_put_u8(msg, ZONEFW_AD_OP, (uint8_t)c->op);
	if (what)
		put_ref(msg, what, ZONEFW_AD_ID, ZONEFW_AD_NAME);
	nla_put_u8(msg, ZONEFW_AD_PLACE, (uint8_t)c->place);
	if (c->place >= ZONEFW_PLACE_BEFORE)
		put_ref(msg, &c->at, ZONEFW_AD_AT_ID, ZONEFW_AD_AT_NAME);
	if (c->r)
		codec_put_rule(msg, ZONEFW_AD_RULE, c->r);
	nla_nest_end(msg, n);
}

static void reply(struct nlattr **tb, void *arg)
{
	if (tb[ZONEFW_A_ID])
		*(uint32_t *)arg = nla_get_u32(tb[ZONEFW_A_ID]);
}

/* 0, or a negative errno, with the kernel's words for who has to say them */
static int send_change(const struct change *c, uint32_t *id)
{
	struct nl_msg *msg;
	size_t size = 4096 + (c->r ? codec_rule_size(c->r) : 0) + (size_t)c->what.n * 128;

	if (c->r && codec_rule_size(c->r) > 60000)
		return -EMSGSIZE;
	msg = nl_new(ZONEFW_CMD_EDIT_RULES, NLM_F_REQUEST, size);
	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, ZONEFW_A_ABI, ZONEFW_ABI);
	nla_put_u32(msg, ZONEFW_A_GEN, c->m->gen);
	for (int i = 0; i < c->what.n; i++)
		put_edit(msg, c, &c->what.v[i]);
	if (!c->what.n)
		put_edit(msg, c, NULL);
	return nl_do(msg, reply, id);
}

/* An exit code, or WHOLE. */
static int change_run(int op)
{
	int err = -ESTALE;

	for (int try = 0; try < TRIES && err == -ESTALE; try++) {
		struct change c = { .op = op };
		uint32_t id = 0;

		nl_hush = true;
		c.m = codec_frame(&err);
		nl_hush = false;
		if (!c.m || c.m->asserts.n || !words(&c))
			return WHOLE;
		err = send_change(&c, &id);
		if (!err && op == ZONEFW_EDIT_ADD)
			added_id(id);
		else if (!err)
			out_done();
		else if (nl_lost)
			return nl_failed(err);
	}
	return err ? WHOLE : EX_DONE;
}

int cmd_rule(int argc, char **argv)
{
	static const char *const verbs[] = { [ZONEFW_EDIT_ADD] = "add", [ZONEFW_EDIT_REPLACE] = "replace",
					     [ZONEFW_EDIT_DEL] = "del", [ZONEFW_EDIT_MOVE] = "move" };
	int rc = WHOLE;

	if (argc > 1 && !strcmp(argv[1], "show"))
		return show_rules(argc, argv, 2);
	for (int i = 0; argc > 2 && i < __ZONEFW_EDIT_MAX; i++)
		if (!strcmp(argv[1], verbs[i]))
			rc = change_run(i);
	return rc == WHOLE ? cmd_rule_edit(argc, argv) : rc;
}
