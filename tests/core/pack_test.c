// SPDX-License-Identifier: GPL-2.0
/*
 * Packed bytes are what they were: against a first rule that differs from them in a few
 * places, in length, or altogether; and whatever room there is, no more is written.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/pack.h"
#include "rulegen.h"
#include "table_test.h"

#define ROUNDS	20000

static u64 seed = 7;

static u32 upto(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

/* Some bytes of @from are left out, doubled or changed. */
static u32 edited(const u8 *from, u32 n, u8 *to)
{
	u32 often = upto(3) ? 5 + upto(60) : 2, i, m = 0;

	for (i = 0; i < n && m < ZONEFW_PACK_BYTES; i++) {
		u32 what = upto(often) ? 3 : upto(3);

		if (what == 0)
			continue;
		to[m++] = what == 1 ? (u8)upto(256) : from[i];
		if (what == 2 && m < ZONEFW_PACK_BYTES)
			to[m++] = from[i];
	}
	if (!m)
		to[m++] = 1;
	return m;
}

/* The packed bytes have memory of their own length: sanitizers watch its ends. */
static void round_trip(const struct zonefw_packing *k, const u8 *in, u32 n)
{
	u32 len, room = 2 * n + 16;
	u8 *out = malloc(room), *back = malloc(n), *like = malloc(k->n), *tight;

	len = zonefw_pack(k, in, n, out, room);
	assert_true(len && len <= n + 8 + n / 64);
	tight = malloc(len);
	memcpy(tight, out, len);
	memcpy(like, k->like, k->n);
	zonefw_unpack(like, tight, len, back);
	assert_memory_equal(back, in, n);
	free(tight);
	tight = malloc(len - 1 ? len - 1 : 1);
	assert_int_equal(zonefw_pack(k, in, n, tight, len - 1), 0);
	free(tight);
	free(like);
	free(back);
	free(out);
}

void test_pack(void **unused)
{
	u8 first[ZONEFW_PACK_BYTES], other[ZONEFW_PACK_BYTES];
	struct zonefw_packing k;
	u32 i, n, j;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		n = 1 + upto(upto(4) ? 200 : ZONEFW_PACK_BYTES);
		for (j = 0; j < n; j++)
			first[j] = upto(3) ? 0 : upto(256);
		zonefw_packing_init(&k, first, n);
		round_trip(&k, first, n);
		round_trip(&k, other, edited(first, n, other));
	}
}
