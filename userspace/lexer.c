// SPDX-License-Identifier: GPL-2.0
/* Text to tokens, with the position of each; never fails, reports and goes on. */
#include "model.h"

void lex_init(struct lexer *l, struct src *s)
{
	memset(l, 0, sizeof(*l));
	l->src = s;
	l->off = s->start;
	l->line = 1;
	l->col = (int)s->start + 1;
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

		if (c == -1 || (c == '\n' && !l->src->cmdline)) {
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
	if (!utf8_valid(l->cur.s)) {
		err_at(m, l->cur.pos, "this string is not UTF-8");
		l->cur.s = printable(l->cur.s);
	}
}

/* Of each byte: 0 belongs to a word, 1 ends it, 2 asks for the byte behind. */
static const unsigned char ends[256] = {
	[0 ... 32] = 1, [127] = 1, ['{'] = 1, ['}'] = 1, [';'] = 1, [','] = 1, ['"'] = 1, ['#'] = 1,
	['!'] = 1, ['='] = 1, ['\\'] = 2, ['-'] = 2,
};

static size_t word_end(const struct lexer *l)
{
	const unsigned char *t = (const unsigned char *)l->src->text;
	size_t i = l->off;

	for (; i < l->src->len; i++) {
		int next = i + 1 < l->src->len ? t[i + 1] : -1;

		if (ends[t[i]] == 1 || (t[i] == '\\' && (next == '\n' || next == '\r')) ||
		    (t[i] == '-' && next == '>'))
			break;
	}
	return i;
}

static void lex_word(struct lexer *l, struct model *m)
{
	size_t start = l->off, end;

	l->cur.kind = T_WORD;
	if (peek(l, 0) == '-' && peek(l, 1) == '>')
		end = start + 2;
	else
		end = word_end(l);
	if (end == start) {
		err_at(m, l->cur.pos, "character 0x%02x has no place here", peek(l, 0));
		l->bad = true;
		advance(l);
		l->cur.s = "?";
		return;
	}
	l->off = end;
	l->col += (int)(end - start);
	if (!l->skim)
		l->cur.s = xstrndup(l->src->text + start, end - start);
}

static bool lex_punct(struct lexer *l, int c)
{
	static const struct { enum tok_kind kind; char *s; } punct[128] = {
		['{'] = { T_LB, "{" }, ['}'] = { T_RB, "}" }, [';'] = { T_SEMI, ";" }, [','] = { T_COMMA, "," },
		['!'] = { T_BANG, "!" }, ['='] = { T_EQ, "=" }, ['\n'] = { T_NL, "end of line" },
	};

	if (c > 127 || !punct[c].s)
		return false;
	l->cur.kind = punct[c].kind;
	l->cur.s = punct[c].s;
	advance(l);
	return true;
}

void lex_next(struct lexer *l, struct model *m)
{
	int c;

	l->prev_end = l->off;
	skip_space(l);
	l->cur.pos = (struct pos){ l->src, l->line, l->col };
	l->cur.s = "";
	c = peek(l, 0);
	if (c == -1) {
		l->cur.kind = T_EOF;
		l->cur.s = "end of file";
	} else if (c == '"') {
		lex_string(l, m);
	} else if (!lex_punct(l, c)) {
		lex_word(l, m);
	}
}
