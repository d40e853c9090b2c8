// SPDX-License-Identifier: GPL-2.0
/* The canonical printer: a model, or a part of it, in the language. */
#include "model.h"

const char *const action_words[] = { "drop", "accept", "reject", "queue", "continue", "publish",
				     "redirect", "snat" };
const char *const reject_words[] = { "", "tcp-reset", "port-unreachable", "host-unreachable",
				     "net-unreachable", "admin-prohibited" };
const char *const reason_words[] = { "rule", "default", "established", "related", "builtin", "rematch",
	"invalid", "unzoned", "spoofed", "no-policy", "closed", "panic", "error" };
const char *const state_words[] = { "open", "closed", "active", "panic" };

char *quote(const char *s)
{
	struct sbuf b = { 0 };

	sb_put(&b, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			sb_put(&b, "\\");
		sb_putn(&b, s, 1);
	}
	sb_put(&b, "\"");
	return sb_str(&b);
}

char *zrefs_text(const zrefvec *z)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < z->n; i++)
		sb_item(&b, z->v[i].name);
	return sb_str(&b);
}

char *rule_text(const struct rule *r)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < CL_MAX; i++)
		if (r->cl[i]) {
			if (b.n)
				sb_put(&b, " ");
			sb_put(&b, r->cl[i]);
		}
	return sb_str(&b);
}

/* the words between its braces */
char *zone_members(const struct zone *z)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < z->dev.n; i++)
		sb_fmt(&b, "%s%s", i ? ", " : "dev ", z->dev.v[i]);
	for (int i = 0; i < z->group.n; i++)
		sb_fmt(&b, "%s%u", i ? ", " : b.n ? "; group " : "group ", z->group.v[i]);
	for (int i = 0; i < z->nets.n; i++)
		sb_fmt(&b, "%s%s", i ? ", " : b.n ? "; net " : "net ", fmt_net(&z->nets.v[i]));
	if (z->antispoof)
		sb_put(&b, b.n ? "; antispoof" : "antispoof");
	return sb_str(&b);
}

char *zone_text(const struct zone *z)
{
	char *t = zone_members(z);

	return xfmt("zone %s%s%s {%s%s }", z->name, z->pname ? " in " : "", z->pname ? z->pname : "", *t ? " " : "", t);
}

char *cell_text(const struct cell *c)
{
	struct sbuf b = { 0 };

	if (c->masq4 || c->masq6)
		sb_fmt(&b, "masquerade%s", !c->masq6 ? " ipv4" : !c->masq4 ? " ipv6" : "");
	if (c->offload)
		sb_fmt(&b, "%soffload", b.n ? "; " : "");
	if (c->clamp)
		sb_fmt(&b, "%sclamp-mss", b.n ? "; " : "");
	if (c->has_default) {
		sb_fmt(&b, "%sdefault %s", b.n ? "; " : "", action_words[c->action]);
		if (c->action == ZONEFW_REJECT && c->arg)
			sb_fmt(&b, " with %s", reject_words[c->arg]);
		if (c->has_log)
			sb_put(&b, " log");
		if (c->has_log && *c->log)
			sb_fmt(&b, " %s", quote(c->log));
	}
	return sb_str(&b);
}

static const char *per_word(uint32_t per)
{
	return per == 1 ? "second" : per == 60 ? "minute" : per == 3600 ? "hour" : "day";
}

char *rate_text(uint32_t n, uint32_t per)
{
	return xfmt("%u/%s", n, per_word(per));
}

char *opts_text(const struct opts *o)
{
	static const char *const logs[] = { "none", "kernel", "nflog" };
	struct sbuf b = { 0 };

	if (o->has_log)
		sb_fmt(&b, " log %s", logs[o->log]);
	if (o->has_log && o->log == ZONEFW_LOG_NFLOG)
		sb_fmt(&b, " %u", o->group);
	if (o->has_rate)
		sb_fmt(&b, "%s log-rate %s", b.n ? ";" : "", rate_text(o->rate, o->per));
	if (o->has_invalid)
		sb_fmt(&b, "%s invalid %s", b.n ? ";" : "", o->invalid ? "accept" : "drop");
	if (o->has_rematch)
		sb_fmt(&b, "%s rematch %s", b.n ? ";" : "", o->rematch ? "on" : "off");
	if (o->has_tag)
		sb_fmt(&b, "%s tag-mask 0x%08x", b.n ? ";" : "", o->tag);
	return b.n ? xfmt("options {%s }", b.s) : xstrdup("");
}

/* constants, services of one's own, and assertions: kept by the kernel as text only */
char *extra_text(struct model *m)
{
	struct sbuf b = { 0 };

	for (int i = 0; i < m->lets.n; i++)
		if (m->lets.v[i]->keep)
			sb_fmt(&b, "%s\n", m->lets.v[i]->text);
	for (int i = 0; i < m->services.n; i++)
		if (!m->services.v[i]->builtin && m->services.v[i]->text)
			sb_fmt(&b, "%s\n", m->services.v[i]->text);
	for (int i = 0; i < m->asserts.n; i++)
		sb_fmt(&b, "%s\n", m->asserts.v[i]->text);
	return sb_str(&b);
}

/* the blocks with options or a default, by their words */
struct block { char *name; VEC(struct cell *) cells; };
struct blocks { VEC(struct block *) v; struct names ix; };

static char *block_words(const zrefvec *from, const zrefvec *to)
{
	return xcat(zrefs_text(from), " -> ", zrefs_text(to));
}

static struct block *block_find(struct blocks *b, const char *words)
{
	return names_find(&b->ix, (void *const *)b->v.v, b->v.n, words);
}

static void blocks_of(struct model *m, struct blocks *out)
{
	for (int i = 0; i < m->cells.n; i++) {
		struct cell *c = m->cells.v[i];
		struct block *b;
		char *words;

		if (!*cell_text(c))
			continue;
		words = block_words(&c->from, &c->to);
		b = block_find(out, words);
		if (!b) {
			b = xalloc(sizeof(*b));
			b->name = words;
			PUSH(out->v, b);
		}
		PUSH(b->cells, c);
	}
}

/* options and defaults go to the first block of their words */
static void block_cells(struct blocks *all, struct sbuf *b, const char *words)
{
	struct block *own = block_find(all, words);

	for (int i = 0; own && i < own->cells.n; i++) {
		char *t = cell_text(own->cells.v[i]);

		for (char *p = strtok(t, ";"); p; p = strtok(NULL, ";"))
			sb_fmt(b, "    %s\n", p + (*p == ' '));
	}
	if (own)
		own->cells.n = 0;
}

/* rules of one block share its lists of zones */
bool same_block(const struct rule *a, const struct rule *b)
{
	return a->from.v == b->from.v && a->to.v == b->to.v;
}

char *model_text(struct model *m)
{
	struct blocks all = { 0 };
	char *o = opts_text(&m->opt), *x = extra_text(m), *prev = NULL;
	struct sbuf b = { 0 };

	blocks_of(m, &all);
	if (*o)
		sb_fmt(&b, "%s\n\n", o);
	for (int i = 0; i < m->zones.n; i++)
		sb_fmt(&b, "%s\n", zone_text(m->zones.v[i]));
	if (*x)
		sb_fmt(&b, "%s%s", b.n ? "\n" : "", x);
	for (int i = 0; i < m->sets.n; i++)
		sb_fmt(&b, "%s%s\n", b.n && !i ? "\n" : "", set_text(m->sets.v[i]));
	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];
		char *key = i && same_block(m->rules.v[i - 1], r) ? prev :
			    block_words(&r->from, &r->to);

		if (!prev || strcmp(prev, key)) {
			sb_fmt(&b, "%s%s%s {\n", prev ? "}\n" : "", b.n && !prev ? "\n" : "", key);
			block_cells(&all, &b, key);
		}
		prev = key;
		sb_put(&b, "    ");
		sb_put(&b, r->text);
		sb_put(&b, "\n");
	}
	if (prev)
		sb_put(&b, "}\n");
	for (int i = 0; i < all.v.n; i++)
		for (int k = 0; k < all.v.v[i]->cells.n; k++)
			sb_fmt(&b, "%s { %s }\n", all.v.v[i]->name, cell_text(all.v.v[i]->cells.v[k]));
	return sb_str(&b);
}
