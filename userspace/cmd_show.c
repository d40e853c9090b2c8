// SPDX-License-Identifier: GPL-2.0
/* show: the overview, zones, rules, the matrix, statistics, options. */
#include "cmd.h"

static char *digest_text(const struct info *i)
{
	struct sbuf b = { 0 };

	for (int k = 0; k < 8; k++)
		sb_fmt(&b, "%02x", i->digest[k]);
	return sb_str(&b);
}

static const char *state_text(int s)
{
	return s >= 0 && s < 4 ? state_words[s] : "unknown";
}

static uint64_t stat(const struct info *i, int k)
{
	return k < i->nstats ? i->stats[k] : 0;
}

static const struct { const char *w; int k; } stat_words[] = {
	{ "accepted", ZONEFW_S_ACCEPTED }, { "dropped", ZONEFW_S_DROPPED }, { "rejected", ZONEFW_S_REJECTED },
	{ "queued", ZONEFW_S_QUEUED }, { "logged", ZONEFW_S_LOGGED }, { "log_lost", ZONEFW_S_LOG_LOST },
	{ "rule", ZONEFW_R_RULE }, { "default", ZONEFW_R_DEFAULT }, { "established", ZONEFW_R_ESTABLISHED },
	{ "related", ZONEFW_R_RELATED }, { "builtin", ZONEFW_R_BUILTIN }, { "rematched", ZONEFW_R_REMATCH },
	{ "invalid", ZONEFW_R_INVALID }, { "unzoned", ZONEFW_R_UNZONED }, { "spoofed", ZONEFW_R_SPOOFED },
	{ "no_policy", ZONEFW_R_NO_POLICY }, { "closed", ZONEFW_R_CLOSED }, { "panic", ZONEFW_R_PANIC },
	{ "error", ZONEFW_R_ERROR },
};

static int show_stats(void)
{
	struct info i;
	int err = codec_info(&i);
	json_t *j;

	if (err)
		return err;
	if (!g.json) {
		out_text("%-12s %s\n%-12s %s\n%-12s %u\n%-12s %u\n%-12s %u\n", "state", state_text(i.state), "digest",
			 digest_text(&i), "generation", i.gen, "rules", i.nrules, "zones", i.nzones);
		for (int k = 0; k < ARRAY_SIZE(stat_words); k++)
			out_text("%-12s %llu\n", stat_words[k].w, (unsigned long long)stat(&i, stat_words[k].k));
		return 0;
	}
	j = json_pack("{s:s,s:s,s:I,s:I,s:I}", "state", state_text(i.state), "digest", digest_text(&i), "generation",
		      (json_int_t)i.gen, "rules", (json_int_t)i.nrules, "zones", (json_int_t)i.nzones);
	for (int k = 0; k < ARRAY_SIZE(stat_words); k++)
		json_object_set_new(j, stat_words[k].w, json_integer((json_int_t)stat(&i, stat_words[k].k)));
	out_json(j);
	return 0;
}

static int show_zones(struct model *m)
{
	json_t *a = json_array();
	struct table t = { 0 };

	table_row(&t, 5, (char *[]){ "ID", "ZONE", "DEVICES", "PACKETS", "BYTES" });
	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];
		struct sbuf b = { 0 };
		strvec nets = { 0 };
		json_t *o;

		for (int k = 0; k < z->nets.n; k++)
			PUSH(nets, fmt_net(&z->nets.v[k]));
		for (int k = 0; k < z->devices.n; k++)
			sb_fmt(&b, "%s%s", k ? "," : "", z->devices.v[k]);
		o = json_pack("{s:i,s:s,s:o,s:o,s:o,s:b,s:I,s:I}", "id", z->id, "name", z->name, "devices",
			      jstrs(&z->devices), "patterns", jstrs(&z->dev), "nets", jstrs(&nets), "antispoof",
			      z->antispoof, "packets", (json_int_t)z->packets, "bytes", (json_int_t)z->bytes);
		if (z->pname)
			json_object_set_new(o, "parent", json_string(z->pname));
		json_array_append_new(a, o);
		table_row(&t, 5, (char *[]){ xfmt("%d", z->id), z->name, b.n ? b.s : "-",
			xfmt("%llu", (unsigned long long)z->packets), xfmt("%llu", (unsigned long long)z->bytes) });
	}
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(&t);
	return 0;
}

static json_t *rule_json(struct rule *r)
{
	return json_pack("{s:I,s:s?,s:s,s:s,s:s,s:s,s:I,s:I,s:s?,s:s?}", "id", (json_int_t)r->id, "name", r->name,
			 "from", zrefs_text(&r->from), "to", zrefs_text(&r->to), "action",
			 r->action < 5 ? action_words[r->action] : "accept", "text", r->text, "packets",
			 (json_int_t)r->packets, "bytes", (json_int_t)r->bytes, "comment", r->comment, "where", r->where);
}

static bool filtered(const zrefvec *v, const char *name)
{
	for (int i = 0; name && i < v->n; i++)
		if (!strcmp(v->v[i].name, name))
			return false;
	return name != NULL;
}

static int rules_print(struct model *m, const char *from, const char *to)
{
	json_t *a = json_array();
	struct table t = { 0 };

	table_row(&t, 5, (char *[]){ "ID", "CELL", "PACKETS", "BYTES", "RULE" });
	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];

		if (filtered(&r->from, from) || filtered(&r->to, to))
			continue;
		if (g.json)
			json_array_append_new(a, rule_json(r));
		else
			table_row(&t, 5, (char *[]){ xfmt("%u", r->id),
				xfmt("%s -> %s", zrefs_text(&r->from), zrefs_text(&r->to)),
				xfmt("%llu", (unsigned long long)r->packets),
				xfmt("%llu", (unsigned long long)r->bytes), r->text });
	}
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	out_text("built-in: established and related connections, loopback, IPv6 neighbour discovery, MLD\n"
		 "built-in: and the ICMP errors of RFC 4890 pass\n");
	table_print(&t);
	return 0;
}

int show_rules(struct model *m, struct parser *filter)
{
	char *from = NULL, *to = NULL;

	while (filter && !pend(filter)) {
		char **w = pword(filter, "from") ? &from : pword(filter, "to") ? &to : NULL;

		if (!w || filter->lx.cur.kind != T_WORD) {
			perr(filter, "from ZONE or to ZONE");
			diag_print(filter->m, false);
			return EX_REFUSED;
		}
		*w = filter->lx.cur.s;
		pnext(filter);
	}
	return rules_print(m, from, to);
}

static char *cell_options(struct model *m, int from, int to, strvec *out)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < m->cells.n; i++) {
		struct cell *c = m->cells.v[i];

		for (int x = 0; x < c->from.n; x++)
			for (int y = 0; y < c->to.n; y++) {
				if (c->from.v[x].z->id != from || c->to.v[y].z->id != to)
					continue;
				if (c->masq)
					PUSH(*out, "masquerade");
				if (c->offload)
					PUSH(*out, "offload");
				if (c->clamp)
					PUSH(*out, "clamp-mss");
				if (c->has_log)
					PUSH(*out, "log");
			}
	}
	for (int i = 0; i < out->n; i++)
		sb_fmt(&b, "%s%s", i ? "," : "", out->v[i]);
	return sb_str(&b);
}

static const char *act(int a)
{
	return a >= 0 && a < 5 ? action_words[a] : "?";
}

static int show_matrix(struct model *m)
{
	json_t *a = json_array();
	struct table t = { 0 };
	cellvec v = { 0 };
	int err = codec_cells(m, &v);

	if (err)
		return err;
	table_row(&t, 7, (char *[]){ "FROM", "TO", "DEFAULT", "RULES", "PACKETS", "BYTES", "OPTIONS" });
	for (int i = 0; i < v.n; i++) {
		struct cellstat *c = &v.v[i];
		strvec opts = { 0 };
		char *o = cell_options(m, c->from, c->to, &opts);

		json_array_append_new(a, json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:o}", "from", zone_name(m, c->from), "to",
			zone_name(m, c->to), "default", act(c->action), "rules", (json_int_t)c->count, "packets",
			(json_int_t)c->packets, "bytes", (json_int_t)c->bytes, "options", jstrs(&opts)));
		table_row(&t, 7, (char *[]){ (char *)zone_name(m, c->from), (char *)zone_name(m, c->to),
			(char *)act(c->action), xfmt("%u", c->count), xfmt("%llu", (unsigned long long)c->packets),
			xfmt("%llu", (unsigned long long)c->bytes), *o ? o : "-" });
	}
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(&t);
	return 0;
}

static void grid(struct model *m, cellvec *v)
{
	int n = m->zones.n + 1;
	struct table t = { 0 };
	char **row = xalloc(sizeof(*row) * (n + 1));

	row[0] = "from \\ to";
	for (int j = 0; j < n; j++)
		row[j + 1] = (char *)zone_name(m, j);
	table_row(&t, n + 1, row);
	for (int i = 0; i < n; i++) {
		row[0] = (char *)zone_name(m, i);
		for (int j = 0; j < n; j++) {
			row[j + 1] = ".";
			for (int k = 0; k < v->n; k++)
				if (v->v[k].from == i && v->v[k].to == j)
					row[j + 1] = v->v[k].count ? xfmt("%s+%u", act(v->v[k].action), v->v[k].count) :
								     (char *)act(v->v[k].action);
		}
		table_row(&t, n + 1, row);
	}
	table_print(&t);
}

static int overview(struct model *m)
{
	cellvec v = { 0 };
	struct info i;
	int err = codec_info(&i);

	if (err)
		return err;
	if (g.json)
		return show_stats();
	err = codec_cells(m, &v);
	if (err)
		return err;
	out_text("state %s%s%s  generation %u  digest %s  zones %u  rules %u\n\n",
		 col(i.state == ZONEFW_STATE_ACTIVE ? "32" : "31"), state_text(i.state), col("0"), i.gen,
		 digest_text(&i), i.nzones, i.nrules);
	show_zones(m);
	out_text("\n");
	grid(m, &v);
	return 0;
}

static int show_options(struct model *m)
{
	struct opts *o = &m->opt;
	static const char *const logs[] = { "none", "kernel", "nflog" };

	if (g.json)
		out_json(json_pack("{s:s,s:i,s:i,s:i,s:s,s:b,s:i}", "log", logs[o->log], "nflog_group", (int)o->group,
			"log_rate", (int)o->rate, "log_per", (int)o->per, "invalid", o->invalid ? "accept" : "drop",
			"rematch", (int)o->rematch, "tag_mask", (int)o->tag));
	else
		out_text("log %s\ninvalid %s\nrematch %s\ntag-mask 0x%08x\n", logs[o->log],
			 o->invalid ? "accept" : "drop", o->rematch ? "on" : "off", o->tag);
	return 0;
}

int cmd_show(int argc, char **argv)
{
	static char *words[] = { "matrix", "zones", "rules", "sets", "nat", "flows", "drops", "stats", "options" };
	const char *w = argc > 1 ? argv[1] : "";
	struct model *m;
	int k, err;

	for (k = 0; *w && k < ARRAY_SIZE(words); k++)
		if (!strcmp(w, words[k]))
			break;
	if (argc > 2 || k == ARRAY_SIZE(words))
		return usage_err("show does not know '%s'%s", argv[argc - 1],
				 suggest(argv[argc - 1], &(strvec){ words, ARRAY_SIZE(words), 9 }));
	if (!strcmp(w, "stats"))
		return show_stats();
	if (*w && k >= 3 && k <= 6)
		return usage_err("'show %s' is not supported yet", w);
	m = codec_running(&err);
	if (!m)
		return err;
	if (!*w)
		return overview(m);
	switch (k) {
	case 0: return show_matrix(m);
	case 1: return show_zones(m);
	case 2: return show_rules(m, NULL);
	default: return show_options(m);
	}
}
