// SPDX-License-Identifier: GPL-2.0
/*
 * Rule sets and packets from a seed: the shapes that firewalls have (text-book,
 * one source prefix, ClassBench's access lists, firewalls and IP chains), and
 * shapes made to hurt.
 */
#include <stdio.h>
#include <stdlib.h>
#include "rulegen.h"

const char *const rulegen_names[RG_KINDS] = {
	"tiny", "textbook", "one-source", "acl", "fw", "ipc", "overlap", "nested", "cross", "lists",
};

#define LIST	40	/* elements of a list at most */

static u64 state = 88172645463325252ull;

void rulegen_seed(u64 seed)
{
	state = seed * 2654435761u + 88172645463325252ull;
	if (!state)
		state = 1;
}

u32 rulegen_random(u32 below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (u32)(state >> 20) % below;
}

#define rnd rulegen_random

static void put32(u8 *p, u32 x)
{
	p[0] = x >> 24;
	p[1] = x >> 16;
	p[2] = x >> 8;
	p[3] = x;
}

/* A prefix as a range; IPv6 puts the 32 bits behind 2001:db8, v4 takes them plain. */
static void prefix(struct zonefw_addr *a, u8 family, u32 x, int len)
{
	u32 m = len ? ~0u << (32 - len) : 0;

	memset(a, 0, sizeof(*a));
	a->family = family;
	if (family == 4) {
		put32(a->lo, x & m);
		put32(a->hi, x | ~m);
		return;
	}
	memset(a->hi, 0xff, 16);
	put32(a->lo, 0x20010db8);
	put32(a->hi, 0x20010db8);
	put32(a->lo + 4, x & m);
	put32(a->hi + 4, x | ~m);
	if (len == 32) {	/* a host */
		put32(a->lo + 12, x * 2654435761u);
		put32(a->hi + 12, x * 2654435761u);
		memset(a->hi + 8, 0, 4);
	}
}

static void tiny_addr(struct zonefw_addr *a)
{
	u8 x[16];

	memset(a, 0, sizeof(*a));
	a->family = rnd(2) ? 4 : 6;
	a->kind = rnd(4) == 0;
	for (int i = 0; i < 16; i++) {
		a->lo[i] = rnd(4);
		x[i] = rnd(4);
		a->hi[i] = a->kind ? (u8)rnd(256) : x[i];
		if (a->kind)
			a->lo[i] &= a->hi[i];
	}
	if (!a->kind && memcmp(a->lo, a->hi, 16) > 0) {
		memcpy(x, a->lo, 16);
		memcpy(a->lo, a->hi, 16);
		memcpy(a->hi, x, 16);
	}
	/* a v4 range may not be reversed in its own four bytes either */
	if (!a->kind && memcmp(a->lo, a->hi, 4) > 0)
		memcpy(a->hi, a->lo, 4);
}

static void tiny_l4(struct zonefw_l4 *b)
{
	memset(b, 0, sizeof(*b));
	b->flags = rnd(8);
	b->proto = (u8[]){ 1, 6, 17, 58 }[rnd(4)];
	b->sport_lo = rnd(8);
	b->sport_hi = b->sport_lo + rnd(8);
	b->dport_lo = rnd(8);
	b->dport_hi = b->dport_lo + rnd(8);
	b->type_lo = rnd(4);
	b->type_hi = b->type_lo + rnd(4);
	b->code_hi = rnd(2) ? 255 : rnd(3);
}

static void tiny_rule(struct zonefw_rule *r, struct zonefw_addr *a, struct zonefw_l4 *l)
{
	r->nsrc = rnd(4);
	r->ndst = rnd(4);
	r->nl4 = rnd(4);
	for (int j = 0; j < 3; j++) {
		tiny_addr(&a[j]);
		tiny_addr(&a[LIST + j]);
		tiny_l4(&l[j]);
	}
	r->flags = rnd(4) ? 0 : rnd(256);
	r->family = (u8[]){ 0, 0, 4, 6 }[rnd(4)];
	r->has_dscp = rnd(4) == 0;
	r->dscp = rnd(2);
	r->has_mark = rnd(4) == 0;
	r->mask = rnd(4);
	r->mark = rnd(4) & r->mask;
}

static void l4_ports(struct zonefw_l4 *l, u8 proto, u32 lo, u32 hi)
{
	*l = (struct zonefw_l4){ .proto = proto, .flags = ZONEFW_L4_F_PROTO, .sport_hi = 65535,
				 .dport_lo = lo, .dport_hi = hi };
	if (proto == 6 || proto == 17)
		l->flags |= ZONEFW_L4_F_PORTS;
}

/* Ports as ClassBench's five classes: any, ephemeral, well known, range, exact. */
static void class_ports(u16 *lo, u16 *hi, int wild, int high, int low, int range)
{
	int x = rnd(100);

	*lo = 0;
	*hi = 65535;
	if (x < wild)
		return;
	if (x < wild + high) {
		*lo = 1024;
	} else if (x < wild + high + low) {
		*hi = 1023;
	} else if (x < wild + high + low + range) {
		*lo = rnd(60000);
		*hi = *lo + rnd(5000);
	} else {
		*lo = *hi = rnd(4) ? (u16[]){ 80, 443, 25, 53, 22, 110, 143, 389, 1521, 8080,
					      3306, 5432, 161, 123, 21, 445 }[rnd(16)] : rnd(65535);
	}
}

/* A site's address: some /16, some /24 of it, skewed as allocations are. */
static u32 site(u32 nets)
{
	u32 net = rnd(2) ? rnd(nets) : rnd(nets / 8 + 1);

	return (net * 2654435761u & 0xffff0000) | rnd(256) << 8 | rnd(256);
}

struct shape { int src_any, src_net, dst_any, dst_net; int sport_any; int dwild, dhigh, dlow, drange; };

/* Shares in per cent, after the published seeds' statistics. */
static const struct shape shapes[RG_KINDS] = {
	[RG_ACL] = { 4, 60, 1, 30, 99, 30, 8, 1, 15 },
	[RG_FW]  = { 35, 30, 22, 35, 75, 25, 18, 2, 8 },
	[RG_IPC] = { 12, 45, 10, 45, 85, 45, 6, 2, 5 },
};

static void class_addr(struct zonefw_addr *a, u16 *n, u8 family, int any, int net, u32 sites)
{
	int x = rnd(100);

	if (x < any)
		return;
	*n = 1;
	prefix(a, family, site(sites), x < any + net ? (int[]){ 8, 16, 20, 21, 22, 23, 24, 24,
			24, 24, 25, 26, 27, 28, 29, 30 }[rnd(16)] : 32);
}

static void class_rule(struct zonefw_rule *r, struct zonefw_addr *a, struct zonefw_l4 *l,
		       const struct ruleset *s)
{
	const struct shape *h = &shapes[s->kind];
	u32 sites = s->n / 20 + 8;
	int proto = rnd(100);

	class_addr(a, &r->nsrc, s->family, h->src_any, h->src_net, sites);
	class_addr(a + LIST, &r->ndst, s->family, h->dst_any, h->dst_net, sites);
	if (proto < 8 && r->nsrc && r->ndst)
		return;
	r->nl4 = 1;
	if (!r->nsrc && !r->ndst)
		proto = proto % 90 + 4;
	l4_ports(l, proto < 70 ? 6 : proto < 95 ? 17 : 1, 0, 65535);
	if (!(l->flags & ZONEFW_L4_F_PORTS))
		return;
	if (r->nsrc || r->ndst)
		class_ports(&l->dport_lo, &l->dport_hi, h->dwild, h->dhigh, h->dlow, h->drange);
	else
		class_ports(&l->dport_lo, &l->dport_hi, 0, 0, 0, h->drange);
	if ((int)rnd(100) >= h->sport_any)
		class_ports(&l->sport_lo, &l->sport_hi, 0, 50, 10, 10);
}

static void plain_rule(struct zonefw_rule *r, struct zonefw_addr *a, struct zonefw_l4 *l,
		       const struct ruleset *s, u32 i)
{
	r->nl4 = r->ndst = 1;
	if (s->kind == RG_ONE_SOURCE) {
		r->nsrc = 1;
		prefix(a, s->family, 0x0a000000, 16);
		prefix(a + LIST, s->family, 0x0a640000 + i, 32);
		l4_ports(l, 17, 5000, 5000);
		return;
	}
	/* text-book: services of servers, for everyone or for one network */
	prefix(a + LIST, s->family, 0x0a000000 | (i / 3 % 65536) << 8 | (i / 3 / 65536 + 10), 32);
	l4_ports(l, rnd(5) ? 6 : 17, 0, 0);
	l->dport_lo = l->dport_hi = (u16[]){ 80, 443, 25, 53, 22, 143 }[(i + i / 3) % 6];
	if (rnd(3) == 0) {
		r->nsrc = 1;
		prefix(a, s->family, 0xc0a80000 | rnd(64) << 8, 24);
	}
}

static void hostile_rule(struct zonefw_rule *r, struct zonefw_addr *a, struct zonefw_l4 *l,
			 const struct ruleset *s, u32 i)
{
	int depth = i % 33;

	r->nl4 = r->nsrc = r->ndst = 1;
	l4_ports(l, 6, 0, 65535);
	switch (s->kind) {
	case RG_OVERLAP:	/* intervals that all hold the middle */
		prefix(a, s->family, 0, 0);
		prefix(a + LIST, s->family, 0, 0);
		put32(a[0].lo + (s->family == 6) * 4, rnd(0x7fffffff));
		put32(a[0].hi + (s->family == 6) * 4, 0x80000000 | rnd(0x7fffffff));
		put32(a[LIST].lo + (s->family == 6) * 4, rnd(0x7fffffff));
		put32(a[LIST].hi + (s->family == 6) * 4, 0x80000000 | rnd(0x7fffffff));
		l->dport_lo = rnd(32767);
		l->dport_hi = 32768 + rnd(32767);
		break;
	case RG_NESTED:
		prefix(a, s->family, 0x55aa55aa, 32 - depth);
		prefix(a + LIST, s->family, 0xaa55aa55, depth);
		l->dport_lo = 20000 - rnd(20000);
		l->dport_hi = 20000 + rnd(40000);
		break;
	default:
		prefix(&a[i & 1 ? LIST : 0], s->family, rnd(0x10000) << 16 | i, 32);
		if (i & 1)
			r->nsrc = 0;
		else
			r->ndst = 0;
		l->dport_lo = l->dport_hi = rnd(65536);
		break;
	}
}

static void list_rule(struct zonefw_rule *r, struct zonefw_addr *a, struct zonefw_l4 *l,
		      const struct ruleset *s)
{
	u32 i;

	r->nsrc = rnd(LIST);
	r->ndst = rnd(LIST);
	r->nl4 = rnd(LIST);
	for (i = 0; i < LIST; i++) {
		u8 family = rnd(8) ? s->family : 10 - s->family;

		prefix(&a[i], family, 0x0a000000 | rnd(1 << 12), 32 - rnd(6));
		prefix(&a[LIST + i], family, 0x0a000000 | rnd(1 << 12), 32 - rnd(6));
		if (family == 4 && rnd(6) == 0) {	/* a mask with holes */
			a[i].kind = 1;
			put32(a[i].hi, 0xff000f0f);
			put32(a[i].lo, 0x0a000000 | (rnd(4096) & 0xf0f));
		}
		l4_ports(&l[i], rnd(2) ? 6 : 17, 0, 0);
		l->dport_lo = l[i].dport_lo = rnd(64);
		l[i].dport_hi = l[i].dport_lo + rnd(8);
		l[0].dport_hi = l[0].dport_lo + 2;
	}
	if (rnd(4) == 0)
		r->flags = rnd(4);
}

static void rule(struct ruleset *s, u32 i)
{
	struct zonefw_addr *a = &s->addr[(size_t)i * 2 * LIST];
	struct zonefw_l4 *l = &s->l4[(size_t)i * LIST];
	struct zonefw_rule *r = &s->rule[i];

	r->src = a;
	r->dst = a + LIST;
	r->l4 = l;
	r->action = rnd(8) ? ZONEFW_ACCEPT : ZONEFW_CONTINUE;
	switch (s->kind) {
	case RG_TINY:
		tiny_rule(r, a, l);
		break;
	case RG_TEXTBOOK:
	case RG_ONE_SOURCE:
		plain_rule(r, a, l, s, i);
		break;
	case RG_ACL:
	case RG_FW:
	case RG_IPC:
		class_rule(r, a, l, s);
		break;
	case RG_LISTS:
		list_rule(r, a, l, s);
		break;
	default:
		hostile_rule(r, a, l, s, i);
		break;
	}
}

/* How much a rule leaves open, in bits; ClassBench has the narrow ones first. */
static u32 openness(const struct zonefw_rule *r)
{
	u32 bits = r->nsrc ? 0 : 32, i;
	const u8 *lo, *hi;

	bits += r->ndst ? 0 : 32;
	for (i = 0; i < 16; i++) {
		lo = r->src->lo + i % 8;
		hi = r->src->hi + i % 8;
		if (i < 8 ? r->nsrc : r->ndst)
			bits += __builtin_popcount((i < 8 ? lo : r->dst->lo + i % 8)[0] ^
						   (i < 8 ? hi : r->dst->hi + i % 8)[0]);
	}
	if (!r->nl4)
		return bits + 24;
	return bits + (r->l4->dport_hi == r->l4->dport_lo ? 0 : 12);
}

static int narrower(const void *a, const void *b)
{
	u32 x = openness(a), y = openness(b);

	return x < y ? -1 : x > y;
}

static void *zeros(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p) {
		perror("rulegen");
		exit(2);
	}
	return p;
}

/**
 * rulegen_make() - a rule set
 * @kind: shape
 * @n: rules
 * @family: 4 or 6; RG_TINY has both
 *
 * Return: the set, to be freed with rulegen_free().
 */
struct ruleset *rulegen_make(enum rulegen_kind kind, u32 n, u8 family)
{
	struct ruleset *s = zeros(1, sizeof(*s));
	u32 i;

	s->kind = kind;
	s->family = family;
	s->n = n;
	s->rule = zeros(n, sizeof(*s->rule));
	s->rules = zeros(n, sizeof(*s->rules));
	s->addr = zeros((size_t)n * 2 * LIST, sizeof(*s->addr));
	s->l4 = zeros((size_t)n * LIST, sizeof(*s->l4));
	for (i = 0; i < n; i++) {
		rule(s, i);
		s->rules[i] = &s->rule[i];
	}
	if (kind == RG_ACL || kind == RG_FW || kind == RG_IPC)
		qsort(s->rule, n, sizeof(*s->rule), narrower);
	return s;
}

void rulegen_free(struct ruleset *s)
{
	free(s->rule);
	free(s->rules);
	free(s->addr);
	free(s->l4);
	free(s);
}

static void tiny_key(struct zonefw_key *k)
{
	k->family = rnd(2) ? 4 : 6;
	k->proto = (u8[]){ 1, 6, 17, 58 }[rnd(4)];
	k->flags = rnd(4);
	k->type = rnd(6);
	k->code = rnd(3);
	k->sport = rnd(16);
	k->dport = rnd(16);
	k->dscp = rnd(2);
	k->mark = rnd(4);
	for (int i = 0; i < (k->family == 4 ? 4 : 16); i++) {
		k->src[i] = rnd(4);
		k->dst[i] = rnd(4);
	}
}

/* A value of a range: an end, one beside it, or its lower end with low bits at random. */
static void address_of(const struct zonefw_addr *a, u16 n, u8 family, u8 *x)
{
	const struct zonefw_addr *e = n ? &a[rnd(n)] : NULL;
	int len = family == 4 ? 4 : 16, i;

	for (i = 0; i < len; i++)
		x[i] = rnd(256);
	if (!e || e->family != family)
		return;
	switch (e->kind ? 0 : rnd(4)) {
	case 0:
		memcpy(x, e->lo, len);
		break;
	case 1:
		memcpy(x, e->hi, len);
		break;
	case 2:
		memcpy(x, e->lo, len);
		x[len - 1]--;
		break;
	default:
		for (i = 0; i < len; i++)
			x[i] = e->lo[i] | (x[i] & (e->lo[i] ^ e->hi[i]));
	}
}

/**
 * rulegen_key() - a packet: at the edges of a rule of the set, or anything
 * @s: rule set, of at least one rule
 * @k: out
 */
void rulegen_key(const struct ruleset *s, struct zonefw_key *k)
{
	const struct zonefw_rule *r = &s->rule[rnd(s->n)];
	const struct zonefw_l4 *l = r->nl4 ? &r->l4[rnd(r->nl4)] : NULL;

	memset(k, 0, sizeof(*k));
	if (s->kind == RG_TINY) {
		tiny_key(k);
		return;
	}
	k->family = s->family;
	k->proto = l && rnd(16) ? l->proto : (u8[]){ 1, 6, 17, 50 }[rnd(4)];
	k->flags = rnd(64) ? ZONEFW_K_PORTS : rnd(4);
	k->sport = l && rnd(2) ? l->sport_lo : rnd(65536);
	k->dport = l ? (u16[]){ l->dport_lo, l->dport_hi, l->dport_lo + 1, rnd(65536) }[rnd(4)] :
		       rnd(65536);
	address_of(r->src, r->nsrc, s->family, k->src);
	if (rnd(8) == 0)
		r = &s->rule[rnd(s->n)];
	address_of(r->dst, r->ndst, s->family, k->dst);
}
