// SPDX-License-Identifier: GPL-2.0
/* show nat: what is translated, by which rule or option. */
#include "cmd.h"

static char *target_text(const struct rule *r)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < r->nat.n; i++) {
		const struct zonefw_nat *n = &r->nat.v[i];
		char *ip = n->family ? fmt_ip(n->family, load_be(n->addr, n->family == 4 ? 4 : 16)) : "";
		bool port = n->flags & ZONEFW_NAT_PORT;

		sb_fmt(&b, "%s%s%s%s", i ? ", " : "", port && n->family == 6 ? "[" : "", ip,
		       port && n->family == 6 ? "]" : "");
		if (port)
			sb_fmt(&b, ":%u", n->port_lo);
		if (port && n->port_lo != n->port_hi)
			sb_fmt(&b, "-%u", n->port_hi);
	}
	return sb_str(&b);
}

static char *hairpin_text(const struct rule *r)
{
	return r->hairpin.n ? zrefs_text(&r->hairpin) : r->cl[CL_HAIRPIN] ? "any that may" : NULL;
}

static void rule_row(json_t *a, struct table *t, const struct rule *r)
{
	const char *on = r->cl[CL_ON] ? r->cl[CL_ON] + strlen("on ") : r->action == ZONEFW_PUBLISH ? "self" : NULL;

	if (g.json) {
		json_array_append_new(a, json_pack("{s:I,s:s?,s:s,s:s,s:s,s:s,s:s?,s:s?,s:s,s:I,s:I}", "id",
			(json_int_t)r->id, "name", r->name, "kind", action_words[r->action], "from",
			zrefs_text(&r->from), "to", zrefs_text(&r->to), "target", target_text(r), "on", on,
			"hairpin", hairpin_text(r), "text", r->text, "packets", (json_int_t)r->packets,
			"bytes", (json_int_t)r->bytes));
		return;
	}
	table_row(t, 6, (char *[]){ xfmt("%u", r->id), xfmt("%s -> %s", zrefs_text(&r->from), zrefs_text(&r->to)),
		target_text(r), hairpin_text(r) ? hairpin_text(r) : "-",
		xfmt("%llu", (unsigned long long)r->packets), r->text });
}

static void cell_row(json_t *a, struct table *t, const struct cell *c)
{
	char *text = c->masq4 && c->masq6 ? "masquerade" : c->masq4 ? "masquerade ipv4" : "masquerade ipv6";

	if (g.json)
		json_array_append_new(a, json_pack("{s:n,s:n,s:s,s:s,s:s,s:s,s:n,s:n,s:s}", "id", "name", "kind",
			"masquerade", "from", zrefs_text(&c->from), "to", zrefs_text(&c->to), "target",
			"egress device", "on", "hairpin", "text", text));
	else
		table_row(t, 6, (char *[]){ "-", xfmt("%s -> %s", zrefs_text(&c->from), zrefs_text(&c->to)),
			"egress device", "-", "-", text });
}

int show_nat(struct model *m)
{
	json_t *a = json_array();
	struct table t = { 0 };

	table_row(&t, 6, (char *[]){ "ID", "CELL", "TARGET", "HAIRPIN", "PACKETS", "TEXT" });
	for (int i = 0; i < m->rules.n; i++)
		if (m->rules.v[i]->nat.n)
			rule_row(a, &t, m->rules.v[i]);
	for (int i = 0; i < m->cells.n; i++)
		if (m->cells.v[i]->masq4 || m->cells.v[i]->masq6)
			cell_row(a, &t, m->cells.v[i]);
	if (g.json) {
		out_json(a);
		return 0;
	}
	json_decref(a);
	table_print(&t);
	return 0;
}
