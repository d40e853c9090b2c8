// SPDX-License-Identifier: GPL-2.0
/* show drops: the most recent refused packets, as the kernel kept them. */
#include "cmd.h"

#include <time.h>

struct drop { double when; char *from, *to, *in, *out, *src, *dst; int proto, sport, dport, type, action, reason; uint32_t id; };
typedef VEC(struct drop) dropvec;

static char *str_of(struct nlattr *a)
{
	return a ? xstrdup(nla_get_string(a)) : NULL;
}

static void drop_reply(struct nlattr **tb, void *arg)
{
	struct drop d = { .sport = -1, .dport = -1, .type = -1 };
	dropvec *v = arg;

	if (!tb[ZONEFW_A_TIME] || !tb[ZONEFW_A_EX_PROTO] || !tb[ZONEFW_A_ACTION] || !tb[ZONEFW_A_REASON])
		return;
	d.when = (double)(nla_get_u64(tb[ZONEFW_A_TIME]) / 1000000) / 1e3;
	d.from = str_of(tb[ZONEFW_A_FROM_NAME]);
	d.to = str_of(tb[ZONEFW_A_TO_NAME]);
	d.in = str_of(tb[ZONEFW_A_EX_IN]);
	d.out = str_of(tb[ZONEFW_A_EX_OUT]);
	d.src = nl_ip(tb[ZONEFW_A_EX_SRC]);
	d.dst = nl_ip(tb[ZONEFW_A_EX_DST]);
	d.proto = nla_get_u8(tb[ZONEFW_A_EX_PROTO]);
	if (tb[ZONEFW_A_EX_SPORT] && tb[ZONEFW_A_EX_DPORT]) {
		d.sport = nla_get_u16(tb[ZONEFW_A_EX_SPORT]);
		d.dport = nla_get_u16(tb[ZONEFW_A_EX_DPORT]);
	}
	if (tb[ZONEFW_A_EX_TYPE])
		d.type = nla_get_u8(tb[ZONEFW_A_EX_TYPE]);
	d.action = nla_get_u8(tb[ZONEFW_A_ACTION]);
	d.reason = nla_get_u8(tb[ZONEFW_A_REASON]);
	d.id = tb[ZONEFW_A_ID] ? nla_get_u32(tb[ZONEFW_A_ID]) : 0;
	PUSH(*v, d);
}

static char *time_text(double when)
{
	time_t sec = (time_t)when;
	struct tm tm;
	char buf[32];

	localtime_r(&sec, &tm);
	strftime(buf, sizeof(buf), "%F %T", &tm);
	return xfmt("%s.%03d", buf, (int)((when - (double)sec) * 1000 + 0.5));
}

static json_t *num(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *drop_json(const struct drop *d, const struct rule *r)
{
	return json_pack("{s:f,s:s?,s:s?,s:s?,s:s?,s:s,s:s?,s:o,s:s?,s:o,s:o,s:s,s:s,s:o,s:s?}", "time",
			 d->when, "from", d->from, "to", d->to, "in", d->in, "out", d->out, "proto",
			 proto_name(d->proto), "src", d->src, "sport", num(d->sport), "dst", d->dst, "dport",
			 num(d->dport), "type", num(d->type), "verdict", verdict_word(d->action), "reason",
			 reason_word(d->reason), "rule", d->id ? json_integer(d->id) : json_null(), "rule_name",
			 r ? r->name : NULL);
}

/* The packet in the words of explain. */
static char *drop_packet(const struct drop *d)
{
	struct sbuf b = { 0 };

	sb_fmt(&b, "%s src %s", proto_name(d->proto), d->src ? d->src : "?");
	if (d->sport >= 0)
		sb_fmt(&b, " sport %d", d->sport);
	sb_fmt(&b, " dst %s", d->dst ? d->dst : "?");
	if (d->dport >= 0)
		sb_fmt(&b, " dport %d", d->dport);
	if (d->type >= 0)
		sb_fmt(&b, " type %d", d->type);
	return sb_str(&b);
}

int show_drops(struct model *m)
{
	json_t *a = json_array();
	struct table t = { 0 };
	dropvec v = { 0 };
	int err = nl_do(nl_new(ZONEFW_CMD_GET_DROPS, NLM_F_REQUEST | NLM_F_DUMP, 0), drop_reply, &v);

	if (err)
		return nl_failed(err);
	table_row(&t, 6, (char *[]){ "TIME", "ZONES", "VERDICT", "REASON", "RULE", "PACKET" });
	for (int i = 0; i < v.n; i++) {
		struct drop *d = &v.v[i];
		struct rule *r = rule_by_id(m, d->id);

		if (g.json)
			json_array_append_new(a, drop_json(d, r));
		else
			table_row(&t, 6, (char *[]){ time_text(d->when),
				xfmt("%s -> %s", d->from ? d->from : "-", d->to ? d->to : "-"),
				(char *)verdict_word(d->action), (char *)reason_word(d->reason),
				!d->id ? "-" : r && r->name ? r->name : xfmt("%u", d->id), drop_packet(d) });
	}
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(&t);
	return 0;
}
