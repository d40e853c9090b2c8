// SPDX-License-Identifier: GPL-2.0
/* explain and monitor: what the kernel's classifier says about packets. */
#include "cmd.h"
#include "explain.h"
#include "flow.h"
#include "stmt.h"

#include <errno.h>
#include <net/if.h>


static bool device_known(struct query *q, struct tok *t)
{
	strvec cand;

	if (q->m->lenient || if_nametoindex(t->s))
		return true;
	cand = device_names();
	err_at(q->m, t->pos, "no device '%s'%s", t->s, suggest(t->s, &cand));
	return false;
}

static bool where_words(struct parser *p, struct query *q)
{
	for (;;) {
		struct pos pos = p->lx.cur.pos;
		char **w = pword(p, "in") ? &q->in : pword(p, "from") ? &q->from : pword(p, "out") ? &q->out :
			   pword(p, "to") ? &q->to : NULL;

		if (!w)
			break;
		if (*w || (w == &q->in && q->from) || (w == &q->from && q->in) || (w == &q->out && q->to) || (w == &q->to && q->out)) {
			err_at(p->m, pos, *w ? "this is said twice" : w == &q->in || w == &q->from ?
			       "a packet comes in DEV or from ZONE, not both" : "a packet goes out DEV or to ZONE, not both");
			return false;
		}
		if ((w == &q->from || w == &q->to) && at_word(p, "any")) {
			err_at(p->m, p->lx.cur.pos, "a packet has one zone on each side, not 'any'");
			return false;
		}
		if (p->lx.cur.kind != T_WORD) {
			perr(p, "a device or a zone");
			return false;
		}
		if ((w == &q->from || w == &q->to) && !q->m->lenient && !zone_find(q->m, p->lx.cur.s) &&
		    !(q->cand && zone_find(q->cand, p->lx.cur.s))) {
			strvec c = { 0 };

			for (int i = 0; i < q->m->zones.n; i++)
				PUSH(c, q->m->zones.v[i]->name);
			PUSH(c, "self");
			err_at(q->m, p->lx.cur.pos, "no zone '%s'%s", p->lx.cur.s, suggest(p->lx.cur.s, &c));
			return false;
		}
		if ((w == &q->in || w == &q->out) && !device_known(q, &p->lx.cur))
			return false;
		*w = p->lx.cur.s;
		pnext(p);
	}
	if (!q->in && !q->from) {
		perr(p, "'in DEV' or 'from ZONE'");
		return false;
	}
	return true;
}

static void put_ip(struct nl_msg *m, int attr, int fam, u128 v)
{
	uint8_t b[16];
	int len = fam == 4 ? 4 : 16;

	store_be(b, len, v);
	nla_put(m, attr, len, b);
}

static uint16_t zone_id(struct model *m, const char *name)
{
	struct zone *z = zone_find(m, name);

	return z ? (uint16_t)z->id : ZONEFW_ZONE_NONE;
}

static struct nl_msg *explain_msg(struct query *q)
{
	struct nl_msg *m = nl_new(ZONEFW_CMD_EXPLAIN, NLM_F_REQUEST, 0);

	if (!m)
		return NULL;
	if (q->in)
		nla_put_string(m, ZONEFW_A_EX_IN, q->in);
	if (q->from)
		nla_put_u16(m, ZONEFW_A_FROM, zone_id(q->m, q->from));
	if (q->out)
		nla_put_string(m, ZONEFW_A_EX_OUT, q->out);
	if (q->to)
		nla_put_u16(m, ZONEFW_A_TO, zone_id(q->m, q->to));
	nla_put_u8(m, ZONEFW_A_EX_PROTO, (uint8_t)q->k.proto);
	put_ip(m, ZONEFW_A_EX_SRC, q->k.family, q->k.src);
	put_ip(m, ZONEFW_A_EX_DST, q->k.family, q->k.dst);
	if (q->k.sport >= 0)
		nla_put_u16(m, ZONEFW_A_EX_SPORT, (uint16_t)q->k.sport);
	if (q->k.dport >= 0)
		nla_put_u16(m, ZONEFW_A_EX_DPORT, (uint16_t)q->k.dport);
	if (q->k.type >= 0)
		nla_put_u8(m, ZONEFW_A_EX_TYPE, (uint8_t)q->k.type);
	return m;
}

/* none where only zones were given */
static char *device(struct nlattr *at)
{
	return at && *nla_get_string(at) ? xstrdup(nla_get_string(at)) : NULL;
}

static void explain_reply(struct nlattr **tb, void *arg)
{
	struct answer *a = arg;

	a->from = tb[ZONEFW_A_FROM] ? nla_get_u16(tb[ZONEFW_A_FROM]) : ZONEFW_ZONE_NONE;
	a->to = tb[ZONEFW_A_TO] ? nla_get_u16(tb[ZONEFW_A_TO]) : ZONEFW_ZONE_NONE;
	a->action = tb[ZONEFW_A_ACTION] ? nla_get_u8(tb[ZONEFW_A_ACTION]) : 0;
	a->reason = tb[ZONEFW_A_REASON] ? nla_get_u8(tb[ZONEFW_A_REASON]) : ZONEFW_R_ERROR;
	a->index = tb[ZONEFW_A_INDEX] ? nla_get_u32(tb[ZONEFW_A_INDEX]) : 0;
	a->id = tb[ZONEFW_A_ID] ? nla_get_u32(tb[ZONEFW_A_ID]) : 0;
	a->in = device(tb[ZONEFW_A_EX_IN]);
	a->out = device(tb[ZONEFW_A_EX_OUT]);
	a->dnat = nl_ip(tb[ZONEFW_A_EX_DNAT]);
	a->snat = nl_ip(tb[ZONEFW_A_EX_SNAT]);
	if (a->dnat && tb[ZONEFW_A_EX_DNAT_PORT])
		a->dnat = xfmt(strchr(a->dnat, ':') ? "[%s]:%u" : "%s:%u", a->dnat,
			       nla_get_u16(tb[ZONEFW_A_EX_DNAT_PORT]));
}

struct rule *rule_by_id(struct model *m, uint32_t id)
{
	for (int i = 0; id && i < m->rules.n; i++)
		if (m->rules.v[i]->id == id)
			return m->rules.v[i];
	return NULL;
}

const char *verdict_word(int a)
{
	return a >= 0 && a < __ZONEFW_ACTION_MAX ? action_words[a] : "?";
}

const char *reason_word(int r)
{
	return r >= 0 && r < __ZONEFW_R_MAX ? reason_words[r] : "error";
}

int explain_ask(struct query *q, bool candidate, struct answer *a)
{
	struct nl_msg *msg = explain_msg(q);

	if (!msg)
		return -ENOMEM;
	if (candidate)
		nla_put_u8(msg, ZONEFW_A_CANDIDATE, 1);
	return nl_do(msg, explain_reply, a);
}

static struct rule *answer_rule(struct model *m, const struct answer *a)
{
	return a->index && a->index <= (uint32_t)m->rules.n ? m->rules.v[a->index - 1] : rule_by_id(m, a->id);
}

static json_t *answer_json(struct model *m, const struct answer *a)
{
	struct rule *r = answer_rule(m, a);
	json_t *j = json_pack("{s:s,s:s,s:s,s:s?,s:s?,s:o,s:s?,s:s,s:s?,s:s?}", "verdict", verdict_word(a->action),
		"from", zone_name(m, a->from), "to", zone_name(m, a->to), "in", a->in, "out", a->out,
		"rule", a->id ? json_integer(a->id) : json_null(), "rule_name", r ? r->name : NULL,
		"reason", reason_word(a->reason), "dnat", a->dnat, "snat", a->snat);

	if (r)
		json_object_set_new(j, "where", json_string(r->where ? r->where : ""));
	if (r)
		json_object_set_new(j, "text", json_string(r->text));
	return j;
}

static void explain_print(struct query *q, struct answer *a)
{
	struct rule *r = answer_rule(q->m, a);

	out_text("packet   %s\n", pkt_text(&q->k));
	out_text("zones    %s -> %s\n", zone_name(q->m, a->from), zone_name(q->m, a->to));
	if (a->in || a->out)
		out_text("devices  %s -> %s\n", a->in ? plain(a->in) : "-", a->out ? plain(a->out) : "-");
	if (a->dnat)
		out_text("dnat     %s\n", a->dnat);
	if (a->snat)
		out_text("snat     %s\n", a->snat);
	if (a->id)
		out_text("rule     %u %s\n", a->id, r ? r->text : "");
	if (r && (r->live.rate || r->live.has_conns))
		out_text("note     limit and conns are taken to hold\n");
	if (r && r->where)
		out_text("line     %s\n", r->where);
	out_text("verdict  %s\nreason   %s\n", verdict_word(a->action), reason_word(a->reason));
}

/* both answers, a column each */
static void explain_both(struct query *q, struct answer *a, struct answer *b)
{
	struct rule *r = answer_rule(q->m, a), *s = answer_rule(q->cand, b);
	struct table t = { 0 };

	out_text("packet   %s\n", pkt_text(&q->k));
	table_row(&t, 3, (char *[]){ "", "running", q->file });
	table_row(&t, 3, (char *[]){ "zones", xfmt("%s -> %s", zone_name(q->m, a->from), zone_name(q->m, a->to)),
		xfmt("%s -> %s", zone_name(q->cand, b->from), zone_name(q->cand, b->to)) });
	table_row(&t, 3, (char *[]){ "rule", r ? r->text : "-", s ? s->text : "-" });
	table_row(&t, 3, (char *[]){ "line", r && r->where ? r->where : "-", s && s->where ? s->where : "-" });
	table_row(&t, 3, (char *[]){ "verdict", (char *)verdict_word(a->action), (char *)verdict_word(b->action) });
	table_row(&t, 3, (char *[]){ "reason", (char *)reason_word(a->reason), (char *)reason_word(b->reason) });
	table_print(&t);
}

static int candidate_read(struct query *q)
{
	q->cand = model_new();
	if (parse_file(q->cand, q->file))
		return 0;
	diag_print(q->cand, false);
	return EX_REFUSED;
}

/* the same packet to the file's policy, in the same classifier */
static int explain_file(struct query *q, struct answer *b)
{
	struct query c = *q;
	int err = codec_candidate(q->cand, q->m);

	if (err)
		return err;
	c.m = q->cand;
	err = explain_ask(&c, true, b);
	return err ? nl_failed(err) : 0;
}

/* --expect VERDICT and --file FILE may stand anywhere; the other words go to the parser */
static int explain_options(int argc, char **argv, struct query *q, strvec *words)
{
	static char *verdicts[] = { "accept", "drop", "reject", "queue" };
	static char *known[] = { "--expect", "--file" };

	for (int i = 0; i < argc; i++) {
		char **w = !strcmp(argv[i], "--expect") ? &q->expect : !strcmp(argv[i], "--file") ? &q->file : NULL;

		if (!w && argv[i][0] == '-')
			return usage_unknown(argv[i], "option", known, 2);
		if (!w) {
			PUSH(*words, argv[i]);
			continue;
		}
		if (i + 1 == argc)
			return usage_err("%s needs a value", argv[i]);
		*w = argv[++i];
	}
	for (int k = 0; q->expect && k <= 4; k++) {
		if (k == 4)
			return usage_unknown(q->expect, "verdict", verdicts, 4);
		if (!strcmp(q->expect, verdicts[k]))
			break;
	}
	return q->file ? usage_file(q->file) : 0;
}

static bool explain_words(struct query *q, const strvec *words)
{
	struct parser p;

	parser_open(&p, q->m, cmdline_src(q->m, words->n, words->v));
	for (int i = 0; i < 3; i++)
		pnext(&p);
	if (where_words(&p, q) && parse_packet(&p, &q->k) && !pend(&p))
		perr(&p, "the end of the command");
	if (!q->m->errors)
		return true;
	diag_print(q->m, false);
	return false;
}

/* Without a kernel to ask only the words can be wrong, not the names: those are looked at first. */
static int explain_query(struct query *q, const strvec *words)
{
	int err;

	nl_hush = true;
	q->m = codec_running(&err);
	nl_hush = false;
	if (!q->m && err == EX_NOMODULE) {
		q->m = model_new();
		q->m->lenient = true;
		if (!explain_words(q, words))
			return EX_REFUSED;
		q->m = NULL;
	}
	if (!q->m)
		q->m = codec_running(&err);
	if (!q->m)
		return err;
	return explain_words(q, words) ? 0 : EX_REFUSED;
}

int cmd_explain(int argc, char **argv)
{
	struct query q = { 0 };
	struct answer a = { 0 }, b = { 0 };
	strvec words = { 0 };
	int err = explain_options(argc, argv, &q, &words);

	if (!err && q.file)
		err = candidate_read(&q);
	err = err ? err : explain_query(&q, &words);
	if (err)
		return err;
	err = explain_ask(&q, false, &a);
	if (err)
		return nl_failed(err);
	err = q.file ? explain_file(&q, &b) : 0;
	if (err)
		return err;
	if (g.json) {
		json_t *j = answer_json(q.m, &a);

		if (q.file) {
			json_object_set_new(j, "candidate", answer_json(q.cand, &b));
			json_object_set_new(j, "file", json_string(q.file));
		}
		out_json(j);
	} else if (!g.quiet && q.file) {
		explain_both(&q, &a, &b);
	} else if (!g.quiet) {
		explain_print(&q, &a);
	}
	return q.expect && strcmp(q.expect, verdict_word(q.file ? b.action : a.action)) ? EX_VERDICT : EX_DONE;
}

static struct model *mon_model;

static void on_message(int cmd, struct nlattr **tb)
{
	json_t *j = json_object();
	static const struct { int attr; const char *key; int size; } nums[] = {
		{ ZONEFW_A_GEN, "generation", 4 }, { ZONEFW_A_ID, "rule", 4 }, { ZONEFW_A_NRULES, "rules", 4 },
		{ ZONEFW_A_NZONES, "zones", 4 }, { ZONEFW_A_LOST, "lost", 4 }, { ZONEFW_A_EX_SPORT, "sport", 2 },
		{ ZONEFW_A_EX_DPORT, "dport", 2 }, { ZONEFW_A_EX_TYPE, "type", 1 } };
	static const struct { int attr; const char *key; } strs[] = { { ZONEFW_A_EX_IN, "in" },
		{ ZONEFW_A_EX_OUT, "out" }, { ZONEFW_A_PREFIX, "prefix" }, { ZONEFW_A_DEVNAME, "device" } };
	static const char *const hooks[] = { "prerouting", "input", "forward", "output", "postrouting" };
	static const char *const causes[] = { "apply", "flush", "panic", "confirm", "rollback", "timeout", "expired" };
	const char *k, *sep = "";
	json_t *v;

	json_object_set_new(j, "event", json_string(cmd == ZONEFW_CMD_DROP ? "drop" :
			    cmd == ZONEFW_CMD_TRACE ? "trace" : "change"));
	if (tb[ZONEFW_A_STATE])
		json_object_set_new(j, "state", json_string(state_words[nla_get_u8(tb[ZONEFW_A_STATE]) & 3]));
	if (tb[ZONEFW_A_HOOK])
		json_object_set_new(j, "hook", json_string(hooks[nla_get_u8(tb[ZONEFW_A_HOOK]) % 5]));
	if (tb[ZONEFW_A_CAUSE] && nla_get_u8(tb[ZONEFW_A_CAUSE]) < ARRAY_SIZE(causes))
		json_object_set_new(j, "cause", json_string(causes[nla_get_u8(tb[ZONEFW_A_CAUSE])]));
	for (int i = 0; i < ARRAY_SIZE(nums); i++) {
		struct nlattr *a = tb[nums[i].attr];

		if (a)
			json_object_set_new(j, nums[i].key, json_integer(nums[i].size == 4 ? nla_get_u32(a) :
				nums[i].size == 2 ? nla_get_u16(a) : nla_get_u8(a)));
	}
	if (cmd != ZONEFW_CMD_EVENT && tb[ZONEFW_A_ID] && !nla_get_u32(tb[ZONEFW_A_ID]))
		json_object_set_new(j, "rule", json_null());	/* no rule: the reason says what decided */
	for (int i = 0; i < ARRAY_SIZE(strs); i++)
		if (tb[strs[i].attr])
			json_object_set_new(j, strs[i].key, *nla_get_string(tb[strs[i].attr]) ?
				json_string(nla_get_string(tb[strs[i].attr])) : json_null());
	if (tb[ZONEFW_A_FROM])
		json_object_set_new(j, "from", json_string(zone_name(mon_model, nla_get_u16(tb[ZONEFW_A_FROM]))));
	if (tb[ZONEFW_A_TO])
		json_object_set_new(j, "to", json_string(zone_name(mon_model, nla_get_u16(tb[ZONEFW_A_TO]))));
	if (tb[ZONEFW_A_EX_PROTO])
		json_object_set_new(j, "proto", json_string(proto_name(nla_get_u8(tb[ZONEFW_A_EX_PROTO]))));
	if (tb[ZONEFW_A_EX_SRC])
		json_object_set_new(j, "src", json_string(nl_ip(tb[ZONEFW_A_EX_SRC])));
	if (tb[ZONEFW_A_EX_DST])
		json_object_set_new(j, "dst", json_string(nl_ip(tb[ZONEFW_A_EX_DST])));
	if (tb[ZONEFW_A_REASON])
		json_object_set_new(j, "reason", json_string(reason_word(nla_get_u8(tb[ZONEFW_A_REASON]))));
	if (tb[ZONEFW_A_ACTION])
		json_object_set_new(j, "verdict", json_string(verdict_word(nla_get_u8(tb[ZONEFW_A_ACTION]))));
	if (g.json) {
		out_json(j);
		return;
	}
	json_object_foreach(j, k, v) {
		if (json_is_integer(v))
			out_text("%s%s %lld", sep, k, (long long)json_integer_value(v));
		else
			out_text("%s%s %s", sep, k, json_is_null(v) ? "-" : json_string_value(v));
		sep = " ";
	}
	out_text("\n");
	fflush(stdout);
	json_decref(j);
}

/* trace [from ZONE] [to ZONE] [rule ID] [MATCH] */
static int monitor_trace(int argc, char **argv)
{
	struct fquery q = { 0 };
	int err = flow_words(&q, argc, argv, true);
	struct nl_msg *msg = err ? NULL : nl_new(ZONEFW_CMD_TRACE, NLM_F_REQUEST, 65536);

	if (!msg)
		return err ? err : EX_REFUSED;
	flow_query_put(msg, &q);
	err = nl_do(msg, NULL, NULL);
	if (err)
		return nl_failed(err);
	mon_model = q.m;
	return nl_listen(NULL, on_message);
}

int cmd_monitor(int argc, char **argv)
{
	static char *what[] = { "events", "drops", "trace" };
	int err;

	if (argc > 1 && !strcmp(argv[1], "trace"))
		return monitor_trace(argc, argv);
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "events") && strcmp(argv[1], "drops")))
		return usage_at(argv[argc - 1], "monitor takes events, drops or trace, not '%s'%s", argv[argc - 1],
				suggest(argv[argc - 1], &(strvec){ what, 3, 3 }));
	mon_model = codec_running(&err);
	if (!mon_model)
		return err;
	return nl_listen(argc == 2 && !strcmp(argv[1], "drops") ? ZONEFW_MCGRP_DROPS : ZONEFW_MCGRP_EVENTS, on_message);
}
