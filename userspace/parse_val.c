// SPDX-License-Identifier: GPL-2.0
/* Words to values: addresses, ports, protocols, durations, rates, services. */
#include "model.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

#define NEST_WORK 10000		/* names that one name may stand for */

bool parse_ip(const char *s, int *family, u128 *v)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1) {
		*family = 4;
		*v = load_be(b, 4);
		return true;
	}
	if (inet_pton(AF_INET6, s, b) == 1) {
		*family = 6;
		*v = load_be(b, 16);
		return true;
	}
	return false;
}

void sb_ip(struct sbuf *b, int family, u128 v)
{
	char buf[INET6_ADDRSTRLEN];
	uint8_t a[16];

	if (family == 6) {
		store_be(a, 16, v);
		inet_ntop(AF_INET6, a, buf, sizeof(buf));
		sb_put(b, buf);
		return;
	}
	for (int shift = 24; shift >= 0; shift -= 8) {
		sb_num(b, (unsigned)(v >> shift) & 255);
		if (shift)
			sb_putn(b, ".", 1);
	}
}

char *fmt_ip(int family, u128 v)
{
	struct sbuf b = { 0 };

	sb_ip(&b, family, v);
	return sb_str(&b);
}

static u128 low_mask(int bits)
{
	return bits >= 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
}

static void push_range(addrvec *out, int fam, int kind, u128 lo, u128 hi)
{
	struct zonefw_addr a = { .family = fam, .kind = kind };

	store_be(a.lo, fam == 4 ? 4 : 16, lo);
	store_be(a.hi, fam == 4 ? 4 : 16, hi);
	PUSH(*out, a);
}

/* A/len; returns -1: not one, 0: reported, 1: done */
static int parse_prefix(struct model *m, struct tok *t, int *fam, u128 *v, int *len)
{
	const char *slash = strchr(t->s, '/');
	uint64_t n;
	u128 host;

	if (!slash || !parse_ip(xstrndup(t->s, slash - t->s), fam, v))
		return -1;
	if (!parse_u64(slash + 1, *fam == 4 ? 32 : 128, &n)) {
		err_at(m, t->pos, "bad prefix length in '%s'", t->s);
		return 0;
	}
	host = low_mask((*fam == 4 ? 32 : 128) - (int)n);
	if (*v & host) {
		err_at(m, t->pos, "'%s' has host bits set; did you mean %s/%d?", t->s,
		       fmt_ip(*fam, *v & ~host), (int)n);
		return 0;
	}
	*len = (int)n;
	return 1;
}

static bool addr_suffix(struct model *m, struct tok *t, addrvec *out, struct sbuf *text)
{
	char *slash = strchr(t->s, '/');
	uint64_t n;
	int fam;
	u128 v;

	if (!parse_ip(xstrndup(t->s, slash - t->s), &fam, &v) || fam != 6 ||
	    !parse_u64(slash + 2, 128, &n) || n < 1) {
		err_at(m, t->pos, "bad address suffix '%s'; one looks like ::1/-64", t->s);
		return false;
	}
	if (v & ~low_mask((int)n)) {
		err_at(m, t->pos, "'%s' has bits set above its low %d bits", t->s, (int)n);
		return false;
	}
	push_range(out, 6, 1, v, low_mask((int)n));
	sb_sep(text);
	sb_ip(text, 6, v);
	sb_fmt(text, "/-%d", (int)n);
	return true;
}

/* Names that stand for names: bounded in depth, and in how often one is looked at. */
bool nest_enter(struct model *m, struct pos pos, const char *kind, const char *name, bool busy)
{
	if (!m->depth)
		m->work = 0;
	if (busy)
		err_at(m, pos, "%s '%s' %s itself", kind, name, *kind == 'l' ? "refers to" : "contains");
	else if (m->depth >= NEST_MAX)
		err_at(m, pos, "%s '%s': more than %d names one inside the other", kind, name, NEST_MAX);
	else if (m->work > NEST_WORK)
		err_at(m, pos, "%s '%s' stands for more than %d names", kind, name, NEST_WORK);
	else
		return ++m->depth && ++m->work;
	return false;
}

static bool addr_let(struct model *m, struct tok *t, addrvec *out, struct sbuf *text)
{
	struct sbuf inner = { 0 }, *values;
	struct let *l = let_find(m, t->s);
	strvec cand = { 0 };
	const char *s;
	bool ok = true;

	if (!l && m->lenient && name_valid(t->s)) {
		push_range(out, 4, 0, 0, 0);
		push_range(out, 6, 0, 0, 0);
		return true;
	}
	if (!l) {
		for (int i = 0; i < m->lets.n; i++)
			PUSH(cand, m->lets.v[i]->name);
		s = suggest(t->s, &cand);
		err_at(m, t->pos, "'%s' is neither an address nor a let name%s", t->s, s);
		return false;
	}
	l->used = true;
	if (!nest_enter(m, t->pos, "let", l->name, l->busy))
		return false;
	l->busy = true;
	values = l->keep ? &inner : text;
	for (int i = 0; i < l->val.n && ok; i++) {
		struct tok v = l->val.v[i];
		int before = m->errors;

		if (looks_port(v.s)) {
			err_at(m, t->pos, "'%s' holds ports, not addresses", t->s);
			ok = false;
			break;
		}
		ok = parse_addr_word(m, &v, out, values);
		if (!ok && m->errors == before)
			err_at(m, t->pos, "'%s' does not hold addresses", t->s);
		if (ok && out->n > ZONEFW_LIST_MAX) {
			err_at(m, t->pos, "more than %d elements in one list", ZONEFW_LIST_MAX);
			ok = false;
		}
	}
	l->busy = false;
	m->depth--;
	if (l->keep)
		sb_fmt(text, "%s%s", text->n ? ", " : "", l->name);
	return ok;
}

static struct set *set_use(struct model *m, struct tok *t, bool port, struct sbuf *text)
{
	struct set *s = set_find(m, t->s + 1);
	strvec cand = { 0 };

	if (!s && m->lenient && name_valid(t->s + 1)) {
		s = xalloc(sizeof(*s));
		s->name = t->s + 1;
		s->port = port;
		PUSH(m->sets, s);
	}
	if (!s) {
		for (int i = 0; i < m->sets.n; i++)
			PUSH(cand, m->sets.v[i]->name);
		err_at(m, t->pos, "no set '%s'%s", t->s + 1, suggest(t->s + 1, &cand));
		return NULL;
	}
	s->used = true;
	if (s->port != port) {
		err_at(m, t->pos, "set '%s' holds %s", s->name, s->port ? "ports" : "addresses");
		return NULL;
	}
	sb_item(text, t->s);
	return s;
}

static bool addr_set(struct model *m, struct tok *t, addrvec *out, struct sbuf *text)
{
	struct zonefw_addr a = { .kind = KIND_SET };
	struct set *s = set_use(m, t, false, text);

	if (!s)
		return false;
	memcpy(a.lo, &s, sizeof(s));
	PUSH(*out, a);
	return true;
}

bool parse_addr_word(struct model *m, struct tok *t, addrvec *out, struct sbuf *text)
{
	const char *dash;
	int fam, fam2, len, r;
	u128 v, w;

	if (t->s[0] == '@')
		return addr_set(m, t, out, text);
	if (strstr(t->s, "/-"))
		return addr_suffix(m, t, out, text);
	if (parse_ip(t->s, &fam, &v)) {
		push_range(out, fam, 0, v, v);
		sb_sep(text);
		sb_ip(text, fam, v);
		return true;
	}
	r = parse_prefix(m, t, &fam, &v, &len);
	if (r >= 0) {
		if (!r)
			return false;
		push_range(out, fam, 0, v, v | low_mask((fam == 4 ? 32 : 128) - len));
		sb_sep(text);
		sb_ip(text, fam, v);
		sb_put(text, "/");
		sb_num(text, (unsigned)len);
		return true;
	}
	dash = strchr(t->s, '-');
	if (dash && parse_ip(xstrndup(t->s, dash - t->s), &fam, &v)) {
		if (!parse_ip(dash + 1, &fam2, &w) || fam != fam2) {
			err_at(m, t->pos, "bad address range '%s'", t->s);
			return false;
		}
		if (w < v) {
			err_at(m, t->pos, "range '%s' is reversed; did you mean %s-%s?", t->s,
			       fmt_ip(fam, w), fmt_ip(fam, v));
			return false;
		}
		push_range(out, fam, 0, v, w);
		sb_sep(text);
		sb_ip(text, fam, v);
		sb_put(text, "-");
		sb_ip(text, fam, w);
		return true;
	}
	if (isdigit((unsigned char)t->s[0]) || strchr(t->s, ':') || strchr(t->s, '/')) {
		err_at(m, t->pos, "'%s' is not an address", t->s);
		return false;
	}
	return addr_let(m, t, out, text);
}

bool parse_net(struct model *m, struct tok *t, struct zonefw_net *n)
{
	int fam, len, r;
	u128 v;

	memset(n, 0, sizeof(*n));
	if (parse_ip(t->s, &fam, &v)) {
		len = fam == 4 ? 32 : 128;
	} else {
		r = parse_prefix(m, t, &fam, &v, &len);
		if (r < 0)
			err_at(m, t->pos, "'%s' is not a prefix", t->s);
		if (r <= 0)
			return false;
	}
	n->family = fam;
	n->len = len;
	store_be(n->addr, fam == 4 ? 4 : 16, v);
	return true;
}

char *fmt_net(const struct zonefw_net *n)
{
	return xfmt("%s/%d", fmt_ip(n->family, load_be(n->addr, n->family == 4 ? 4 : 16)), n->len);
}

int port_by_name(const char *s)
{
	struct servent *e = getservbyname(s, NULL);

	return e ? ntohs((uint16_t)e->s_port) : -1;
}

static bool port_let(struct model *m, struct let *l, struct tok *t, prvec *out, struct sbuf *text)
{
	struct sbuf inner = { 0 }, *values = l->keep ? &inner : text;
	bool ok = true;

	l->used = true;
	if (!nest_enter(m, t->pos, "let", l->name, l->busy))
		return false;
	l->busy = true;
	for (int i = 0; i < l->val.n && ok; i++) {
		if (looks_addr(l->val.v[i].s)) {
			err_at(m, t->pos, "'%s' holds addresses, not ports", t->s);
			ok = false;
			break;
		}
		ok = parse_port_word(m, &l->val.v[i], out, values);
		if (ok && out->n > ZONEFW_LIST_MAX) {
			err_at(m, t->pos, "more than %d elements in one list", ZONEFW_LIST_MAX);
			ok = false;
		}
	}
	l->busy = false;
	m->depth--;
	if (l->keep)
		sb_fmt(text, "%s%s", text->n ? ", " : "", l->name);
	return ok;
}

bool parse_port_word(struct model *m, struct tok *t, prvec *out, struct sbuf *text)
{
	const char *dash = strchr(t->s, '-'), *colon = strchr(t->s, ':');
	struct let *l = let_find(m, t->s);
	strvec cand = { 0 };
	uint64_t a, b;
	char *range;
	int p;

	if (t->s[0] == '@') {
		struct set *set = set_use(m, t, true, text);

		if (set)
			PUSH(*out, ((struct prange){ 0, 0, set }));
		return set != NULL;
	}
	if (l)
		return port_let(m, l, t, out, text);
	if (parse_u64(t->s, 65535, &a)) {
		PUSH(*out, ((struct prange){ (uint16_t)a, (uint16_t)a, NULL }));
		sb_sep(text);
		sb_num(text, a);
		return true;
	}
	if (dash && isdigit((unsigned char)t->s[0])) {
		if (!parse_u64(xstrndup(t->s, dash - t->s), 65535, &a) || !parse_u64(dash + 1, 65535, &b)) {
			err_at(m, t->pos, "bad port range '%s'", t->s);
			return false;
		}
		if (b < a) {
			err_at(m, t->pos, "range '%s' is reversed; did you mean %u-%u?", t->s,
			       (unsigned)b, (unsigned)a);
			return false;
		}
		PUSH(*out, ((struct prange){ (uint16_t)a, (uint16_t)b, NULL }));
		sb_sep(text);
		sb_num(text, a);
		sb_put(text, "-");
		sb_num(text, b);
		return true;
	}
	p = isdigit((unsigned char)t->s[0]) ? -1 : port_by_name(t->s);
	if (p >= 0) {
		PUSH(*out, ((struct prange){ (uint16_t)p, (uint16_t)p, NULL }));
		sb_sep(text);
		sb_num(text, (unsigned)p);
		return true;
	}
	if (m->lenient && name_valid(t->s)) {
		PUSH(*out, ((struct prange){ 0, 0, NULL }));
		return true;
	}
	for (int i = 0; i < m->lets.n; i++)
		PUSH(cand, m->lets.v[i]->name);
	for (int i = 0; i < m->services.n; i++)
		if (port_by_name(m->services.v[i]->name) >= 0)
			PUSH(cand, m->services.v[i]->name);
	range = colon ? xfmt("%.*s-%s", (int)(colon - t->s), t->s, colon + 1) : NULL;
	if (range && looks_port(range)) {
		err_at(m, t->pos, "'%s' is not a port; did you mean %s?", t->s, range);
		return false;
	}
	err_at(m, t->pos, "'%s' is not a port%s", t->s, isdigit((unsigned char)t->s[0]) ?
	       " (0-65535)" : suggest(t->s, &cand));
	return false;
}

bool parse_duration(const char *s, uint64_t *sec)
{
	uint64_t total = 0;

	if (!isdigit((unsigned char)*s))
		return false;
	while (*s) {
		char *end;
		unsigned long long n = strtoull(s, &end, 10);
		unsigned mul = 1;

		if (end == s || !isdigit((unsigned char)*s) || n > 1000000000ull)
			return false;
		switch (*end) {
		case 0: mul = 1; break;
		case 's': mul = 1; end++; break;
		case 'm': mul = 60; end++; break;
		case 'h': mul = 3600; end++; break;
		case 'd': mul = 86400; end++; break;
		default: return false;
		}
		total += n * mul;
		s = end;
	}
	*sec = total;
	return true;
}

bool parse_rate(const char *s, uint32_t *n, uint32_t *per)
{
	static const struct { const char *w; uint32_t per; } units[] = {
		{ "second", 1 }, { "s", 1 }, { "minute", 60 }, { "m", 60 },
		{ "hour", 3600 }, { "h", 3600 }, { "day", 86400 }, { "d", 86400 },
	};
	const char *slash = strchr(s, '/');
	uint64_t v;

	if (!slash || !parse_u64(xstrndup(s, slash - s), 0xffffffff, &v) || !v)
		return false;
	for (int i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(slash + 1, units[i].w)) {
			*n = (uint32_t)v;
			*per = units[i].per;
			return true;
		}
	}
	return false;
}

static const struct { const char *name; int n; } protos[] = {
	{ "icmp", 1 }, { "igmp", 2 }, { "ipip", 4 }, { "tcp", 6 }, { "udp", 17 }, { "dccp", 33 },
	{ "ipv6", 41 }, { "gre", 47 }, { "esp", 50 }, { "ah", 51 }, { "icmpv6", 58 }, { "eigrp", 88 },
	{ "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 }, { "l2tp", 115 }, { "sctp", 132 }, { "udplite", 136 },
};

int proto_number(const char *s)
{
	struct protoent *e;
	uint64_t v;

	if (parse_u64(s, 255, &v))
		return (int)v;
	for (int i = 0; i < ARRAY_SIZE(protos); i++)
		if (!strcmp(s, protos[i].name))
			return protos[i].n;
	if (isdigit((unsigned char)*s))
		return -1;
	e = getprotobyname(s);
	return e ? e->p_proto : -1;
}

const char *proto_meant(const char *s)
{
	strvec cand = { 0 };

	for (int i = 0; i < ARRAY_SIZE(protos); i++)
		PUSH(cand, (char *)protos[i].name);
	return suggest(s, &cand);
}

const char *proto_name(int n)
{
	for (int i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].n == n)
			return protos[i].name;
	return xfmt("%d", n);
}

static const struct { const char *name; int v4, v6; } types[] = {
	{ "echo-request", 8, 128 }, { "echo-reply", 0, 129 }, { "destination-unreachable", 3, 1 },
	{ "packet-too-big", -1, 2 }, { "source-quench", 4, -1 }, { "redirect", 5, 137 },
	{ "time-exceeded", 11, 3 }, { "parameter-problem", 12, 4 },
	{ "router-advertisement", 9, 134 }, { "router-solicitation", 10, 133 },
	{ "timestamp-request", 13, -1 }, { "timestamp-reply", 14, -1 },
	{ "address-mask-request", 17, -1 }, { "address-mask-reply", 18, -1 },
	{ "neighbour-solicitation", -1, 135 }, { "neighbour-advertisement", -1, 136 },
	{ "neighbor-solicitation", -1, 135 }, { "neighbor-advertisement", -1, 136 },
	{ "nd-router-solicit", -1, 133 }, { "nd-router-advert", -1, 134 },
	{ "nd-neighbor-solicit", -1, 135 }, { "nd-neighbor-advert", -1, 136 }, { "nd-redirect", -1, 137 },
	{ "mld-listener-query", -1, 130 }, { "mld-listener-report", -1, 131 },
	{ "mld-listener-done", -1, 132 }, { "mld2-listener-report", -1, 143 },
};

const char *type_meant(const char *s)
{
	strvec cand = { 0 };

	for (int i = 0; i < ARRAY_SIZE(types); i++)
		PUSH(cand, (char *)types[i].name);
	return suggest(s, &cand);
}

int icmp_type(int proto, const char *s)
{
	uint64_t v;

	if (parse_u64(s, 255, &v))
		return (int)v;
	for (int i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, s))
			return proto == 58 ? types[i].v6 : types[i].v4;
	return -1;
}

struct zonefw_l4 l4_full(int proto)
{
	struct zonefw_l4 b = { .sport_hi = 65535, .dport_hi = 65535, .type_hi = 255, .code_hi = 255 };

	if (proto >= 0) {
		b.proto = (uint8_t)proto;
		b.flags = ZONEFW_L4_F_PROTO;
	}
	return b;
}

bool service_boxes(struct model *m, struct service *s, l4vec *out)
{
	bool ok = true;

	s->used = true;
	if (!nest_enter(m, s->pos, "service", s->name, s->busy))
		return false;
	s->busy = true;
	for (int i = 0; i < s->items.n && ok; i++) {
		struct svc_item *it = &s->items.v[i];
		struct service *sub;

		if (!it->ref) {
			PUSH(*out, it->box);
			continue;
		}
		sub = service_find(m, it->ref);
		if (!sub) {
			strvec cand = { 0 };

			for (int j = 0; j < m->services.n; j++)
				PUSH(cand, m->services.v[j]->name);
			err_at(m, it->pos, "no service '%s'%s", it->ref, suggest(it->ref, &cand));
			ok = false;
		} else {
			ok = service_boxes(m, sub, out);
		}
		if (ok && out->n > ZONEFW_LIST_MAX) {
			err_at(m, s->pos, "service '%s' has more than %d parts", s->name, ZONEFW_LIST_MAX);
			ok = false;
		}
	}
	s->busy = false;
	m->depth--;
	return ok;
}
