// SPDX-License-Identifier: GPL-2.0
/* Text to tokens, with the position of each; never fails, reports and goes on. */
#include "model.h"

void lex_init(struct lexer *l, struct src *s)
{
	memset(l, 0, sizeof(*l));
	l->src = s;
	l->line = 1;
	l->col = 1;
}

static int peek(const struct lexer *l, size_t k)
{
	return l->off + k < l->src->len ? (unsigned char)l->src->text[l->off + k] : -1;
}

static void advance(struct lexer *l)
{
	if (peek(l, 0) == '\n') {
		l->line++;
		l->col = 1;
	} else {
		l->col++;
	}
	l->off++;
}

static void skip_space(struct lexer *l)
{
	for (;;) {
		int c = peek(l, 0);

		if (c == '\\' && (peek(l, 1) == '\n' || (peek(l, 1) == '\r' && peek(l, 2) == '\n'))) {
			while (peek(l, 0) != '\n')
				advance(l);
			advance(l);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
			advance(l);
		} else if (c == '#') {
			while (peek(l, 0) != -1 && peek(l, 0) != '\n')
				advance(l);
		} else {
			return;
		}
	}
}

static void lex_string(struct lexer *l, struct model *m)
{
	struct sbuf b = { 0 };

	l->cur.kind = T_STR;
	advance(l);
	while (peek(l, 0) != '"') {
		int c = peek(l, 0);
		char ch;

		if (c == -1 || c == '\n') {
			err_at(m, l->cur.pos, "this string has no closing quote");
			l->bad = true;
			break;
		}
		if (c == '\\' && (peek(l, 1) == '"' || peek(l, 1) == '\\')) {
			advance(l);
			c = peek(l, 0);
		}
		if (c < 32 || c == 127) {
			err_at(m, l->cur.pos, "control character in a string");
			l->bad = true;
			c = '?';
		}
		ch = (char)c;
		sb_putn(&b, &ch, 1);
		advance(l);
	}
	if (peek(l, 0) == '"')
		advance(l);
	l->cur.s = sb_str(&b);
}

static bool word_char(const struct lexer *l)
{
	int c = peek(l, 0);

	if (c == -1 || c <= 32 || c == 127 || strchr("{};,\"#!=", c))
		return false;
	if (c == '\\' && (peek(l, 1) == '\n' || peek(l, 1) == '\r'))
		return false;
	return !(c == '-' && peek(l, 1) == '>');
}

static void lex_word(struct lexer *l, struct model *m)
{
	size_t start = l->off;

	l->cur.kind = T_WORD;
	if (peek(l, 0) == '-' && peek(l, 1) == '>') {
		advance(l);
		advance(l);
	} else {
		while (word_char(l))
			advance(l);
	}
	if (l->off == start) {
		err_at(m, l->cur.pos, "character 0x%02x has no place here", peek(l, 0));
		l->bad = true;
		advance(l);
		l->cur.s = xstrdup("?");
		return;
	}
	l->cur.s = xstrndup(l->src->text + start, l->off - start);
}

void lex_next(struct lexer *l, struct model *m)
{
	static const char punct[] = "{};,!=\n";
	static const enum tok_kind kinds[] = { T_LB, T_RB, T_SEMI, T_COMMA, T_BANG, T_EQ, T_NL };
	const char *p;
	int c;

	l->prev_end = l->off;
	skip_space(l);
	l->cur.pos = (struct pos){ l->src, l->line, l->col };
	l->cur.s = "";
	c = peek(l, 0);
	if (c == -1) {
		l->cur.kind = T_EOF;
		l->cur.s = "end of file";
		return;
	}
	p = c ? strchr(punct, c) : NULL;
	if (p) {
		l->cur.kind = kinds[p - punct];
		l->cur.s = c == '\n' ? xstrdup("end of line") : xstrndup(p, 1);
		advance(l);
		return;
	}
	if (c == '"')
		lex_string(l, m);
	else
		lex_word(l, m);
}
