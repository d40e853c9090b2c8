// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile input at the netlink boundary, with raw sockets and no library: a
 * valid APPLY cut at every byte, attributes missing, doubled, of wrong size,
 * out of range; mutations from a printed seed. After every refusal the
 * generation must be what it was. Cases of CASES.md K by id.
 * usage: nlcheck [SEED [MUTATIONS]]; runs in the guest, as root.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "genl.h"

static int fd, family, passed, failed;
static uint32_t seq;

static void check(bool ok, const char *id, const char *what)
{
	printf("%s %s %s\n", ok ? "ok" : "not ok", id, what);
	ok ? passed++ : failed++;
	fflush(stdout);
}

/* What the kernel says to a request: places as offsets in it, 0: none. */
struct answer { int offset, miss_type, miss_nest; uint32_t gen, id; char text[128]; };

static void refusal(struct nlmsghdr *r, struct answer *to)
{
	struct nlmsgerr *e = NLMSG_DATA(r);
	struct nlattr *a = (void *)((char *)&e->msg + (r->nlmsg_flags & NLM_F_CAPPED ? sizeof(e->msg) :
						       NLMSG_ALIGN(e->msg.nlmsg_len)));

	while (r->nlmsg_flags & NLM_F_ACK_TLVS && (char *)a + NLA_HDRLEN <= (char *)r + r->nlmsg_len && a->nla_len) {
		switch (a->nla_type & NLA_TYPE_MASK) {
		case NLMSGERR_ATTR_MSG:
			snprintf(to->text, sizeof(to->text), "%s", (char *)a + NLA_HDRLEN);
			break;
		case NLMSGERR_ATTR_OFFS:
			to->offset = (int)value32(a);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			to->miss_type = (int)value32(a);
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			to->miss_nest = (int)value32(a);
		}
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
}

static void reply(struct nlmsghdr *r, struct answer *to)
{
	struct nlattr *a = (void *)((char *)r + NLMSG_HDRLEN + GENL_HDRLEN);

	for (; (char *)a + NLA_HDRLEN <= (char *)r + r->nlmsg_len && a->nla_len; a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
		if (a->nla_type == ZONEFW_A_GEN)
			to->gen = value32(a);
		else if (a->nla_type == ZONEFW_A_ID)
			to->id = value32(a);
}

/* Sends; returns the error of the acknowledgement or of a dump's end, and what else there is. */
static int talk(struct msg *m, struct answer *to)
{
	struct answer unread;
	unsigned char buf[65536];
	struct nlmsghdr *h = (void *)m->b;
	int n;

	to = to ? to : &unread;
	memset(to, 0, sizeof(*to));
	h->nlmsg_len = m->len;
	h->nlmsg_seq = ++seq;
	if (send(fd, m->b, m->len, 0) < 0)
		return -errno;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		for (struct nlmsghdr *r = (void *)buf; NLMSG_OK(r, (unsigned int)n); r = NLMSG_NEXT(r, n)) {
			if (r->nlmsg_seq != seq)
				continue;
			if (r->nlmsg_type == NLMSG_ERROR)
				refusal(r, to);
			if (r->nlmsg_type == NLMSG_ERROR || r->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(r);
			reply(r, to);
		}
	return -errno;
}

static uint32_t generation(void)
{
	struct msg m;
	struct answer a;

	start(&m, family, ZONEFW_CMD_INFO);
	return talk(&m, &a) ? 0xffffffff : a.gen;
}

struct twist { int zone_name, parent, action, from, l4, prefix_len, mask, id; };
static const struct twist plain = { .action = ZONEFW_ACCEPT, .prefix_len = 24, .l4 = 1 };

static void rule(struct msg *m, const struct twist *t)
{
	const struct zonefw_l4 box = { .dport_lo = 80, .dport_hi = t->l4 ? 80 : 79, .proto = 6,
				       .flags = ZONEFW_L4_F_PROTO | ZONEFW_L4_F_PORTS,
				       .sport_hi = 65535 };
	unsigned int n = open_nest(m, ZONEFW_A_RULE);

	if (t->id)
		put_u32(m, ZONEFW_AR_ID, t->id);
	put_u16(m, ZONEFW_AR_FROM, t->from);
	put_u16(m, ZONEFW_AR_TO, ZONEFW_ZONE_ANY);
	put_str(m, ZONEFW_AR_TEXT, "accept tcp dport 80");
	put_u8(m, ZONEFW_AR_ACTION, t->action);
	put(m, ZONEFW_AR_L4, &box, sizeof(box));
	close_nest(m, n);
}

static void policy(struct msg *m, const struct twist *t)
{
	static const char *const names[] = { "inside", "", "1x", "a%s", "any", "self",
		"abcdefghijklmnopqrstuvwxyz01234", "abcdefghijklmnopqrstuvwxyz012345", "a/b", "a\x01" };
	struct zonefw_net net = { .family = 4, .len = t->prefix_len, .addr = { 10, 0, 3 } };
	unsigned int n;

	start(m, family, ZONEFW_CMD_APPLY);
	put_u32(m, ZONEFW_A_ABI, ZONEFW_ABI);
	n = open_nest(m, ZONEFW_A_ZONE);
	put_str(m, ZONEFW_AZ_NAME, names[t->zone_name]);
	if (t->parent)
		put_u16(m, ZONEFW_AZ_PARENT, t->parent);
	put_str(m, ZONEFW_AZ_DEV, "eth*");
	put(m, ZONEFW_AZ_NETS, &net, sizeof(net));
	close_nest(m, n);
	rule(m, t);
	n = open_nest(m, ZONEFW_A_CELLDEF);
	put_u16(m, ZONEFW_AC_FROM, ZONEFW_ZONE_SELF);
	put_u16(m, ZONEFW_AC_TO, ZONEFW_ZONE_ANY);
	put_u8(m, ZONEFW_AC_ACTION, ZONEFW_ACCEPT);
	close_nest(m, n);
	n = open_nest(m, ZONEFW_A_OPTIONS);
	put_u32(m, ZONEFW_AO_TAG_MASK, t->mask ? (uint32_t)t->mask : 0xff000000);
	put_u32(m, ZONEFW_AO_LOG_PER, 1);
	close_nest(m, n);
}

static void refused(const char *id, const char *what, const struct twist *t)
{
	uint32_t before = generation();
	struct msg m;
	int err;

	policy(&m, t);
	err = talk(&m, NULL);
	check(err < 0 && err != -ENOMEM && generation() == before, id, what);
}

static void accepted(const char *id, const char *what, const struct twist *t)
{
	uint32_t before = generation();
	struct msg m;

	policy(&m, t);
	check(talk(&m, NULL) == 0 && generation() == before + 1, id, what);
}

/* Every length from the header up: an error, or a shorter legal message. */
static void truncation(void)
{
	struct msg m, cut;
	unsigned int len, refusals = 0;
	bool ok = true;

	policy(&m, &plain);
	for (len = NLMSG_HDRLEN + GENL_HDRLEN; len < m.len; len++) {
		uint32_t before = generation();
		int err;

		cut = m;
		cut.len = len;
		err = talk(&cut, NULL);
		refusals += err < 0;
		if (err < 0 && generation() != before)
			ok = false;
	}
	check(ok && refusals, "K01", "a message cut at every byte leaves the policy on error");
}

static void mutations(uint64_t seed, long count)
{
	long n, refusals = 0;
	struct msg m;
	bool ok = true;

	for (n = 0; n < count; n++) {
		int flips = 1 + seed % 3;
		uint32_t before = generation();

		policy(&m, &plain);
		while (flips--) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			m.b[NLMSG_HDRLEN + GENL_HDRLEN + seed % (m.len - NLMSG_HDRLEN - GENL_HDRLEN)] =
				seed >> 32;
		}
		if (talk(&m, NULL) < 0) {
			refusals++;
			if (generation() != before)
				ok = false;
		}
	}
	printf("# K14: %ld mutations, %ld refused\n", n, refusals);
	check(ok, "K14", "mutated messages change nothing when they are refused");
}

static void rights(void)
{
	struct msg m;
	uint32_t before = generation();

	policy(&m, &plain);
	if (seteuid(65534))
		return;
	/* the capability is the sender's, not the socket opener's */
	check(talk(&m, NULL) == -EPERM, "K11", "an unprivileged sender on root's socket is refused");
	start(&m, family, ZONEFW_CMD_INFO);
	check(talk(&m, NULL) == -EPERM, "K11", "reading needs the right too");
	if (seteuid(0))
		exit(1);
	check(generation() == before, "K11", "and nothing has changed");
}

static void unknown(void)
{
	uint32_t before = generation();
	struct msg m;

	policy(&m, &plain);
	put_u32(&m, ZONEFW_A_MAX + 5, 1);
	check(talk(&m, NULL) == -EINVAL, "K05", "an unknown attribute is refused");
	start(&m, family, ZONEFW_CMD_APPLY);
	put_u32(&m, ZONEFW_A_ABI, ZONEFW_ABI + 1);
	check(talk(&m, NULL) == -EPROTO, "J08", "a tool of another version is told so");
	start(&m, family, ZONEFW_CMD_PANIC);
	put_u8(&m, ZONEFW_A_PANIC, 2);
	check(talk(&m, NULL) < 0, "K09", "panic 2 is refused");
	policy(&m, &plain);
	put_u32(&m, ZONEFW_A_GEN, before + 7);
	check(talk(&m, NULL) == -ESTALE, "L04", "a stale generation is refused");
	check(generation() == before, "K05", "and nothing has changed");
}

/* Zone none is a place to come from, and no index. */
static void nowhere(void)
{
	static const unsigned char a[4] = { 10, 0, 3, 1 }, b[4] = { 10, 0, 3, 2 };
	struct msg m;
	int i;

	for (i = 0; i < 2; i++) {
		start(&m, family, ZONEFW_CMD_EXPLAIN);
		put_u16(&m, ZONEFW_A_FROM, i ? 1 : ZONEFW_ZONE_NONE);
		put_u16(&m, ZONEFW_A_TO, i ? ZONEFW_ZONE_NONE : 1);
		put_u8(&m, ZONEFW_A_EX_PROTO, 6);
		put(&m, ZONEFW_A_EX_SRC, a, sizeof(a));
		put(&m, ZONEFW_A_EX_DST, b, sizeof(b));
		check(talk(&m, NULL) == 0, "K09", "zone none is explained");
	}
}

/* An edit of the rules: adds one; @op: does that instead. */
static void edit(struct msg *m, int op)
{
	const uint16_t any = ZONEFW_ZONE_ANY;
	unsigned int nest = open_nest(m, ZONEFW_A_EDIT), r;

	put_u8(m, ZONEFW_AD_OP, op);
	if (op == ZONEFW_EDIT_ADD || op == ZONEFW_EDIT_REPLACE) {
		r = open_nest(m, ZONEFW_AD_RULE);
		put(m, ZONEFW_AR_FROM, &any, 2);
		put(m, ZONEFW_AR_TO, &any, 2);
		put_str(m, ZONEFW_AR_NAME, "edited");
		put_str(m, ZONEFW_AR_TEXT, "accept");
		put_u8(m, ZONEFW_AR_ACTION, ZONEFW_ACCEPT);
		close_nest(m, r);
	}
	close_nest(m, nest);
}

/* A rule that fills a set, which the parser sees in the last LIVE of two. */
static void edit_filling(struct msg *m)
{
	const uint16_t any = ZONEFW_ZONE_ANY;
	unsigned int nest = open_nest(m, ZONEFW_A_EDIT), r, live;

	put_u8(m, ZONEFW_AD_OP, ZONEFW_EDIT_ADD);
	r = open_nest(m, ZONEFW_AD_RULE);
	put(m, ZONEFW_AR_FROM, &any, 2);
	put(m, ZONEFW_AR_TO, &any, 2);
	put_u8(m, ZONEFW_AR_ACTION, ZONEFW_ACCEPT);
	close_nest(m, open_nest(m, ZONEFW_AR_LIVE));
	live = open_nest(m, ZONEFW_AR_LIVE);
	put_str(m, ZONEFW_AL_ADD_SET, "seen");
	close_nest(m, live);
	close_nest(m, r);
	close_nest(m, nest);
}

static void edit_start(struct msg *m, uint32_t gen)
{
	start(m, family, ZONEFW_CMD_EDIT_RULES);
	put_u32(m, ZONEFW_A_ABI, ZONEFW_ABI);
	put_u32(m, ZONEFW_A_GEN, gen);
}

static void edits(void)
{
	uint32_t before = generation();
	struct msg m;

	edit_start(&m, before);
	check(talk(&m, NULL) == -EINVAL, "L04", "no edit at all is refused");
	edit_start(&m, before + 7);
	edit(&m, ZONEFW_EDIT_ADD);
	check(talk(&m, NULL) == -ESTALE, "L04", "an edit of a stale generation is refused");
	edit_start(&m, before);
	edit(&m, ZONEFW_EDIT_ADD);
	edit(&m, ZONEFW_EDIT_DEL);
	check(talk(&m, NULL) == -EINVAL, "L04", "edits of which one is refused are refused");
	edit_start(&m, before);
	edit(&m, ZONEFW_EDIT_ADD);
	edit(&m, ZONEFW_EDIT_ADD);
	check(talk(&m, NULL) == -EEXIST, "L04", "a name twice is refused");
	edit_start(&m, before);
	edit(&m, __ZONEFW_EDIT_MAX);
	check(talk(&m, NULL) < 0, "K09", "an edit past the last is refused");
	edit_start(&m, before);
	edit_filling(&m);
	check(talk(&m, NULL) == -EOPNOTSUPP, "L04", "an edit cannot bring what fills a set");
	check(generation() == before, "L04", "and nothing has changed");
	edit_start(&m, before);
	edit(&m, ZONEFW_EDIT_ADD);
	check(talk(&m, NULL) == 0, "L04", "an edit of the generation in force is accepted");
	check(generation() == before + 1, "L04", "and is one generation");
	start(&m, family, ZONEFW_CMD_FLUSH);
	talk(&m, NULL);
	edit_start(&m, 0);
	edit(&m, ZONEFW_EDIT_ADD);
	check(talk(&m, NULL) == -ENOENT, "L04", "an edit without a policy is refused");
}

static void boundaries(void)
{
	struct twist t;

#define TWIST(id, what, f, v, fn) (t = plain, t.f = (v), fn(id, what, &t))
	TWIST("K09", "prefix length 33 is refused", prefix_len, 33, refused);
	TWIST("K09", "host bits in a prefix are refused", prefix_len, 20, refused);
	TWIST("K09", "prefix length 32 is accepted", prefix_len, 32, accepted);
	TWIST("K09", "a zone id past the table is refused", from, 2, refused);
	TWIST("K09", "zone none as FROM is refused", from, ZONEFW_ZONE_NONE, refused);
	TWIST("K09", "the last zone id is accepted", from, 1, accepted);
	TWIST("K09", "an action past the last is refused", action, __ZONEFW_ACTION_MAX, refused);
	TWIST("K09", "a reversed port range is refused", l4, 0, refused);
	TWIST("K09", "a parent that is not earlier is refused", parent, 1, refused);
	TWIST("K09", "a tag-mask with a hole is refused", mask, 0x05000000, refused);
	TWIST("K09", "an id that is not in force is refused", id, 999999, refused);
	TWIST("K10", "an empty name is refused", zone_name, 1, refused);
	TWIST("K10", "a name that starts with a digit is refused", zone_name, 2, refused);
	TWIST("K10", "%s in a name is refused", zone_name, 3, refused);
	TWIST("K10", "the reserved name any is refused", zone_name, 4, refused);
	TWIST("K10", "the reserved name self is refused", zone_name, 5, refused);
	TWIST("K10", "a name of 31 bytes is accepted", zone_name, 6, accepted);
	TWIST("K10", "a name of 32 bytes is refused", zone_name, 7, refused);
	TWIST("K10", "a slash in a name is refused", zone_name, 8, refused);
	TWIST("K10", "a control byte in a name is refused", zone_name, 9, refused);
}

#include "shapes.h"
#include "required.h"

int main(int argc, char **argv)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20260101;
	long count = argc > 2 ? atol(argv[2]) : 3000;
	struct timeval tv = { .tv_sec = 20 };
	struct msg m;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		return 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &(int){ 1 }, sizeof(int));
	family = resolve(fd, NULL);
	if (family < 0) {
		puts("not ok K00 no family zonefw");
		return 1;
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	accepted("K00", "the plain policy is accepted", &plain);
	nowhere();
	edits();
	accepted("K00", "the plain policy is accepted again", &plain);
	boundaries();
	unknown();
	omissions();
	strangers();
	strings();
	shapes();
	described();
	rights();
	truncation();
	mutations(seed | 1, count);
	start(&m, family, ZONEFW_CMD_FLUSH);
	check(talk(&m, NULL) == 0, "K00", "flush is accepted");
	return failed != 0;
}
