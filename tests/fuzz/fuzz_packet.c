// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: a packet out of the fuzzer's bytes, read by the module's own
 * reader in one piece and in two, and by a second reader that was written from the
 * RFCs and knows nothing of sk_buffs. All must say the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include "skb.h"
#include "skbkey.h"

struct input { const u8 *p; int n; };

static bool with_ports(u8 proto)
{
	return memchr("\x06\x11\x21\x84\x88", proto, 5);	/* TCP, UDP, DCCP, SCTP, UDP-Lite */
}

/* the head of what is carried: ports, or type and code */
static void carried(struct input in, int off, struct zonefw_key *k)
{
	if (with_ports(k->proto) && in.n - off >= 4) {
		k->sport = in.p[off] << 8 | in.p[off + 1];
		k->dport = in.p[off + 2] << 8 | in.p[off + 3];
		k->flags |= ZONEFW_K_PORTS;
	} else if ((k->proto == 1 || k->proto == 58) && in.n - off >= 2) {
		k->type = in.p[off];
		k->code = in.p[off + 1];
		k->flags |= ZONEFW_K_TYPE;
	}
}

/* RFC 791 3.1 */
static enum zonefw_parse read4(struct input in, struct zonefw_key *k)
{
	enum zonefw_parse res = ZONEFW_PARSED;
	int end, i;

	if (in.n < 20 || in.p[0] >> 4 != 4 || (in.p[0] & 15) < 5)
		return ZONEFW_BROKEN;
	end = (in.p[0] & 15) * 4;
	k->family = 4;
	k->proto = in.p[9];
	k->dscp = in.p[1] >> 2;
	memcpy(k->src, in.p + 12, 4);
	memcpy(k->dst, in.p + 16, 4);
	if (end > in.n)
		res = ZONEFW_BROKEN;
	for (i = 20; res == ZONEFW_PARSED && i < end && in.p[i]; ) {
		int room = end - i, len = in.p[i] == 1 ? 1 : room > 1 ? in.p[i + 1] : 0;

		if (in.p[i] == 131 || in.p[i] == 137)
			res = ZONEFW_SOURCE_ROUTED;
		else if (len > room || (in.p[i] != 1 && len < 2))
			res = ZONEFW_BROKEN;
		i += len;
	}
	if (!((in.p[6] & 31) << 8 | in.p[7]))
		carried(in, end, k);
	return res;
}

/* RFC 8200 4, RFC 4302 2.2 for the length of an authentication header, RFC 5095 */
static enum zonefw_parse read6(struct input in, struct zonefw_key *k)
{
	int off = 40, n;

	if (in.n < 40 || in.p[0] >> 4 != 6)
		return ZONEFW_BROKEN;
	k->family = 6;
	k->proto = in.p[6];
	k->dscp = (in.p[0] & 15) << 2 | in.p[1] >> 6;
	memcpy(k->src, in.p + 8, 16);
	memcpy(k->dst, in.p + 24, 16);
	for (n = 0; n < 9; n++) {
		const u8 *h = in.p + off;

		if (k->proto != 0 && k->proto != 43 && k->proto != 44 && k->proto != 51 && k->proto != 60) {
			carried(in, off, k);
			return ZONEFW_PARSED;
		}
		if (in.n - off < 4)
			return ZONEFW_BROKEN;
		if (k->proto == 43 && h[2] == 0 && h[3])
			return ZONEFW_SOURCE_ROUTED;
		if (k->proto == 44 && (h[2] || h[3] >> 3)) {
			k->proto = h[0];
			return ZONEFW_PARSED;
		}
		off += k->proto == 44 ? 8 : k->proto == 51 ? 4 * h[1] + 8 : 8 * h[1] + 8;
		k->proto = h[0];
	}
	return ZONEFW_BROKEN;
}

/* the module's reader, with the first SPLIT bytes in one piece and the others in another */
static enum zonefw_parse module(struct input in, bool six, int split, struct zonefw_key *k)
{
	u8 *head = malloc(split), *rest = malloc(in.n - split);
	struct sk_buff skb = { .head = head, .rest = rest, .headlen = split, .len = in.n };
	struct nf_hook_state st = { .pf = six ? NFPROTO_IPV6 : NFPROTO_IPV4 };
	enum zonefw_parse res;

	memcpy(head, in.p, split);
	memcpy(rest, in.p + split, in.n - split);
	res = zonefw_skb_key(&skb, &st, k);
	/* the stack has the fixed header in one piece before a hook sees it */
	if (res == ZONEFW_PARSED && split >= (six ? 40 : 20)) {
		const u8 *src = zonefw_skb_plain(&skb, &st);

		if (src && memcmp(src, k->src, six ? 16 : 4))
			abort();
		if (src && !six && split >= 20 && (in.p[0] & 15) != 5)
			abort();
	}
	free(head);
	free(rest);
	return res;
}

static void same(const char *who, enum zonefw_parse a, const struct zonefw_key *x, enum zonefw_parse b,
		 const struct zonefw_key *y)
{
	if (a == b && !memcmp(x, y, sizeof(*x)))
		return;
	fprintf(stderr, "%s: %d and %d; proto %u, %u; flags %u, %u; ports %u %u, %u %u\n", who, a, b, x->proto, y->proto,
		x->flags, y->flags, x->sport, x->dport, y->sport, y->dport);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data + 2, (int)size - 2 };
	struct zonefw_key whole, cut, want;
	enum zonefw_parse a, b, c;
	bool six;

	if (in.n < 1)
		return 0;
	six = data[0] & 1;
	memset(&whole, 0, sizeof(whole));
	memset(&cut, 0, sizeof(cut));
	memset(&want, 0, sizeof(want));
	a = module(in, six, in.n, &whole);
	b = module(in, six, data[1] % (in.n + 1), &cut);
	c = six ? read6(in, &want) : read4(in, &want);
	same("in two pieces", a, &whole, b, &cut);
	same("by the RFCs", a, &whole, c, &want);
	return 0;
}
