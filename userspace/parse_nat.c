// SPDX-License-Identifier: GPL-2.0
/* The words of NAT: publish, redirect, snat and what belongs to them. */
#include "ruleparse.h"
#include <ctype.h>
#include <stdlib.h>

static bool host_port(struct parser *p, struct rule *r)
{
	char *s = p->lx.cur.s, *colon = strrchr(s, ':'), *host = s;
	struct tok t = p->lx.cur;
	addrvec v = { 0 };
	struct sbuf text = { 0 };
	prvec pr = { 0 };
	struct tok pt = t;
	int fam;
	u128 ip;

	if (*s == '[' && strchr(s, ']')) {
		host = xstrndup(s + 1, strchr(s, ']') - s - 1);
		colon = strchr(s, ']')[1] == ':' ? strchr(s, ']') + 1 : NULL;
	} else if (colon && !parse_ip(s, &fam, &ip)) {
		host = xstrndup(s, colon - s);
	} else {
		colon = NULL;
	}
	t.s = host;
	if (!parse_addr_word(p->m, &t, &v, &text))
		return false;
	if (v.n != 1 || v.v[0].kind || memcmp(v.v[0].lo, v.v[0].hi, 16)) {
		err_at(p->m, t.pos, "'%s' is not one host", host);
		return false;
	}
	if (colon) {
		struct sbuf ptext = { 0 };

		pt.s = colon + 1;
		if (!parse_port_word(p->m, &pt, &pr, &ptext))
			return false;
		r->cl[CL_TO] = v.v[0].family == 6 ? xfmt("to [%s]:%s", text.s, sb_str(&ptext)) :
						    xfmt("to %s:%s", text.s, sb_str(&ptext));
	} else {
		r->cl[CL_TO] = xfmt("to %s", text.s);
	}
	pnext(p);
	return true;
}

/* to HOST[:PORT], on ADDR, hairpin [from ZONES]; -1: not one of them */
int publish_clause(struct parser *p, struct rule *r)
{
	struct sbuf text = { 0 };
	zrefvec z = { 0 };

	if (!strcmp(p->lx.cur.s, "to") && !r->cl[CL_TO]) {
		pnext(p);
		return need_word(p, "a host") && host_port(p, r);
	}
	if (!strcmp(p->lx.cur.s, "on") && !r->cl[CL_ON]) {
		pnext(p);
		if (!need_word(p, "an address") ||
		    !parse_addr_word(p->m, &p->lx.cur, &(addrvec){ 0 }, &text))
			return 0;
		r->cl[CL_ON] = xfmt("on %s", text.s);
		pnext(p);
		return 1;
	}
	if (!strcmp(p->lx.cur.s, "hairpin") && !r->cl[CL_HAIRPIN]) {
		pnext(p);
		r->cl[CL_HAIRPIN] = xstrdup("hairpin");
		if (!pword(p, "from"))
			return 1;
		if (!zone_list(p, &z))
			return 0;
		r->cl[CL_HAIRPIN] = xfmt("hairpin from %s", zrefs_text(&z));
		return 1;
	}
	return -1;
}

bool nat_action(struct parser *p, struct rule *r)
{
	struct sbuf text = { 0 };
	prvec pr = { 0 };
	struct tok t;

	if (r->action == ACT_PUBLISH) {
		if (pword(p, "any"))
			r->cl[CL_ACTION] = xstrdup("publish any");
		return true;
	}
	if (!pword(p, "to") || p->lx.cur.kind != T_WORD) {
		perr(p, "'to'");
		return false;
	}
	t = p->lx.cur;
	if (r->action == ACT_REDIRECT) {
		if (t.s[0] != ':') {
			perr(p, "a port such as :3128");
			return false;
		}
		t.s++;
		if (!parse_port_word(p->m, &t, &pr, &text))
			return false;
		r->cl[CL_ACTION] = xfmt("redirect to :%s", sb_str(&text));
	} else {
		if (!parse_addr_word(p->m, &t, &(addrvec){ 0 }, &text))
			return false;
		r->cl[CL_ACTION] = xfmt("snat to %s", sb_str(&text));
	}
	pnext(p);
	return true;
}
