// SPDX-License-Identifier: GPL-2.0
/* show: the overview, zones, rules, the matrix, statistics, options. */
#include "cmd.h"

#include <time.h>

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
	{ "queued", ZONEFW_S_QUEUED }, { "logged", ZONEFW_S_LOGGED }, { "log_lost", ZONEFW_S_LOG_LOST }, { "drops_lost", ZONEFW_S_DROPS_LOST },
	{ "offloaded", ZONEFW_S_OFFLOADED }, { "offload_packets", ZONEFW_S_OFFLOAD_PACKETS },
	{ "rule", ZONEFW_R_RULE }, { "default", ZONEFW_R_DEFAULT }, { "established", ZONEFW_R_ESTABLISHED },
	{ "related", ZONEFW_R_RELATED }, { "builtin", ZONEFW_R_BUILTIN }, { "rematched", ZONEFW_R_REMATCH },
	{ "invalid", ZONEFW_R_INVALID }, { "unzoned", ZONEFW_R_UNZONED }, { "spoofed", ZONEFW_R_SPOOFED },
	{ "no_policy", ZONEFW_R_NO_POLICY }, { "closed", ZONEFW_R_CLOSED }, { "panic", ZONEFW_R_PANIC },
	{ "error", ZONEFW_R_ERROR },
	{ "reclassified", ZONEFW_S_RECLASSIFIED }, { "evicted", ZONEFW_S_EVICTED }, { "cache_used", ZONEFW_S_CACHE_USED },
	{ "cache_size", ZONEFW_S_CACHE_SIZE }, { "swept", ZONEFW_S_SWEPT }, { "sweep_cut", ZONEFW_S_SWEEP_CUT },
	{ "sweep_left", ZONEFW_S_SWEEP_LEFT }, { "sweep_progress", ZONEFW_S_SWEEP_PROGRESS }, { "early", ZONEFW_S_EARLY },
};

static json_t *confirm_json(const struct info *i)
{
	return i->confirm ? json_integer(i->confirm) : json_null();
}

static int show_stats(void)
{
	struct info i;
	int err = codec_info(&i);
	json_t *j;

	if (err)
		return err;
	if (!g.json) {
		out_text("%-15s %s\n%-15s %s\n%-15s %u\n%-15s %u\n%-15s %u\n", "state", state_text(i.state), "digest",
			 digest_text(&i), "generation", i.gen, "rules", i.nrules, "zones", i.nzones);
		if (i.confirm)
			out_text("%-15s %u\n", "confirm_left", i.confirm);
		for (int k = 0; k < ARRAY_SIZE(stat_words); k++)
			out_text("%-15s %llu\n", stat_words[k].w, (unsigned long long)stat(&i, stat_words[k].k));
		return 0;
	}
	j = json_pack("{s:s,s:s,s:I,s:I,s:I}", "state", state_text(i.state), "digest", digest_text(&i), "generation",
		      (json_int_t)i.gen, "rules", (json_int_t)i.nrules, "zones", (json_int_t)i.nzones);
	json_object_set_new(j, "confirm_left", confirm_json(&i));
	for (int k = 0; k < ARRAY_SIZE(stat_words); k++)
		json_object_set_new(j, stat_words[k].w, json_integer((json_int_t)stat(&i, stat_words[k].k)));
	out_json(j);
	return 0;
}

static json_t *zones_list(struct model *m, struct table *t)
{
	json_t *a = json_array();

	table_stat_row(t, 6, (char *[]){ "ID", "ZONE", "DEVICES", "PACKETS", "BYTES", "MEMBERS" }, 3);
	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];
		char *members = zone_members(z);
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
		table_stat_row(t, 6, (char *[]){ xfmt("%d", z->id), z->name, b.n ? b.s : "-",
			xnum(z->packets), xnum(z->bytes), *members ? members : "-" }, 3);
	}
	return a;
}

static int list_out(json_t *a, struct table *t)
{
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(t);
	return 0;
}

static int show_zones(struct model *m)
{
	struct table t = { 0 };

	return list_out(zones_list(m, &t), &t);
}

static const char *act(int a)
{
	return a >= 0 && a < __ZONEFW_ACTION_MAX ? action_words[a] : "?";
}

/* There may be very many: no tree is built. */
static void rule_json(struct sbuf *b, struct rule *r, const char *from, const char *to)
{
	const struct { const char *key; uint64_t v; bool null; } n[] = {
		{ ",\"packets\":", r->packets, false }, { ",\"bytes\":", r->bytes, false },
		{ ",\"flows\":", r->flows, false }, { ",\"first_hit\":", r->first, !r->first },
		{ ",\"last_hit\":", r->last, !r->last } };

	sb_put(b, "{\"id\":");
	sb_num(b, r->id);
	sb_json(b, ",\"name\":", r->name);
	sb_json(b, ",\"from\":", from);
	sb_json(b, ",\"to\":", to);
	sb_json(b, ",\"action\":", act(r->action));
	sb_json(b, ",\"text\":", r->text);
	for (int i = 0; i < ARRAY_SIZE(n); i++) {
		sb_put(b, n[i].key);
		if (n[i].null)
			sb_put(b, "null");
		else
			sb_num(b, n[i].v);
	}
	sb_json(b, ",\"comment\":", r->comment);
	sb_json(b, ",\"where\":", r->where);
	sb_put(b, "}");
}

static char *hit_text(uint32_t t)
{
	time_t sec = t;
	char buf[32] = "-";
	struct tm tm;

	if (t && localtime_r(&sec, &tm))
		strftime(buf, sizeof(buf), "%F %T", &tm);
	return xstrdup(buf);
}

/* with -s also its counters and when it decided anew first and last */
static void rule_row(struct table *t, struct rule *r, char *cell)
{
	if (g.stats)
		table_row(t, 8, (char *[]){ xnum(r->id), cell, xnum(r->packets),
			xnum(r->bytes), xnum(r->flows),
			hit_text(r->first), hit_text(r->last), r->text });
	else
		table_row(t, 3, (char *[]){ xnum(r->id), cell, r->text });
}

static int rules_print(struct model *m, const struct zone *from, const struct zone *to)
{
	char *cell = NULL, *f = NULL, *to_words = NULL;
	struct table t = { 0 };
	struct sbuf b = { 0 };

	if (g.stats)
		table_row(&t, 8, (char *[]){ "ID", "CELL", "PACKETS", "BYTES", "FLOWS", "FIRST", "LAST", "RULE" });
	else
		table_row(&t, 3, (char *[]){ "ID", "CELL", "RULE" });
	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];

		if (!i || !same_block(m->rules.v[i - 1], r))
			cell = xcat(f = zrefs_text(&r->from), " -> ", to_words = zrefs_text(&r->to));
		if ((from && !zone_covers(m, &r->from, from)) || (to && !zone_covers(m, &r->to, to)))
			continue;
		if (g.json) {
			sb_put(&b, b.n ? "," : "[");
			rule_json(&b, r, f, to_words);
		} else {
			rule_row(&t, r, cell);
		}
	}
	if (g.json) {
		sb_put(&b, b.n ? "]" : "[]");
		out_json_text(sb_str(&b));
		return 0;
	}
	out_text("built-in: established and related connections, loopback, IPv6 neighbour discovery, MLD\n"
		 "built-in: and the ICMP errors of RFC 4890 pass\n");
	table_print(&t);
	return 0;
}

/* argv[words] and what follows: [from F] [to T], the rules that cover those cells */
int show_rules(int argc, char **argv, int words)
{
	static char *known[] = { "from", "to" };
	char *name[2] = { NULL, NULL };
	struct zone *z[2] = { NULL, NULL };
	struct model *m;
	int err;

	for (int i = words; i < argc; i += 2) {
		int k = !strcmp(argv[i], "from") ? 0 : !strcmp(argv[i], "to") ? 1 : -1;

		if (k < 0)
			return usage_at(argv[i], "expected from ZONE or to ZONE, not '%s'%s", argv[i],
					suggest(argv[i], &(strvec){ known, 2, 2 }));
		if (i + 1 == argc || name[k])
			return i + 1 == argc ? usage_err("'%s' needs a zone", argv[i]) :
					       usage_at(argv[i], "'%s' twice", argv[i]);
		name[k] = argv[i + 1];
	}
	m = codec_texts(&err);
	if (!m)
		return err;
	for (int k = 0; k < 2; k++) {
		z[k] = name[k] ? zone_find(m, name[k]) : NULL;
		if (name[k] && !z[k])
			return usage_no_zone(m, name[k]);
	}
	return rules_print(m, z[0], z[1]);
}

static char *cell_options(const struct cellstat *c, strvec *out)
{
	uint32_t masq = c->flags & (ZONEFW_CELL_MASQ4 | ZONEFW_CELL_MASQ6);
	struct sbuf b = { 0 };

	if (masq)
		PUSH(*out, masq == ZONEFW_CELL_MASQ4 ? "masquerade ipv4" :
		     masq == ZONEFW_CELL_MASQ6 ? "masquerade ipv6" : "masquerade");
	if (c->flags & ZONEFW_CELL_OFFLOAD)
		PUSH(*out, "offload");
	if (c->flags & ZONEFW_CELL_CLAMP_MSS)
		PUSH(*out, "clamp-mss");
	if (c->flags & ZONEFW_CELL_LOG)
		PUSH(*out, "log");
	for (int i = 0; i < out->n; i++)
		sb_fmt(&b, "%s%s", i ? "," : "", out->v[i]);
	return sb_str(&b);
}

static json_t *matrix_list(struct model *m, cellvec *v, struct table *t)
{
	json_t *a = json_array();

	table_stat_row(t, 7, (char *[]){ "FROM", "TO", "DEFAULT", "RULES", "PACKETS", "BYTES", "OPTIONS" }, 4);
	for (int i = 0; i < v->n; i++) {
		struct cellstat *c = &v->v[i];
		strvec opts = { 0 };
		char *o = cell_options(c, &opts);

		json_array_append_new(a, json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:o}", "from", zone_name(m, c->from), "to",
			zone_name(m, c->to), "default", act(c->action), "rules", (json_int_t)c->count, "packets",
			(json_int_t)c->packets, "bytes", (json_int_t)c->bytes, "options", jstrs(&opts)));
		table_stat_row(t, 7, (char *[]){ (char *)zone_name(m, c->from), (char *)zone_name(m, c->to),
			(char *)act(c->action), xfmt("%u", c->count), xfmt("%llu", (unsigned long long)c->packets),
			xfmt("%llu", (unsigned long long)c->bytes), *o ? o : "-" }, 4);
	}
	return a;
}

static int show_matrix(struct model *m)
{
	struct table t = { 0 };
	cellvec v = { 0 };
	int err = codec_cells(m, &v);

	return err ? err : list_out(matrix_list(m, &v, &t), &t);
}

static char *grid_cell(const struct cellstat *c, bool letters)
{
	char *count = c->count ? xfmt("%s%u", letters ? "" : "+", c->count) : "";

	return letters ? xfmt("%c%s", act(c->action)[0] - 'a' + 'A', count) : xfmt("%s%s", act(c->action), count);
}

/* from \ to, in words; of many zones with letters, and numbers over the columns */
static struct table grid(struct model *m, cellvec *v, bool letters)
{
	struct table t = { .letters = letters };
	int n = m->zones.n + 1;
	char ***cells = xalloc(sizeof(*cells) * (n + 1));

	for (int i = 0; i <= n; i++) {
		cells[i] = xalloc(sizeof(**cells) * (n + 1));
		cells[i][0] = !i ? "from \\ to" : letters ? xfmt("%2d %s", i - 1, zone_name(m, i - 1)) :
			      (char *)zone_name(m, i - 1);
		for (int j = 1; j <= n; j++)
			cells[i][j] = i ? "." : letters ? xfmt("%d", j - 1) : (char *)zone_name(m, j - 1);
	}
	for (int k = 0; k < v->n; k++)
		if (v->v[k].from < n && v->v[k].to < n)
			cells[v->v[k].from + 1][v->v[k].to + 1] = grid_cell(&v->v[k], letters);
	for (int i = 0; i <= n; i++)
		table_row(&t, n + 1, cells[i]);
	return t;
}

static void grid_print(struct model *m, cellvec *v)
{
	struct table t = grid(m, v, false);

	if (table_width(&t) > out_width())
		t = grid(m, v, true);
	table_print(&t);
	out_text(t.letters ? "A accept, D drop, R reject: the default, and behind it the number of rules; . nothing said: drop\n" :
			     "the default + the number of rules; . nothing said: drop\n");
}

static const char *const state_means[] = {
	[ZONEFW_STATE_OPEN] = "no policy: nothing is filtered",
	[ZONEFW_STATE_CLOSED] = "no policy: only loopback, neighbour discovery and established connections pass",
	[ZONEFW_STATE_PANIC] = "nothing but loopback passes, until 'zonefw panic off'",
};

static void overview_text(struct model *m, const struct info *i, cellvec *v)
{
	struct table t = { 0 };

	out_text("state       %s%s%s\ndigest      %s\ngeneration  %u\nzones       %u\nrules       %u\n",
		 col(i->state == ZONEFW_STATE_ACTIVE ? "32" : "31"), state_text(i->state), col("0"), digest_text(i),
		 i->gen, i->nzones, i->nrules);
	if (i->confirm)
		out_text("unconfirmed %sthe kernel goes back in %u s unless 'zonefw confirm' comes%s\n", col("33"), i->confirm,
			 col("0"));
	if (failsafe_why())
		out_text("failsafe    %s\n", failsafe_why());
	for (int k = 0; g.stats && k < ARRAY_SIZE(stat_words); k++)
		if (stat(i, stat_words[k].k))
			out_text("%-11s %llu\n", stat_words[k].w, (unsigned long long)stat(i, stat_words[k].k));
	out_text("\n");
	if (i->state != ZONEFW_STATE_ACTIVE)
		out_text("%s\n", state_means[i->state & 3]);
	if (!i->nzones && i->state != ZONEFW_STATE_ACTIVE)
		return;
	json_decref(zones_list(m, &t));
	table_print(&t);
	out_text("\n");
	grid_print(m, v);
}

static int overview(struct model *m)
{
	struct table none = { 0 };
	cellvec v = { 0 };
	struct info i;
	int err = codec_info(&i);

	err = err ? err : codec_cells(m, &v);
	if (err)
		return err;
	if (g.json)
		out_json(json_pack("{s:s,s:s,s:I,s:o,s:I,s:o,s:o}", "state", state_text(i.state), "digest", digest_text(&i),
			"generation", (json_int_t)i.gen, "confirm_left", confirm_json(&i), "rules", (json_int_t)i.nrules, "zones", zones_list(m, &none),
			"matrix", matrix_list(m, &v, &(struct table){ 0 })));
	else
		overview_text(m, &i, &v);
	return 0;
}

static int show_options(struct model *m)
{
	static const char *const logs[] = { "none", "kernel", "nflog" };
	struct opts *o = &m->opt;

	if (g.json) {
		out_json(json_pack("{s:s,s:i,s:I,s:i,s:s,s:b,s:I}", "log", logs[o->log], "nflog_group", (int)o->group,
			"log_rate", (json_int_t)o->rate, "log_per", (int)o->per, "invalid", o->invalid ? "accept" : "drop",
			"rematch", (int)o->rematch, "tag_mask", (json_int_t)o->tag));
		return 0;
	}
	out_text("log %s", logs[o->log]);
	if (o->log == ZONEFW_LOG_NFLOG)
		out_text(" %u", o->group);
	out_text("\nlog-rate %s\ninvalid %s\nrematch %s\ntag-mask 0x%08x\n",
		 o->rate ? rate_text(o->rate, o->per) : "none", o->invalid ? "accept" : "drop",
		 o->rematch ? "on" : "off", o->tag);
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
	if (argc > 1 && argv[argc - 1][0] == '-')
		return usage_extra("show", argv[argc - 1]);
	if (argc > 2 || k == ARRAY_SIZE(words))
		return usage_at(argv[argc - 1], "show does not know '%s'%s", argv[argc - 1],
				suggest(argv[argc - 1], &(strvec){ words, ARRAY_SIZE(words), 9 }));
	if (!strcmp(w, "stats"))
		return show_stats();
	if (!strcmp(w, "sets"))
		return show_sets();
	m = !strcmp(w, "nat") ? codec_running(&err) : codec_texts(&err);
	if (!m)
		return err;
	if (!*w)
		return overview(m);
	switch (k) {
	case 0: return show_matrix(m);
	case 1: return show_zones(m);
	case 2: return rules_print(m, NULL, NULL);
	case 5: return show_flows(m);
	case 6: return show_drops(m);
	case 4: return show_nat(m);
	default: return show_options(m);
	}
}
