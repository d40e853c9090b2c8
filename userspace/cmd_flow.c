// SPDX-License-Identifier: GPL-2.0
/* flow and diff --flows: live connections as the kernel's classifier sees them. */
#include "cmd.h"
#include "flow.h"

#include <errno.h>

static void flow_reply(struct nlattr **tb, void *arg)
{
	struct flow f = { .sport = -1, .dport = -1, .type = -1 };
	flowvec *v = arg;

	if (!tb[ZONEFW_A_EX_PROTO] || !tb[ZONEFW_A_FROM] || !tb[ZONEFW_A_TO] || !tb[ZONEFW_A_ACTION] ||
	    !tb[ZONEFW_A_REASON] || !tb[ZONEFW_A_ID])
		return;
	f.proto = nla_get_u8(tb[ZONEFW_A_EX_PROTO]);
	f.src = nl_ip(tb[ZONEFW_A_EX_SRC]);
	f.dst = nl_ip(tb[ZONEFW_A_EX_DST]);
	f.published = nl_ip(tb[ZONEFW_A_ORIG_DST]);
	f.pport = tb[ZONEFW_A_ORIG_DPORT] ? nla_get_u16(tb[ZONEFW_A_ORIG_DPORT]) : 0;
	if (tb[ZONEFW_A_EX_SPORT] && tb[ZONEFW_A_EX_DPORT]) {
		f.sport = nla_get_u16(tb[ZONEFW_A_EX_SPORT]);
		f.dport = nla_get_u16(tb[ZONEFW_A_EX_DPORT]);
	}
	if (tb[ZONEFW_A_EX_TYPE])
		f.type = nla_get_u8(tb[ZONEFW_A_EX_TYPE]);
	f.from = nla_get_u16(tb[ZONEFW_A_FROM]);
	f.to = nla_get_u16(tb[ZONEFW_A_TO]);
	f.id = nla_get_u32(tb[ZONEFW_A_ID]);
	f.was = tb[ZONEFW_A_WAS_ID] ? nla_get_u32(tb[ZONEFW_A_WAS_ID]) : 0;
	f.index = tb[ZONEFW_A_INDEX] ? nla_get_u32(tb[ZONEFW_A_INDEX]) : 0;
	f.action = nla_get_u8(tb[ZONEFW_A_ACTION]);
	f.reason = nla_get_u8(tb[ZONEFW_A_REASON]);
	f.by_route = tb[ZONEFW_A_BY_ROUTE] && nla_get_u8(tb[ZONEFW_A_BY_ROUTE]);
	f.offloaded = tb[ZONEFW_A_OFFLOADED] && nla_get_u8(tb[ZONEFW_A_OFFLOADED]);
	f.expires = tb[ZONEFW_A_EXPIRES] ? nla_get_u32(tb[ZONEFW_A_EXPIRES]) : 0;
	PUSH(*v, f);
}

void flow_query_put(struct nl_msg *msg, const struct fquery *q)
{
	if (q->from)
		nla_put_u16(msg, ZONEFW_A_FROM, (uint16_t)q->from->id);
	if (q->to)
		nla_put_u16(msg, ZONEFW_A_TO, (uint16_t)q->to->id);
	if (q->by_rule)
		nla_put_u32(msg, ZONEFW_A_ID, q->rule);
	if (q->match)
		codec_match(msg, q->match);
}

/* Connections of the running policy, or those that the candidate sent before changes. */
int flows_get(flowvec *v, struct rule *match, bool candidate)
{
	struct nl_msg *msg = nl_new(ZONEFW_CMD_GET_FLOWS, NLM_F_REQUEST | NLM_F_DUMP, 65536);

	if (!msg)
		return -ENOMEM;
	if (match)
		codec_match(msg, match);
	if (candidate)
		nla_put_u8(msg, ZONEFW_A_CANDIDATE, 1);
	return nl_do(msg, flow_reply, v);
}

char *flow_text(const struct flow *f)
{
	struct sbuf b = { 0 };

	sb_fmt(&b, "%s src %s", proto_name(f->proto), f->src ? f->src : "?");
	if (f->sport >= 0)
		sb_fmt(&b, " sport %d", f->sport);
	sb_fmt(&b, " dst %s", f->dst ? f->dst : "?");
	if (f->dport >= 0)
		sb_fmt(&b, " dport %d", f->dport);
	if (f->type >= 0)
		sb_fmt(&b, " type %d", f->type);
	if (f->published)
		sb_fmt(&b, " (sent to %s port %d)", f->published, f->pport);
	if (f->offloaded)
		sb_fmt(&b, " (offloaded)");
	return sb_str(&b);
}

char *flow_rule(const struct rule *r, uint32_t id)
{
	return !id ? xstrdup("default") : r && r->name ? r->name : xfmt("%u", id);
}

static json_t *port(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static const char *zone_or_null(struct model *m, int id)
{
	return id == ZONEFW_ZONE_NONE ? NULL : zone_name(m, id);
}

json_t *flow_json(struct model *m, const struct flow *f, const struct rule *r)
{
	return json_pack("{s:s,s:s?,s:o,s:s?,s:o,s:o,s:s?,s:s?,s:o,s:s?,s:s,s:s,s:s,s:b,s:I,s:s?,s:o}", "proto",
			 proto_name(f->proto), "src", f->src, "sport", port(f->sport), "dst", f->dst, "dport",
			 port(f->dport), "type", port(f->type), "from", zone_or_null(m, f->from), "to",
			 zone_or_null(m, f->to), "rule", f->id ? json_integer(f->id) : json_null(), "rule_name",
			 r ? r->name : NULL, "verdict", verdict_word(f->action), "reason", reason_word(f->reason),
			 "zones_by", f->by_route ? "route" : "packet", "offloaded", f->offloaded, "expires", (json_int_t)f->expires,
			 "published", f->published, "published_port", f->published ? json_integer(f->pport) : json_null());
}

static int flows_print(struct fquery *q)
{
	struct nl_msg *msg = nl_new(ZONEFW_CMD_GET_FLOWS, NLM_F_REQUEST | NLM_F_DUMP, 65536);
	json_t *a = json_array();
	struct table t = { 0 };
	flowvec v = { 0 };
	int err;

	if (!msg)
		return EX_REFUSED;
	flow_query_put(msg, q);
	err = nl_do(msg, flow_reply, &v);
	if (err)
		return nl_failed(err);
	table_row(&t, 5, (char *[]){ "ZONES", "RULE", "VERDICT", "EXPIRES", "CONNECTION" });
	for (int i = 0; i < v.n; i++) {
		struct flow *f = &v.v[i];
		struct rule *r = rule_by_id(q->m, f->id);

		if (g.json)
			json_array_append_new(a, flow_json(q->m, f, r));
		else
			table_row(&t, 5, (char *[]){ xfmt("%s -> %s%s", zone_name(q->m, f->from), zone_name(q->m, f->to),
				f->by_route ? " ?" : ""), flow_rule(r, f->id), (char *)verdict_word(f->action),
				xfmt("%u", f->expires), flow_text(f) });
	}
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(&t);
	return 0;
}

static bool zone_word(struct parser *p, struct zone **z)
{
	if (p->lx.cur.kind != T_WORD) {
		perr(p, "a zone");
		return false;
	}
	*z = zone_find(p->m, p->lx.cur.s);
	if (!*z) {
		strvec c = { 0 };

		for (int i = 0; i < p->m->zones.n; i++)
			PUSH(c, p->m->zones.v[i]->name);
		PUSH(c, "self");
		err_at(p->m, p->lx.cur.pos, "no zone '%s'%s", p->lx.cur.s, suggest(p->lx.cur.s, &c));
		return false;
	}
	pnext(p);
	return true;
}

static bool rule_word(struct parser *p, struct fquery *q)
{
	uint64_t id;

	if (p->lx.cur.kind != T_WORD) {
		perr(p, "a rule's number or name, or default");
		return false;
	}
	q->by_rule = true;
	for (int i = 0; i < q->m->rules.n && !q->rule; i++) {
		struct rule *r = q->m->rules.v[i];

		if (r->name && !strcmp(r->name, p->lx.cur.s))
			q->rule = r->id;
	}
	if (!q->rule && parse_u64(p->lx.cur.s, 0xffffffff, &id) && rule_by_id(q->m, (uint32_t)id))
		q->rule = (uint32_t)id;
	if (!q->rule && strcmp(p->lx.cur.s, "default")) {
		err_at(p->m, p->lx.cur.pos, "no rule '%s'", p->lx.cur.s);
		return false;
	}
	pnext(p);
	return true;
}

/* a connection does not remember what only its packets show */
static bool remembered(struct parser *p, const struct rule *r)
{
	if (!r->in.n && !r->out.n && !r->mac.n && !r->has_mark && !r->has_dscp)
		return true;
	err_at(p->m, r->pos, "a connection is picked out by zones, rule, protocol, addresses and ports, not by device, mac, mark or dscp");
	return false;
}

/* [from ZONE] [to ZONE] [rule ID] [MATCH ...], of connections or of packets */
int flow_words(struct fquery *q, int argc, char **argv, bool packets)
{
	struct parser p;
	bool ok = true;
	int err;

	q->m = codec_running(&err);
	if (!q->m)
		return err;
	parser_open(&p, q->m, cmdline_src(q->m, argc, argv));
	for (int i = 0; i < 4; i++)
		pnext(&p);
	while (ok && !pend(&p)) {
		if (pword(&p, "from")) {
			ok = zone_word(&p, &q->from);
		} else if (pword(&p, "to")) {
			ok = zone_word(&p, &q->to);
		} else if (pword(&p, "rule")) {
			ok = rule_word(&p, q);
		} else {
			q->match = parse_match(&p, false);
			ok = q->match != NULL && (packets || remembered(&p, q->match));
			if (ok && !pend(&p))
				perr(&p, "the end of the command");
			break;
		}
	}
	if (!q->m->errors)
		return 0;
	diag_print(q->m, false);
	return EX_REFUSED;
}

static void count_reply(struct nlattr **tb, void *arg)
{
	if (tb[ZONEFW_A_COUNT])
		*(uint32_t *)arg = nla_get_u32(tb[ZONEFW_A_COUNT]);
}

static int flow_kill(struct fquery *q)
{
	struct nl_msg *msg = nl_new(ZONEFW_CMD_KILL_FLOWS, NLM_F_REQUEST, 65536);
	uint32_t n = 0;
	int err;

	if (!msg)
		return EX_REFUSED;
	flow_query_put(msg, q);
	err = nl_do(msg, count_reply, &n);
	if (err)
		return nl_failed(err);
	if (g.json)
		out_json(json_pack("{s:I}", "killed", (json_int_t)n));
	else if (!g.quiet)
		out_text("%u connection%s ended\n", n, n == 1 ? "" : "s");
	return 0;
}

int show_flows(struct model *m)
{
	struct fquery q = { .m = m };

	return flows_print(&q);
}

int cmd_flow(int argc, char **argv)
{
	static char *verbs[] = { "show", "kill" };
	struct fquery q = { 0 };
	bool kill = argc > 1 && !strcmp(argv[1], "kill");
	int err;

	if (argc < 2)
		return usage_err("flow needs a verb: show or kill");
	if (!kill && strcmp(argv[1], "show"))
		return usage_at(argv[1], "flow has no verb '%s'%s", argv[1], suggest(argv[1], &(strvec){ verbs, 2, 2 }));
	if (kill && argc == 2)
		return usage_err("flow kill needs from ZONE, to ZONE, rule ID or a match; 'flow kill ipv4' ends all of IPv4");
	err = flow_words(&q, argc, argv, false);
	if (err)
		return err;
	return kill ? flow_kill(&q) : flows_print(&q);
}
