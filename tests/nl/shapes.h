/* SPDX-License-Identifier: GPL-2.0 */
/*
 * covers K03 K15: every attribute in every shape that is not its own; the kernel's own
 * description of the family against the documented table. Part of nlcheck.c.
 */
static const struct documented { int cmd, nest, attr, type; const char *name; } documented[] = {
#include "documented.h"
};
#define NDOC (int)(sizeof(documented) / sizeof(documented[0]))

enum { SHAPES = 8 };
static const char *const shape_names[SHAPES] = { "empty", "u8", "u16", "u32", "u64", "string without its end", "nested",
						 "3 bytes" };

static void put_shape(struct msg *m, int attr, int shape)
{
	static const unsigned char bytes[9] = "ABCDEFGH";
	static const int len[SHAPES] = { 0, 1, 2, 4, 8, 7, 0, 3 };
	unsigned int at;

	if (shape == 6) {
		at = open_nest(m, attr);
		put_u32(m, 1, 7);
		close_nest(m, at);
	} else {
		put(m, attr, bytes, len[shape]);
	}
}

/* could this be right? Binary data has a form of its own, which other cases look at */
static bool may_fit(int type, int shape)
{
	static const int size[] = { [2] = 1, [3] = 2, [4] = 3, [5] = 4 };

	return type == 10 ? shape != 6 : type < 6 && type > 1 && size[type] == shape;
}

static void shapes(void)
{
	int bad = 0, tried = 0, blind = 0;
	uint32_t before = generation(), after;

	for (int i = 0; i < NDOC; i++) {
		const struct documented *d = &documented[i];

		for (int s = 0; s < SHAPES; s++) {
			unsigned int at = 0, place;
			struct answer a;
			struct msg m;
			int err;

			if (may_fit(d->type, s) || (d->type == 13 && s == 6))
				continue;
			start(&m, family, d->cmd);
			if (d->cmd == ZONEFW_CMD_APPLY && (d->nest || d->attr != ZONEFW_A_ABI))
				put_u32(&m, ZONEFW_A_ABI, ZONEFW_ABI);
			if (d->nest)
				at = open_nest(&m, d->nest);
			place = m.len;
			put_shape(&m, d->attr, s);
			if (d->nest)
				close_nest(&m, at);
			err = talk(&m, &a);
			after = generation();
			tried++;
			if (err >= 0 || after != before) {
				printf("# %s as %s: answer %d, generation %u, was %u\n", d->name, shape_names[s], err, after, before);
				bad++;
			} else if (a.offset != (int)place) {
				printf("# %s as %s: refused with %d, but the place named is %d and not %u\n", d->name,
				       shape_names[s], err, a.offset, place);
				blind++;
			}
		}
	}
	printf("# K03: %d attributes, %d wrong shapes\n", NDOC, tried);
	check(!bad && tried > 300, "K03", "every attribute in every wrong shape is refused");
	check(!blind, "K03", "and the extended ack names its place");
}

static int kernel_op_policy[256], kernel_type[64][256];

static void learn(struct nlattr *top)
{
	int t = top->nla_type & NLA_TYPE_MASK;

	for EACH(a, top)
		for EACH(b, a) {
			int ai = a->nla_type & NLA_TYPE_MASK, bi = b->nla_type & NLA_TYPE_MASK;

			if (t == CTRL_ATTR_OP_POLICY && bi == CTRL_ATTR_POLICY_DO && ai < 256)
				kernel_op_policy[ai] = (int)value32(b) + 1;
			for EACH(c, b)
				if (t == CTRL_ATTR_POLICY && (c->nla_type & NLA_TYPE_MASK) == NL_POLICY_TYPE_ATTR_TYPE &&
				    ai < 64 && bi < 256)
					kernel_type[ai][bi] = (int)value32(c);
		}
}

static bool learn_all(void)
{
	static unsigned char buf[65536];
	struct nlmsghdr *r;
	struct msg m;
	int n;

	start(&m, GENL_ID_CTRL, CTRL_CMD_GETPOLICY);
	put_u16(&m, CTRL_ATTR_FAMILY_ID, family);
	((struct nlmsghdr *)m.b)->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct nlmsghdr *)m.b)->nlmsg_len = m.len;
	((struct nlmsghdr *)m.b)->nlmsg_seq = ++seq;
	if (send(fd, m.b, m.len, 0) < 0)
		return false;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		for (r = (void *)buf; NLMSG_OK(r, (unsigned int)n); r = NLMSG_NEXT(r, n)) {
			struct nlattr *a = (void *)((char *)r + NLMSG_HDRLEN + GENL_HDRLEN);

			if (r->nlmsg_type == NLMSG_DONE)
				return true;
			if (r->nlmsg_type == NLMSG_ERROR)
				return false;
			for (; (char *)a + NLA_HDRLEN <= (char *)r + r->nlmsg_len && a->nla_len; a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
				learn(a);
		}
	return false;
}

static void described(void)
{
	int wrong = 0, seen = 0, have = 0;

	if (!learn_all()) {
		check(false, "K15", "the kernel describes the family");
		return;
	}
	for (int i = 0; i < NDOC; i++) {
		const struct documented *d = &documented[i];
		int p = kernel_op_policy[d->cmd & 255] - 1, t = p >= 0 && p < 64 ? kernel_type[p][d->attr & 255] : 0;

		if (d->nest)
			continue;
		seen++;
		if (t != d->type) {
			printf("# command %d, %s: the kernel says type %d, documented is %d\n", d->cmd, d->name, t, d->type);
			wrong++;
		}
	}
	for (int i = 0; i < NDOC; i++) {
		int p = kernel_op_policy[documented[i].cmd & 255] - 1;

		if (i && documented[i].cmd == documented[i - 1].cmd)
			continue;	/* the commands stand together */
		for (int a = 0; p >= 0 && p < 64 && a < 256; a++)
			have += kernel_type[p][a] != 0;
	}
	printf("# K15: %d documented, %d in the kernel\n", seen, have);
	check(!wrong && seen > 10, "K15", "the kernel's description has every documented attribute and its type");
	check(have == seen, "K15", "and no others");
}
