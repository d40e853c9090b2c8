// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: a rule set and packets out of the fuzzer's bytes, looked up
 * by the module's core and by the oracle; the two must name the same rule.
 * Values are drawn from few bits, so that boxes touch, nest and overlap.
 */
#include <stdio.h>
#include <stdlib.h>
#include "core/table.h"
#include "../core/oracle.h"

#define RULES	24
#define LIST	3
#define KEYS	48

struct input { const uint8_t *p; size_t n; };

static struct zonefw_addr src[RULES][LIST], dst[RULES][LIST];
static struct zonefw_l4 l4[RULES][LIST];
static struct zonefw_rule rules[RULES];

static u8 take(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

static void bytes(struct input *in, u8 *out)
{
	u8 b = take(in);

	memset(out, b & 3, 16);
	out[0] = b >> 6;
	out[3] = out[15] = b >> 4 & 3;
	out[b & 15] = b >> 2 & 3;
}

static void addr(struct input *in, struct zonefw_addr *a)
{
	u8 how = take(in);
	int len;

	memset(a, 0, sizeof(*a));
	a->family = how & 1 ? 4 : 6;
	a->kind = (how & 6) == 6;
	len = a->family == 4 ? 4 : 16;
	bytes(in, a->lo);
	bytes(in, a->hi);
	if (how & 8)
		a->hi[0] = a->kind ? 0 : 0xff;
	for (int i = 0; a->kind && i < len; i++)
		a->lo[i] &= a->hi[i];
	if (!a->kind && memcmp(a->lo, a->hi, len) > 0)
		memcpy(a->hi, a->lo, 16);
}

static void box(struct input *in, struct zonefw_l4 *b)
{
	u8 x = take(in), y = take(in), z = take(in);

	memset(b, 0, sizeof(*b));
	b->flags = x & 7;
	b->proto = (u8[]){ 1, 6, 17, 58 }[x >> 3 & 3];
	b->sport_lo = y & 7;
	b->sport_hi = x & 32 ? 65535 : b->sport_lo + (y >> 3 & 7);
	b->dport_lo = z & 7;
	b->dport_hi = x & 64 ? 65535 : b->dport_lo + (z >> 3 & 7);
	b->type_lo = y >> 6;
	b->type_hi = x & 128 ? 255 : b->type_lo + (z >> 6);
	b->code_hi = y & 1 ? 255 : 0;
}

static void rule(struct input *in, int i)
{
	struct zonefw_rule *r = &rules[i];
	u8 n = take(in), how = take(in);

	memset(r, 0, sizeof(*r));
	r->nsrc = n & 3;
	r->ndst = n >> 2 & 3;
	r->nl4 = n >> 4 & 3;
	r->flags = how & 1 ? take(in) : 0;
	r->family = (u8[]){ 0, 0, 4, 6 }[n >> 6];
	r->has_dscp = how & 2;
	r->dscp = how >> 2 & 1;
	r->has_mark = how & 8;
	r->mask = how >> 4 & 3;
	r->mark = how >> 6 & r->mask;
	r->src = src[i];
	r->dst = dst[i];
	r->l4 = l4[i];
	for (int j = 0; j < LIST; j++) {
		if (j < r->nsrc)
			addr(in, &src[i][j]);
		if (j < r->ndst)
			addr(in, &dst[i][j]);
		if (j < r->nl4)
			box(in, &l4[i][j]);
	}
}

static void packet(struct input *in, struct zonefw_key *k)
{
	u8 x = take(in), y = take(in);

	memset(k, 0, sizeof(*k));
	k->family = x & 1 ? 4 : 6;
	k->flags = x >> 1 & 3;
	k->proto = (u8[]){ 1, 6, 17, 58 }[x >> 3 & 3];
	k->type = x >> 5;
	k->code = y & 1;
	k->dscp = y >> 1 & 1;
	k->mark = y >> 2 & 3;
	k->sport = y >> 4;
	k->dport = take(in) & 15;
	bytes(in, k->src);
	bytes(in, k->dst);
}

void *zonefw_mem_get(size_t n)
{
	return calloc(1, n ? n : 1);
}

void zonefw_mem_put(const void *p)
{
	free((void *)p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u32 n = take(&in) % RULES + 1, index[RULES];
	struct zonefw_cell cell = { .ntables = 1, .nrules = n };
	struct zonefw_rule *list[RULES];
	struct zonefw_list l = { .rules = list, .index = index, .n = n };

	for (u32 i = 0; i < n; i++) {
		list[index[i] = i] = &rules[i];
		rule(&in, i);
	}
	cell.tables[0] = zonefw_table_build(&l);
	for (int i = 0; i < KEYS; i++) {
		const struct zonefw_rule *r;
		struct zonefw_key k;
		struct zonefw_cursor cur = { 0 };
		u32 want = 0;

		packet(&in, &k);
		while (want < n && !oracle_match(&rules[want], &k))
			want++;
		r = zonefw_cell_next(list, &cell, &k, &cur);
		if (r ? r != &rules[want] || cur.slot != want + 1 : want != n) {
			fprintf(stderr, "packet %d: rule %ld, by the oracle %u of %u\n", i,
				r ? (long)cur.slot - 1 : -1L, want, n);
			abort();
		}
	}
	zonefw_table_free(cell.tables[0]);
	return 0;
}
