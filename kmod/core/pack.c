// SPDX-License-Identifier: GPL-2.0
/* Bytes as their difference from others that are much alike; see pack.h. Pure. */
#include "pack.h"

/* A step begins with a byte: shift given? literals 3 bits, bytes of the other 4 bits. */
#define SHIFTED		0x80u
#define LITERALS	7u	/* and one more byte, when there are so many or more */
#define SAME		15u	/* likewise; fewer than SAME_MIN do not pay */
#define SAME_MIN	3u
#define LITERALS_MAX	(LITERALS + 255)
#define SAME_MAX	(SAME + 255 + SAME_MIN - 1)

static u32 word_at(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static u32 hash_at(const u8 *p)
{
	return word_at(p) * 0x9e3779b1u >> 24;
}

/**
 * zonefw_packing_init() - what others will be held against
 * @k: out
 * @like: bytes, which stay where they are
 * @n: how many, at most ZONEFW_PACK_BYTES
 */
void zonefw_packing_init(struct zonefw_packing *k, const u8 *like, u32 n)
{
	u32 i;

	*k = (struct zonefw_packing){ .like = like, .n = n };
	for (i = 0; i + 4 <= n; i++)
		k->at[hash_at(like + i)] = i + 1;
}

/* Bytes that both have from here on. */
static u32 same(const struct zonefw_packing *k, u32 at, const u8 *in, u32 n)
{
	u32 i = 0;

	while (i < n && i < SAME_MAX && at + i < k->n && k->like[at + i] == in[i])
		i++;
	return i;
}

/* How far the bytes at @in go on like those at @at, or somewhere near. */
static u32 found(const struct zonefw_packing *k, u32 at, const u8 *in, u32 n, int *shift)
{
	u32 len = same(k, at, in, n), near;

	*shift = 0;
	if (len >= SAME_MIN)
		return len;
	near = n < 4 ? 0 : k->at[hash_at(in)];
	if (!near || near - 1 + 128 < at || near - 1 > at + 127)
		return 0;
	*shift = (int)(near - 1) - (int)at;
	len = same(k, near - 1, in, n);
	return len > SAME_MIN ? len : 0;
}

static u32 step(u8 *out, const u8 *literal, u32 n, u32 len, int shift)
{
	u32 l = n < LITERALS ? n : LITERALS, s = len ? len - SAME_MIN + 1 : 0, o = 1;

	out[0] = l << 4 | (s < SAME ? s : SAME) | (len && shift ? SHIFTED : 0);
	if (l == LITERALS)
		out[o++] = n - LITERALS;
	if (s >= SAME)
		out[o++] = s - SAME;
	if (len && shift)
		out[o++] = (u8)shift;
	memcpy(out + o, literal, n);
	return o + n;
}

/**
 * zonefw_pack() - the difference
 * @k: from what
 * @in: bytes
 * @n: how many, at least one
 * @out: the difference
 * @room: bytes there
 *
 * Return: bytes written, or 0 when there is no room.
 */
u32 zonefw_pack(const struct zonefw_packing *k, const u8 *in, u32 n, u8 *out, u32 room)
{
	u32 i = 0, from = 0, at = 0, o = 0, len;
	int shift = 0;

	for (;;) {
		len = i < n ? found(k, at + i - from, in + i, n - i, &shift) : 0;
		if (!len && i < n && i - from < LITERALS_MAX) {
			i++;
			continue;
		}
		if (room - o < 4 + i - from)
			return 0;
		o += step(out + o, in + from, i - from, len, shift);
		at += i - from + len + (len ? shift : 0);
		i += len;
		from = i;
		if (i == n)
			return o;
	}
}

/**
 * zonefw_unpack() - the bytes again
 * @like: from what the difference is
 * @in: the difference
 * @n: its length
 * @out: room for what was packed
 */
void zonefw_unpack(const u8 *like, const u8 *in, u32 n, u8 *out)
{
	const u8 *end = in + n;
	u32 at = 0, literals, len;
	u8 head;

	while (in < end) {
		head = *in++;
		literals = head >> 4 & LITERALS;
		len = head & SAME;
		if (literals == LITERALS)
			literals += *in++;
		if (len == SAME)
			len += *in++;
		len += len ? SAME_MIN - 1 : 0;
		at += literals + (head & SHIFTED ? (s8)*in++ : 0);
		memcpy(out, in, literals);
		memcpy(out + literals, like + at, len);
		in += literals;
		out += literals + len;
		at += len;
	}
}
