// SPDX-License-Identifier: GPL-2.0
/*
 * Statements: files, includes, and the pieces that the command line shares.
 * A file is read in two passes, so that let, service and set may stand anywhere:
 * the first takes only them, the second all else.
 */
#include "stmt.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#define INCLUDE_DEPTH 32

void pnext(struct parser *p)
{
	lex_next(&p->lx, p->m);
}

bool pword(struct parser *p, const char *w)
{
	if (p->lx.cur.kind != T_WORD || strcmp(p->lx.cur.s, w))
		return false;
	pnext(p);
	return true;
}

bool at_word(struct parser *p, const char *w)
{
	return p->lx.cur.kind == T_WORD && !strcmp(p->lx.cur.s, w);
}

bool pend(struct parser *p)
{
	enum tok_kind k = p->lx.cur.kind;

	return k == T_NL || k == T_SEMI || k == T_RB || k == T_EOF;
}

/* of the words that are expected, the one that is nearly there */
static const char *meant(const char *what, const char *got)
{
	static const char *const keywords[] = { "from", "to", "in", "out", "accept", "drop", "reject", "never", "none",
		"kernel", "nflog", "on", "off", "first", "last", "before", "after", "src", "dst", "always", "bypass" };
	strvec cand = { 0 };

	for (int i = 0; i < ARRAY_SIZE(keywords); i++) {
		const char *at = strstr(what, keywords[i]);
		size_t n = strlen(keywords[i]);

		if (at && (at == what || strchr(" '", at[-1])) && (!at[n] || strchr(" ,'", at[n])))
			PUSH(cand, (char *)keywords[i]);
	}
	return suggest(got, &cand);
}

void perr(struct parser *p, const char *what)
{
	const char *got = p->lx.cur.kind == T_EOF && p->lx.src->cmdline ? "end of the command" : p->lx.cur.s;
	bool named = p->lx.cur.kind == T_NL || p->lx.cur.kind == T_EOF;

	err_at(p->m, p->lx.cur.pos, "expected %s, not %s%s%s%s", what, named ? "the " : "'", got, named ? "" : "'",
	       named ? "" : meant(what, got));
}

static void newlines(struct parser *p)
{
	while (p->lx.cur.kind == T_NL || p->lx.cur.kind == T_SEMI)
		pnext(p);
}

/* Is this word, the first of its line, the beginning of a statement that stands in no block? Then a '}' was forgotten. */
static bool outer_statement(const struct parser *p)
{
	static const char *const words[] = { "include", "let", "set", "service", "zone", "options", "assert", "from" };
	const char *w = p->lx.src->text + p->lx.off;
	size_t n;

	if (p->lx.cur.kind != T_WORD)
		return false;
	while (w > p->lx.src->text && (unsigned char)w[-1] > ' ')
		w--;
	n = strcspn(w, "\n#;}\"{=>");
	if (w[n] == '>')
		return n && w[n - 1] == '-';
	for (int i = 0; w[n] && strchr("\"{=", w[n]) && i < ARRAY_SIZE(words); i++)
		if (!strncmp(w, words[i], strlen(words[i])) && strchr(" \t{", w[strlen(words[i])]))
			return true;
	return false;
}

/* to the end of the statement, over its whole block if it has one */
static void pass_over(struct parser *p)
{
	struct lexer line = { 0 };	/* where the last one ended */
	int depth = 0;

	for (; p->lx.cur.kind != T_EOF; pnext(p)) {
		enum tok_kind k = p->lx.cur.kind;

		if (depth && line.cur.kind == T_NL && outer_statement(p)) {
			p->lx = line;
			return;
		}
		line = p->lx;
		if (!depth && (k == T_NL || k == T_SEMI || k == T_RB))
			return;
		if (k == T_LB)
			depth++;
		if (k == T_RB && --depth == 0) {
			p->lx.skim = false;
			pnext(p);
			return;
		}
		if (k == T_COMMA) {	/* a list goes on over the newline */
			pnext(p);
			while (p->lx.cur.kind == T_NL)
				pnext(p);
			if (p->lx.cur.kind == T_EOF)
				return;
			if (p->lx.cur.kind == T_RB && !depth)
				return;
		}
	}
}

/* after an error, or in the pass that does not read it */
static void skip_statement(struct parser *p)
{
	p->lx.skim = true;
	pass_over(p);
	p->lx.skim = false;
}

static bool end_statement(struct parser *p)
{
	if (pend(p))
		return true;
	perr(p, "';' or a new line");
	return false;
}

bool open_block(struct parser *p)
{
	struct lexer here = p->lx;

	while (p->lx.cur.kind == T_NL)
		pnext(p);
	if (p->lx.cur.kind != T_LB) {
		p->lx = here;		/* the next line is a statement of its own */
		perr(p, "'{'");
		return false;
	}
	pnext(p);
	return true;
}

/* Run one() for each statement of the block whose '{' is behind us. */
bool block(struct parser *p, struct pos start, bool (*one)(struct parser *, void *), void *arg)
{
	for (;;) {
		struct lexer here = p->lx;

		newlines(p);
		if (here.cur.kind == T_NL && outer_statement(p)) {
			err_at(p->m, start, "this block has no closing '}' before line %d", p->lx.line);
			p->lx = here;		/* the end of this statement */
			return true;
		}
		if (p->lx.cur.kind == T_RB) {
			pnext(p);
			return true;
		}
		if (p->lx.cur.kind == T_EOF) {
			err_at(p->m, start, "this block has no closing '}'");
			return false;
		}
		if (!one(p, arg) || !end_statement(p))
			skip_statement(p);
	}
}

bool list_more(struct parser *p)
{
	if (p->lx.cur.kind != T_COMMA)
		return false;
	do
		pnext(p);
	while (p->lx.cur.kind == T_NL);
	return true;
}

bool zone_list(struct parser *p, zrefvec *out)
{
	do {
		struct zref r = { p->lx.cur.s, p->lx.cur.pos, NULL };

		if (p->lx.cur.kind != T_WORD || !strcmp(r.name, "->")) {
			perr(p, "a zone");
			return false;
		}
		PUSH(*out, r);
		pnext(p);
	} while (list_more(p));
	return true;
}


static void run_file(struct parser *up, const char *path, struct pos at);

static bool st_include(struct parser *p)
{
	const char *base = p->lx.src->name, *slash = strrchr(base, '/');
	struct pos at = p->lx.cur.pos;
	char *pat;
	glob_t g;

	if (p->lx.cur.kind != T_STR) {
		perr(p, "a string in double quotes");
		return false;
	}
	pat = p->lx.cur.s;
	if (*pat != '/' && slash)
		pat = xfmt("%.*s/%s", (int)(slash - base), base, pat);
	pnext(p);
	switch (glob(pat, 0, NULL, &g)) {
	case 0:
		for (size_t i = 0; i < g.gl_pathc; i++)
			run_file(p, g.gl_pathv[i], at);
		globfree(&g);
		return true;
	case GLOB_NOMATCH:
		globfree(&g);
		if (strpbrk(pat, "*?["))
			return true;
		err_at(p->m, at, "no file '%s'", pat);
		return false;
	default:
		globfree(&g);
		err_at(p->m, at, "cannot read '%s'", pat);
		return false;
	}
}

/* a zone may have the name of a statement: is this word the beginning of FROM -> TO? */
bool before_arrow(const struct parser *p)
{
	const char *t = p->lx.src->text;
	size_t at = p->lx.off;

	while (at < p->lx.src->len && (t[at] == ' ' || t[at] == '\t'))
		at++;
	return at + 1 < p->lx.src->len && (t[at] == ',' || (t[at] == '-' && t[at + 1] == '>'));
}

bool statement(struct parser *p)
{
	static const struct { const char *w; int pass; bool (*fn)(struct parser *); } st[] = {
		{ "include", 0, st_include }, { "let", 1, st_let }, { "set", 0, st_set },
		{ "service", 1, st_service }, { "zone", 2, st_zone }, { "assert", 2, st_assert },
	};
	struct pos pos = p->lx.cur.pos;

	for (int i = 0; i < ARRAY_SIZE(st) && !before_arrow(p); i++) {
		if (!at_word(p, st[i].w))
			continue;
		if (st[i].pass && st[i].pass != p->pass)
			return false;
		p->stmt = pos;
		pnext(p);
		return st[i].fn(p);
	}
	if (p->pass != 2)
		return false;
	if (at_word(p, "options") && !before_arrow(p)) {
		pnext(p);
		p->m->opt.set = true;
		return open_block(p) && block(p, pos, option_line, &p->m->opt);
	}
	if (p->lx.cur.kind != T_WORD) {
		perr(p, "a statement");
		return false;
	}
	return st_cell(p);
}

static void statements(struct parser *p)
{
	pnext(p);
	for (;;) {
		bool block_end;

		newlines(p);
		if (p->lx.cur.kind == T_EOF)
			return;
		if (p->lx.cur.kind == T_RB) {
			if (p->pass == 2)
				err_at(p->m, p->lx.cur.pos, "'}' without a block");
			pnext(p);
			continue;
		}
		if (!statement(p)) {
			skip_statement(p);
			continue;
		}
		block_end = p->lx.prev_end && p->lx.src->text[p->lx.prev_end - 1] == '}';
		if (!block_end && !end_statement(p))
			skip_statement(p);
	}
}

void parser_open(struct parser *p, struct model *m, struct src *s)
{
	memset(p, 0, sizeof(*p));
	p->m = m;
	p->pass = 2;
	lex_init(&p->lx, s);
}

/* no NUL bytes: the rest of the line would be lost to every tool that looks at it */
static bool text_only(struct model *m, struct src *s)
{
	const char *nul = memchr(s->text, 0, s->len);
	struct pos at = { s, 1, 1 };

	if (!nul)
		return true;
	for (const char *c = s->text; c < nul; c++, at.col++) {
		if (*c != '\n')
			continue;
		at.line++;
		at.col = 0;
	}
	err_at(m, at, "a NUL byte: this is not a text file");
	return false;
}

static struct src *src_open(struct model *m, const char *path)
{
	size_t len = 0;
	char *t;

	for (int i = 0; i < m->srcs.n; i++)
		if (!strcmp(m->srcs.v[i]->name, path))
			return m->srcs.v[i];
	t = read_all(path, &len);
	if (t && len >= 3 && !memcmp(t, "\xef\xbb\xbf", 3)) {	/* some editors' mark of UTF-8 */
		t += 3;
		len -= 3;
	}
	return t ? src_new(m, path, t, len) : NULL;
}

/* also when it goes by another name */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !strcmp(a, b) || (!stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static void run_file(struct parser *up, const char *path, struct pos at)
{
	struct model *m = up->m;
	struct parser p;
	struct src *s;

	for (int i = 0; i < m->stack.n; i++) {
		if (same_file(m->stack.v[i]->name, path)) {
			err_at(m, at, "'%s' includes itself", path);
			return;
		}
	}
	if (m->stack.n >= INCLUDE_DEPTH) {
		err_at(m, at, "more than %d files include one another", INCLUDE_DEPTH);
		return;
	}
	s = src_open(m, path);
	if (!s) {
		err_at(m, at, "cannot read '%s': %s", path, strerror(errno));
		return;
	}
	if (!text_only(m, s))
		return;
	parser_open(&p, m, s);
	p.pass = up->pass;
	PUSH(m->stack, s);
	statements(&p);
	m->stack.n--;
}

static void two_passes(struct model *m, struct src *s)
{
	PUSH(m->stack, s);
	for (int pass = 1; pass <= 2; pass++) {
		struct parser p;

		parser_open(&p, m, s);
		p.pass = pass;
		statements(&p);
		if (pass == 1)
			lets_keep(m);
		for (int i = 0; pass == 1 && i < m->services.n; i++) {
			bool used = m->services.v[i]->used;

			service_boxes(m, m->services.v[i], &(l4vec){ 0 });
			m->services.v[i]->used = used;
		}
		if (pass == 1)
			for (int i = 0; i < m->services.n; i++)
				m->services.v[i]->used = false;
	}
	m->stack.n--;
}

bool parse_services(struct model *m)
{
	struct src *s = src_new(m, "services.conf", (char *)services_conf, strlen(services_conf));
	struct parser p;

	parser_open(&p, m, s);
	p.pass = 1;
	p.builtin = true;
	statements(&p);
	return !m->errors;
}

bool parse_file(struct model *m, const char *path)
{
	struct src *s;

	parse_services(m);
	s = src_open(m, path);
	if (!s) {
		err_at(m, (struct pos){ 0 }, "cannot read '%s': %s", path, strerror(errno));
		return false;
	}
	if (!strcmp(path, "-"))
		s->name = "<stdin>";
	if (!text_only(m, s))
		return false;
	two_passes(m, s);
	lets_check(m);
	model_resolve(m);
	return !m->errors;
}

bool parse_text(struct model *m, const char *name, const char *text)
{
	parse_services(m);
	two_passes(m, src_new(m, name, (char *)text, strlen(text)));
	model_resolve(m);
	return !m->errors;
}
