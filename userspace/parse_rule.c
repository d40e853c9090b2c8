// SPDX-License-Identifier: GPL-2.0
/* One rule, or one match of an assertion or a service: words to struct rule. */
#include "ruleparse.h"

#include <ctype.h>
#include <stdlib.h>

static const char *const rule_words[] = {
	"tcp", "udp", "sctp", "icmp", "icmpv6", "proto", "sport", "dport", "src", "dst", "type", "in",
	"out", "mac", "mark", "dscp", "ipv4", "ipv6", "time", "days", "log", "limit", "conns", "helper",
	"add", "expires", "name", "comment", "to", "on", "hairpin", "except",
};

/* what may stand: all, matches, matches but for the time */
enum words { RULE, MATCH_TIMES, MATCH };

static const char *const nat_words[] = { "to", "on", "hairpin" };

static bool is_rule_word(const char *s)
{
	for (int i = 0; i < ARRAY_SIZE(rule_words); i++)
		if (!strcmp(s, rule_words[i]))
			return true;
	return false;
}

/* a list with sets is the kernel's to test: what stands besides the sets stays in *out */
static void live_addrs(struct rule *r, int pick, addrvec *out)
{
	int n = 0;

	for (int i = 0; i < out->n; i++) {
		struct set *s;

		if (out->v[i].kind != KIND_SET) {
			out->v[n++] = out->v[i];
			continue;
		}
		memcpy(&s, out->v[i].lo, sizeof(s));
		PUSH(r->live.set[pick], s);
		r->live.any = true;
	}
	out->n = n;
}

/* the same for ports: *out becomes every port, the list goes to the kernel */
static bool live_ports(struct rule *r, int pick, prvec *out, bool neg)
{
	for (int i = 0; i < out->n; i++) {
		if (out->v[i].set)
			PUSH(r->live.set[pick], out->v[i].set);
		else
			PUSH(r->live.port[pick], out->v[i]);
	}
	if (!r->live.set[pick].n) {
		r->live.port[pick].n = 0;
		return false;
	}
	r->live.any = true;
	if (neg)
		r->live.flags |= pick == PICK_SPORT ? ZONEFW_LIVE_NEG_SPORT : ZONEFW_LIVE_NEG_DPORT;
	out->n = 0;
	PUSH(*out, ((struct prange){ 0, 65535, NULL }));
	return true;
}

static bool port_clause(struct parser *p, struct rule *r, enum clause c, prvec *out, const char *word)
{
	struct pos pos = p->lx.cur.pos;
	struct sbuf text = { 0 };
	bool neg;

	if (!claim(p, r, c, pos, word))
		return false;
	pnext(p);
	neg = bang(p);
	do {
		if (!need_word(p, "a port") || !parse_port_word(p->m, &p->lx.cur, out, &text))
			return false;
		pnext(p);
	} while (more(p));
	if (!live_ports(r, c == CL_SPORT ? PICK_SPORT : PICK_DPORT, out, neg) && neg && out->n)
		ranges_negate(out);
	if (neg && !out->n) {
		err_at(p->m, pos, "this %s list excludes every port", word);
		return false;
	}
	r->cl[c] = xcat(word, neg ? " ! " : " ", sb_str(&text));
	return true;
}

static bool addr_clause(struct parser *p, struct rule *r, enum clause c, addrvec *out, uint32_t flag,
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
		if (!need_word(p, "an address") || !parse_addr_word(p->m, &p->lx.cur, out, &text))
			return false;
		pnext(p);
	} while (more(p));
	if (neg)
		r->flags |= flag;
	live_addrs(r, c == CL_SRC ? PICK_SRC : PICK_DST, out);
	if (out->n > ZONEFW_LIST_MAX) {
		err_at(p->m, pos, "more than %d elements in one list", ZONEFW_LIST_MAX);
		return false;
	}
	r->cl[c] = xcat(word, neg ? " ! " : " ", sb_str(&text));
	return true;
}

static bool log_clause(struct parser *p, struct rule *r)
{
	bool cmd = p->lx.src->cmdline;

	if (!claim(p, r, CL_LOG, p->lx.cur.pos, "log"))
		return false;
	pnext(p);
	r->log = "";
	if (p->lx.cur.kind == T_STR || (cmd && p->lx.cur.kind == T_WORD && !is_rule_word(p->lx.cur.s) &&
					!service_find(p->m, p->lx.cur.s))) {
		if (strlen(p->lx.cur.s) > ZONEFW_PREFIX_MAX) {
			err_at(p->m, p->lx.cur.pos, "log prefix longer than %d bytes", ZONEFW_PREFIX_MAX);
			return false;
		}
		r->log = p->lx.cur.s;
		pnext(p);
	}
	r->cl[CL_LOG] = *r->log ? xcat("log ", quote(r->log), "") : "log";
	return true;
}

static bool name_clause(struct parser *p, struct rule *r)
{
	if (!claim(p, r, CL_NAME, p->lx.cur.pos, "name"))
		return false;
	pnext(p);
	if (!need_word(p, "a name"))
		return false;
	if (!name_valid(p->lx.cur.s)) {
		err_at(p->m, p->lx.cur.pos, "'%s' is not a name (a letter, then letters, digits, _ - ., at most %d bytes)",
		       p->lx.cur.s, ZONEFW_NAME_MAX);
		return false;
	}
	r->name = p->lx.cur.s;
	r->cl[CL_NAME] = xcat("name ", r->name, "");
	pnext(p);
	return true;
}

static bool comment_clause(struct parser *p, struct rule *r)
{
	if (!claim(p, r, CL_COMMENT, p->lx.cur.pos, "comment"))
		return false;
	pnext(p);
	if (p->lx.cur.kind != T_STR && !(p->lx.src->cmdline && p->lx.cur.kind == T_WORD)) {
		perr(p, "a string");
		return false;
	}
	r->comment = p->lx.cur.s;
	if (strlen(r->comment) > 255) {
		err_at(p->m, p->lx.cur.pos, "comment longer than 255 bytes");
		return false;
	}
	r->cl[CL_COMMENT] = xcat("comment ", quote(r->comment), "");
	pnext(p);
	return true;
}

/* a word in the wrong place, or one that is no word at all */
static bool unknown_word(struct parser *p)
{
	strvec cand = { 0 };

	if (!strcmp(p->lx.cur.s, "with") || !strcmp(p->lx.cur.s, "bypass")) {
		err_at(p->m, p->lx.cur.pos, "'%s' stands right behind '%s'", p->lx.cur.s,
		       *p->lx.cur.s == 'w' ? "reject" : "queue N");
		return false;
	}
	for (int i = 0; i < ARRAY_SIZE(nat_words); i++) {
		if (strcmp(p->lx.cur.s, nat_words[i]))
			continue;
		err_at(p->m, p->lx.cur.pos, "'%s' has no place here: it belongs once to %s", nat_words[i],
		       i ? "publish" : "publish, redirect or snat");
		return false;
	}
	for (int i = 0; i < ARRAY_SIZE(rule_words); i++)
		PUSH(cand, (char *)rule_words[i]);
	PUSH(cand, "with");
	PUSH(cand, "bypass");
	for (int i = 0; i < p->m->services.n; i++)
		PUSH(cand, p->m->services.v[i]->name);
	err_at(p->m, p->lx.cur.pos, "no service, match or option '%s'%s", p->lx.cur.s,
	       foreign_word(p->lx.cur.s, &cand));
	return false;
}

static bool is_proto_word(const char *s)
{
	return !strcmp(s, "tcp") || !strcmp(s, "udp") || !strcmp(s, "sctp") || !strcmp(s, "icmp") ||
	       !strcmp(s, "icmpv6");
}

static void base_add(struct l4state *st, const l4vec *v)
{
	for (int i = 0; i < v->n; i++)
		PUSH(st->base, v->v[i]);
}

/* http, https   tcp   tcp, udp */
static bool service_clause(struct parser *p, struct rule *r, struct l4state *st, bool neg)
{
	struct pos pos = p->lx.cur.pos;
	struct sbuf text = { 0 };

	if (st->have && p->lx.cur.kind == T_WORD && !is_proto_word(p->lx.cur.s) && !service_find(p->m, p->lx.cur.s))
		return unknown_word(p);
	if (st->have) {
		err_at(p->m, pos, "a second protocol or service list in one rule; write the list with commas");
		return false;
	}
	do {
		struct service *s;

		if (!need_word(p, "a service"))
			return false;
		s = is_proto_word(p->lx.cur.s) ? NULL : service_find(p->m, p->lx.cur.s);
		if (is_proto_word(p->lx.cur.s)) {
			PUSH(st->base, l4_full(proto_number(p->lx.cur.s)));
		} else if (s) {
			l4vec v = { 0 };

			if (!service_boxes(p->m, s, &v))
				return false;
			base_add(st, &v);
		} else {
			return unknown_word(p);
		}
		sb_item(&text, p->lx.cur.s);
		pnext(p);
	} while (more(p));
	st->have = true;
	st->neg_svc = neg;
	st->pos = pos;
	r->cl[CL_SVC] = neg ? xcat("! ", sb_str(&text), "") : sb_str(&text);
	return true;
}

static bool proto_clause(struct parser *p, struct rule *r, struct l4state *st)
{
	struct pos pos = p->lx.cur.pos;
	struct sbuf text = { 0 };
	bool neg;

	if (st->have) {
		err_at(p->m, pos, "a second protocol or service list in one rule");
		return false;
	}
	pnext(p);
	neg = bang(p);
	do {
		int n;

		if (!need_word(p, "a protocol"))
			return false;
		n = proto_number(p->lx.cur.s);
		if (n < 0) {
			err_at(p->m, p->lx.cur.pos, "no protocol '%s'%s", p->lx.cur.s, proto_meant(p->lx.cur.s));
			return false;
		}
		PUSH(st->base, l4_full(n));
		sb_item(&text, proto_name(n));
		pnext(p);
	} while (more(p));
	st->have = true;
	st->neg_svc = neg;
	st->pos = pos;
	r->cl[CL_PROTO] = xcat("proto ", neg ? "! " : "", sb_str(&text));
	return true;
}

static bool type_clause(struct parser *p, struct rule *r, struct l4state *st)
{
	struct sbuf text = { 0 };

	if (!claim(p, r, CL_TYPE, p->lx.cur.pos, "type"))
		return false;
	pnext(p);
	st->neg_type = bang(p);
	do {
		if (!need_word(p, "an ICMP type"))
			return false;
		if (icmp_type(1, p->lx.cur.s) < 0 && icmp_type(58, p->lx.cur.s) < 0) {
			err_at(p->m, p->lx.cur.pos, "no ICMP type '%s'%s", p->lx.cur.s, type_meant(p->lx.cur.s));
			return false;
		}
		PUSH(st->types, p->lx.cur);
		sb_item(&text, p->lx.cur.s);
		pnext(p);
	} while (more(p));
	st->have_type = true;
	r->cl[CL_TYPE] = xcat("type ", st->neg_type ? "! " : "", sb_str(&text));
	return true;
}

static bool family_clause(struct parser *p, struct rule *r)
{
	if (r->cl[CL_FAMILY] && strcmp(r->cl[CL_FAMILY], p->lx.cur.s)) {
		err_at(p->m, p->lx.cur.pos, "no packet is both ipv4 and ipv6; leave both away");
		return false;
	}
	if (!claim(p, r, CL_FAMILY, p->lx.cur.pos, p->lx.cur.s))
		return false;
	r->family = p->lx.cur.s[3] == '4' ? 4 : 6;
	r->cl[CL_FAMILY] = p->lx.cur.s;
	pnext(p);
	return true;
}

static bool match_word(struct parser *p, struct rule *r, struct l4state *st, enum words words)
{
	const char *s = p->lx.cur.s;
	int k = -1;

	if (!strcmp(s, "src"))
		return addr_clause(p, r, CL_SRC, &r->src, ZONEFW_RULE_NEG_SRC, s);
	if (!strcmp(s, "dst"))
		return addr_clause(p, r, CL_DST, &r->dst, ZONEFW_RULE_NEG_DST, s);
	if (!strcmp(s, "sport"))
		return st->have_sport = port_clause(p, r, CL_SPORT, &st->sport, s);
	if (!strcmp(s, "dport"))
		return st->have_dport = port_clause(p, r, CL_DPORT, &st->dport, s);
	if (!strcmp(s, "type"))
		return type_clause(p, r, st);
	if (!strcmp(s, "proto"))
		return proto_clause(p, r, st);
	if (!strcmp(s, "in"))
		return pattern_clause(p, r, CL_IN, &r->in, ZONEFW_RULE_NEG_IN, s);
	if (!strcmp(s, "out"))
		return pattern_clause(p, r, CL_OUT, &r->out, ZONEFW_RULE_NEG_OUT, s);
	if (!strcmp(s, "mac"))
		return mac_clause(p, r);
	if (!strcmp(s, "mark"))
		return mark_clause(p, r);
	if (!strcmp(s, "dscp"))
		return dscp_clause(p, r);
	if (!strcmp(s, "ipv4") || !strcmp(s, "ipv6"))
		return family_clause(p, r);
	if (words == RULE && !strcmp(s, "log"))
		return log_clause(p, r);
	if (words == RULE && !strcmp(s, "name"))
		return name_clause(p, r);
	if (words == RULE && !strcmp(s, "comment"))
		return comment_clause(p, r);
	if (words == RULE && r->action >= ZONEFW_PUBLISH) {
		k = nat_clause(p, r);
		if (k >= 0)
			return k;
	}
	if (words == RULE || (words == MATCH_TIMES && (!strcmp(s, "time") || !strcmp(s, "days"))))
		k = live_clause(p, r);
	return k >= 0 ? k : service_clause(p, r, st, false);
}

static bool bang_misplaced(struct parser *p)
{
	static const char *const lists[] = { "proto", "sport", "dport", "src", "dst", "type", "in", "out", "mac", "mark",
					     "dscp", "time", "days" };
	const char *s = p->lx.cur.s;

	for (int i = 0; i < ARRAY_SIZE(lists); i++) {
		if (strcmp(s, lists[i]))
			continue;
		err_at(p->m, p->lx.cur.pos, "'!' stands before the list: %s ! ...", s);
		return false;
	}
	if (!strcmp(s, "ipv4") || !strcmp(s, "ipv6"))
		err_at(p->m, p->lx.cur.pos, "write %s instead of '! %s'", s[3] == '4' ? "ipv6" : "ipv4", s);
	else
		err_at(p->m, p->lx.cur.pos, "'%s' cannot be negated", s);
	return false;
}

static bool rule_matches(struct parser *p, struct rule *r, enum words words)
{
	struct l4state st = { .pos = r->pos };

	while (!pend(p)) {
		if (p->lx.cur.kind == T_BANG) {
			pnext(p);
			if (!need_word(p, "a match"))
				return false;
			if (is_rule_word(p->lx.cur.s) && !is_proto_word(p->lx.cur.s))
				return bang_misplaced(p);
			if (!service_clause(p, r, &st, true))
				return false;
			continue;
		}
		if (words != RULE && p->lx.cur.kind == T_WORD && !strcmp(p->lx.cur.s, "except"))
			break;
		if (!need_word(p, "a match or an option") || !match_word(p, r, &st, words))
			return false;
	}
	return l4_finish(p, r, &st);
}

struct rule *parse_match(struct parser *p, bool times)
{
	struct rule *r = xalloc(sizeof(*r));

	r->pos = p->lx.cur.pos;
	return rule_matches(p, r, times ? MATCH_TIMES : MATCH) ? r : NULL;
}

static bool reject_with(struct parser *p, struct rule *r)
{
	strvec cand = { 0 };

	if (!pword(p, "with"))
		return true;
	for (int i = 1; i < __ZONEFW_REJ_MAX; i++) {
		PUSH(cand, (char *)reject_words[i]);
		if (!strcmp(p->lx.cur.s, reject_words[i]))
			r->arg = i;
	}
	if (!r->arg) {
		err_at(p->m, p->lx.cur.pos, "no way to reject called '%s'%s", p->lx.cur.s,
		       suggest(p->lx.cur.s, &cand));
		return false;
	}
	r->cl[CL_ACTION] = xcat("reject with ", p->lx.cur.s, "");
	pnext(p);
	return true;
}

static bool queue_number(struct parser *p, struct rule *r)
{
	uint64_t n;

	if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, 65535, &n)) {
		perr(p, "a queue number (0-65535)");
		return false;
	}
	r->arg = (uint32_t)n;
	pnext(p);
	if (pword(p, "bypass"))
		r->flags |= ZONEFW_RULE_BYPASS;
	r->cl[CL_ACTION] = xfmt("queue %u%s", r->arg, r->flags & ZONEFW_RULE_BYPASS ? " bypass" : "");
	return true;
}

static bool rule_action(struct parser *p, struct rule *r)
{
	static const struct { const char *w; int a; } acts[] = {
		{ "accept", ZONEFW_ACCEPT }, { "drop", ZONEFW_DROP }, { "reject", ZONEFW_REJECT },
		{ "queue", ZONEFW_QUEUE }, { "continue", ZONEFW_CONTINUE }, { "publish", ZONEFW_PUBLISH },
		{ "redirect", ZONEFW_REDIRECT }, { "snat", ZONEFW_SNAT },
	};
	static const char *const others[] = { "default", "masquerade", "offload", "clamp-mss" };
	static const char *const places[] = { "first", "before", "after" };
	strvec cand = { 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(acts); i++)
		if (p->lx.cur.kind == T_WORD && !strcmp(acts[i].w, p->lx.cur.s))
			break;
	if (i == ARRAY_SIZE(acts)) {
		for (i = 0; i < ARRAY_SIZE(acts); i++)
			PUSH(cand, (char *)acts[i].w);
		for (i = 0; i < ARRAY_SIZE(others) && !p->lx.src->cmdline; i++)
			PUSH(cand, (char *)others[i]);
		for (i = 0; i < ARRAY_SIZE(places) && p->lx.src->cmdline; i++)
			PUSH(cand, (char *)places[i]);
		if (p->lx.cur.kind != T_WORD) {
			perr(p, "an action");
			return false;
		}
		err_at(p->m, p->lx.cur.pos, "no action '%s'%s", p->lx.cur.s, foreign_action(p->lx.cur.s, &cand));
		return false;
	}
	r->action = acts[i].a;
	r->cl[CL_ACTION] = (char *)acts[i].w;
	pnext(p);
	if (r->action == ZONEFW_REJECT)
		return reject_with(p, r);
	if (r->action == ZONEFW_QUEUE)
		return queue_number(p, r);
	return r->action < ZONEFW_PUBLISH || nat_action(p, r);
}

static bool family_check(struct parser *p, struct rule *r)
{
	int want = r->family;
	const addrvec *lists[] = { &r->src, &r->dst };

	for (int k = 0; k < 2; k++) {
		bool v4 = false, v6 = false;

		if (!lists[k]->n || r->live.set[k].n || r->flags & (k ? ZONEFW_RULE_NEG_DST : ZONEFW_RULE_NEG_SRC))
			continue;
		for (int i = 0; i < lists[k]->n; i++) {
			v4 |= lists[k]->v[i].family == 4;
			v6 |= lists[k]->v[i].family == 6;
		}
		if ((want == 4 && !v4) || (want == 6 && !v6)) {
			err_at(p->m, r->pos, "this rule mixes IPv4 and IPv6 so that no packet matches");
			return false;
		}
		if (v4 != v6)
			want = v4 ? 4 : 6;
	}
	return true;
}

struct rule *parse_rule(struct parser *p)
{
	struct rule *r = xalloc(sizeof(*r));
	struct sbuf where = { 0 };

	r->pos = p->lx.cur.pos;
	if (!rule_action(p, r) || !rule_matches(p, r, RULE))
		return NULL;
	if (r->action >= ZONEFW_PUBLISH && !nat_finish(p, r))
		return NULL;
	if (r->action == ZONEFW_REJECT && r->arg == ZONEFW_REJ_TCP_RESET) {
		bool tcp = r->l4.n > 0;

		for (int i = 0; i < r->l4.n; i++)
			tcp &= r->l4.v[i].proto == 6;
		if (!tcp) {
			err_at(p->m, r->pos, "'reject with tcp-reset' needs a match on tcp");
			return NULL;
		}
	}
	if (!family_check(p, r))
		return NULL;
	if (r->action == ZONEFW_CONTINUE && r->live.add)
		r->live.add->filled = true;
	r->text = rule_text(r);
	if (strlen(r->text) >= ZONEFW_TEXT_MAX) {
		err_at(p->m, r->pos, "the rule's text is longer than %d bytes", ZONEFW_TEXT_MAX);
		return NULL;
	}
	if (!r->where) {
		sb_put(&where, p->lx.src->cmdline ? "<command line>" : p->lx.src->name);
		sb_put(&where, ":");
		sb_num(&where, (unsigned)r->pos.line);
		r->where = printable(sb_str(&where));
		for (char *t = r->where; (t = strchr(t, '\t'));)
			*t = '?';
	}
	return r;
}
