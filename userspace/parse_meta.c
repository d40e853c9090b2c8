// SPDX-License-Identifier: GPL-2.0
/* Matches on what is no address and no port: device, hardware address, mark, dscp. */
#include "ruleparse.h"
#include <ctype.h>
#include <stdlib.h>

bool pattern_clause(struct parser *p, struct rule *r, enum clause c, strvec *out, uint32_t flag,
			   const char *word)
{
	struct pos pos = p->lx.cur.pos;
	struct sbuf text = { 0 };
	bool neg;

	if (!claim(p, r, c, pos, word))
		return false;
	pnext(p);
	neg = bang(p);
	do {
		if (!need_word(p, "a device pattern"))
			return false;
		if (strlen(p->lx.cur.s) > 15) {
			err_at(p->m, p->lx.cur.pos, "device pattern '%s' is longer than 15 bytes", p->lx.cur.s);
			return false;
		}
		PUSH(*out, p->lx.cur.s);
		sb_item(&text, p->lx.cur.s);
		pnext(p);
	} while (more(p));
	r->inexact = true;
	if (neg)
		r->flags |= flag;
	r->cl[c] = xcat(word, neg ? " ! " : " ", sb_str(&text));
	return true;
}

bool mac_clause(struct parser *p, struct rule *r)
{
	struct sbuf text = { 0 };
	bool neg;

	if (!claim(p, r, CL_MAC, p->lx.cur.pos, "mac"))
		return false;
	pnext(p);
	neg = bang(p);
	do {
		unsigned b[6];

		if (!need_word(p, "a hardware address"))
			return false;
		if (strlen(p->lx.cur.s) != 17 || strspn(p->lx.cur.s, "0123456789abcdefABCDEF:") != 17 ||
		    sscanf(p->lx.cur.s, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6) {
			err_at(p->m, p->lx.cur.pos, "'%s' is not a hardware address", p->lx.cur.s);
			return false;
		}
		PUSH(r->mac, ((struct hwaddr){ { 0 } }));
		for (int i = 0; i < 6; i++)
			r->mac.v[r->mac.n - 1].b[i] = (uint8_t)b[i];
		sb_fmt(&text, "%s%02x:%02x:%02x:%02x:%02x:%02x", text.n ? ", " : "", b[0], b[1], b[2], b[3],
		       b[4], b[5]);
		pnext(p);
	} while (more(p));
	r->inexact = true;
	if (neg)
		r->flags |= ZONEFW_RULE_NEG_MAC;
	r->cl[CL_MAC] = xcat("mac ", neg ? "! " : "", sb_str(&text));
	return true;
}

bool mark_clause(struct parser *p, struct rule *r)
{
	const char *slash;
	uint64_t v, mask = 0xffffffff;
	bool neg;

	if (!claim(p, r, CL_MARK, p->lx.cur.pos, "mark"))
		return false;
	pnext(p);
	neg = bang(p);
	if (!need_word(p, "a mark"))
		return false;
	slash = strchr(p->lx.cur.s, '/');
	if (!parse_u64(slash ? xstrndup(p->lx.cur.s, slash - p->lx.cur.s) : p->lx.cur.s, 0xffffffff, &v) ||
	    (slash && !parse_u64(slash + 1, 0xffffffff, &mask))) {
		err_at(p->m, p->lx.cur.pos, "'%s' is not a mark (V or V/MASK)", p->lx.cur.s);
		return false;
	}
	if (v & ~mask) {
		err_at(p->m, p->lx.cur.pos, "mark '%s' has bits outside its mask: it never matches", p->lx.cur.s);
		return false;
	}
	r->has_mark = r->inexact = true;
	r->mark = (uint32_t)v;
	r->mark_mask = (uint32_t)mask;
	if (neg)
		r->flags |= ZONEFW_RULE_NEG_MARK;
	r->cl[CL_MARK] = slash ? xfmt("mark %s0x%x/0x%x", neg ? "! " : "", r->mark, r->mark_mask) :
				 xfmt("mark %s0x%x", neg ? "! " : "", r->mark);
	pnext(p);
	return true;
}

static int dscp_value(const char *s)
{
	static const struct { const char *n; int v; } names[] = {
		{ "cs0", 0 }, { "cs1", 8 }, { "cs2", 16 }, { "cs3", 24 }, { "cs4", 32 }, { "cs5", 40 },
		{ "cs6", 48 }, { "cs7", 56 }, { "be", 0 }, { "ef", 46 }, { "af11", 10 }, { "af12", 12 },
		{ "af13", 14 }, { "af21", 18 }, { "af22", 20 }, { "af23", 22 }, { "af31", 26 }, { "af32", 28 },
		{ "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 }, { "le", 1 },
	};
	uint64_t v;

	if (parse_u64(s, 63, &v))
		return (int)v;
	for (int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].n, s))
			return names[i].v;
	return -1;
}

bool dscp_clause(struct parser *p, struct rule *r)
{
	bool neg;
	int v;

	if (!claim(p, r, CL_DSCP, p->lx.cur.pos, "dscp"))
		return false;
	pnext(p);
	neg = bang(p);
	if (!need_word(p, "a DSCP value"))
		return false;
	v = dscp_value(p->lx.cur.s);
	if (v < 0) {
		err_at(p->m, p->lx.cur.pos, "'%s' is not a DSCP value (0-63, csN, afNN, ef)", p->lx.cur.s);
		return false;
	}
	r->has_dscp = r->inexact = true;
	r->dscp = (uint8_t)v;
	if (neg)
		r->flags |= ZONEFW_RULE_NEG_DSCP;
	r->cl[CL_DSCP] = xfmt("dscp %s%d", neg ? "! " : "", v);
	pnext(p);
	return true;
}
