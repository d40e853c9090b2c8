// SPDX-License-Identifier: GPL-2.0
/*
 * covers K01 K14: what the program really sends, changed: values, lengths, attributes that are missing, doubled,
 * elsewhere, from another message; other commands and flags; ids and names that are in force; cut at every byte. One
 * after the other in the same namespace, so that messages meet whatever those before have left: a policy, one
 * that waits for its confirmation, a candidate, panic, nothing. After each refusal the state must be what it was, and
 * no event may have told of a change.
 * usage: nlfuzz SEED SECONDS CUTS FILE; FILE: messages recorded by nthnl.so. CUTS: the most places at which one is cut.
 * nlfuzz SEED SECONDS crew FILE: a crew of processes sends them as they are, all at once, and is one whose allocations
 * fail when there are odds for it; one of them listens and does not read. Prints how many each has sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "genl.h"

#define HEAD (NLMSG_HDRLEN + GENL_HDRLEN)
enum { SOCKETS = 3, DUMPS = 5, MOST = 4096, IDS = 64 };

static struct msg corpus[256];
static int n_corpus, family, group, sock[SOCKETS], events = -1, bad;
static uint32_t seq, ids[IDS], n_ids, gen;
static uint64_t rng;
static bool crews;	/* others send, too, and memory fails */
static struct { long done, accepted, refused, cut, lost, own, nomem; } count;
static long by_cmd[64][2];

static uint32_t draw(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

static void hex(const struct msg *m)
{
	printf("#");
	for (unsigned int i = 0; i < m->len; i++)
		printf("%s%02x", i % 32 ? "" : "\n# ", m->b[i]);
	puts("");
}

static void wrong(const struct msg *m, const char *what)
{
	if (++bad > 10)
		return;
	printf("not ok K14 message %ld: %s\n", count.done, what);
	if (m)
		hex(m);
	fflush(stdout);
}

static int open_socket(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_sec = 60 };
	int fd, size = 8 << 20;

	while ((fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)) < 0 || bind(fd, (void *)&sa, sizeof(sa))) {
		close(fd);
		if (!crews)
			exit(2);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &(int){ 1 }, sizeof(int));
	return fd;
}

/* --- what is in force --- */

static uint64_t mix(uint64_t h, const void *d, unsigned int n)
{
	const unsigned char *b = d;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

/* what packets and the clock change by themselves */
static bool moves(int type)
{
	static const unsigned char by_itself[] = { ZONEFW_A_PACKETS, ZONEFW_A_BYTES, ZONEFW_A_NEW_FLOWS, ZONEFW_A_FIRST_HIT,
		ZONEFW_A_LAST_HIT, ZONEFW_A_COUNT, ZONEFW_A_LOST, ZONEFW_A_STATS, ZONEFW_A_CONFIRM, ZONEFW_A_PAD };

	return memchr(by_itself, type, sizeof(by_itself));
}

static void attributes(const struct nlmsghdr *r, uint64_t *hash)
{
	const struct nlattr *a = (void *)((char *)r + HEAD);
	int cmd = ((struct genlmsghdr *)NLMSG_DATA(r))->cmd;

	for (; (char *)a + NLA_HDRLEN <= (char *)r + r->nlmsg_len && a->nla_len; a = (void *)((char *)a + NLA_ALIGN(a->nla_len))) {
		int type = a->nla_type & NLA_TYPE_MASK;

		if (cmd == ZONEFW_CMD_GET_RULES && type == ZONEFW_A_ID && n_ids < IDS)
			ids[n_ids++] = value32(a);
		if (cmd == ZONEFW_CMD_INFO && type == ZONEFW_A_GEN)
			gen = value32(a);
		if (!moves(type))
			*hash = mix(*hash, a, a->nla_len);
		else if (type == ZONEFW_A_CONFIRM)
			*hash = mix(*hash, "unconfirmed", 11);
	}
}

/* Sends, and reads to the end of the answer: its error, or 1 when it was lost. @hash: over what comes. */
static int exchange(int fd, struct msg *m, uint64_t *hash)
{
	static unsigned char buf[1 << 18];
	struct nlmsghdr *h = (void *)m->b, *r;
	uint64_t any = 0;
	int n;

	h->nlmsg_len = m->len;
	h->nlmsg_seq = ++seq;
	if (send(fd, m->b, m->len, 0) < 0)
		return -errno;
	while ((n = recv(fd, buf, sizeof(buf), 0)) >= 0)
		for (r = (void *)buf; NLMSG_OK(r, (unsigned int)n); r = NLMSG_NEXT(r, n)) {
			if (r->nlmsg_seq != seq)
				continue;
			if (r->nlmsg_type == NLMSG_ERROR || r->nlmsg_type == NLMSG_DONE) {
				count.nomem += ((struct nlmsgerr *)NLMSG_DATA(r))->error == -ENOMEM;
				return ((struct nlmsgerr *)NLMSG_DATA(r))->error;
			}
			attributes(r, hash ? hash : &any);
		}
	if (errno == EAGAIN)
		wrong(m, "no answer within a minute");
	count.lost++;
	return 1;
}

static uint64_t ask(int cmd, bool dump)
{
	uint64_t hash = 1;
	struct msg m;

	start(&m, family, cmd);
	if (dump)
		((struct nlmsghdr *)m.b)->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (cmd == ZONEFW_CMD_GET_RULES)
		n_ids = 0;
	if (exchange(sock[SOCKETS - 1], &m, &hash) != 0 && !crews)
		wrong(&m, "the state cannot be read");
	return hash;
}

static const unsigned char dump_cmd[DUMPS] = { ZONEFW_CMD_GET_RULES, ZONEFW_CMD_GET_ZONES, ZONEFW_CMD_GET_CELLDEFS,
					       ZONEFW_CMD_GET_SETS, ZONEFW_CMD_GET_SETELEMS };
static uint64_t info, was[DUMPS];
static bool known[DUMPS];	/* was[] is of the policy in force */

/* A change that the dumps show is one that INFO shows. */
static void look(void)
{
	uint64_t now = ask(ZONEFW_CMD_INFO, false);

	if (now != info)
		memset(known, 0, sizeof(known));
	info = now;
}

/* Events since the last call: those of the clock in bit 0, others in bit 1. */
static int told(void)
{
	unsigned char b[4096];
	int seen = 0, n, cause;

	for (;;) {
		struct nlmsghdr *r = (void *)b;
		struct nlattr *a = (void *)(b + HEAD);

		n = recv(events, b, sizeof(b), MSG_DONTWAIT);
		if (n < 0)
			return seen;
		for (cause = 0; (unsigned char *)a < b + n && a->nla_len; a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
			if (a->nla_type == ZONEFW_A_CAUSE)
				cause = *((unsigned char *)a + NLA_HDRLEN);
		if (((struct genlmsghdr *)NLMSG_DATA(r))->cmd == ZONEFW_CMD_EVENT)
			seen |= cause == ZONEFW_CAUSE_TIMEOUT || cause == ZONEFW_CAUSE_EXPIRED ? 1 : 2;
	}
}

/* One message, and what must hold after it. */
static void run(struct msg *m)
{
	int which = (int)(count.done / 16 % DUMPS), err, said, cmd = m->b[NLMSG_HDRLEN] % 64;
	int fd = sock[draw(SOCKETS)];

	if (!known[which])
		was[which] = ask(dump_cmd[which], true), known[which] = true;
	told();
	err = exchange(fd, m, NULL);
	count.done++;
	by_cmd[cmd][err < 0]++;
	if (err >= 0) {
		count.accepted++;
		look();
		return;
	}
	count.refused++;
	said = told();
	if (said & 2)
		wrong(m, "it was refused, and an event told of a change");
	if (info != ask(ZONEFW_CMD_INFO, false) || was[which] != ask(dump_cmd[which], true)) {
		if (!((said | told()) & 1))
			wrong(m, "it was refused, and the state has changed");
		count.own++;
		info = 0;
		look();
	}
}

/* --- changes --- */

struct at { unsigned int off; int up, type, path; };	/* path: the types of the nests it is in, and its own */
static struct at at[MOST];
static int n_at;

static struct nlattr *attr(const struct msg *m, unsigned int off) { return (struct nlattr *)(m->b + off); }

static void walk(const struct msg *m, unsigned int from, unsigned int to, int up, int path)
{
	while (from + NLA_HDRLEN <= to && n_at < MOST) {
		struct nlattr *a = attr(m, from);
		int me = n_at, type = a->nla_type & NLA_TYPE_MASK;

		if (a->nla_len < NLA_HDRLEN || from + a->nla_len > to)
			return;
		at[n_at++] = (struct at){ from, up, type, path << 7 | type };
		if (a->nla_type & NLA_F_NESTED)
			walk(m, from + NLA_HDRLEN, from + a->nla_len, me, path << 7 | type);
		from += NLA_ALIGN(a->nla_len);
	}
}

static void find_all(const struct msg *m)
{
	n_at = 0;
	walk(m, HEAD, m->len, -1, 0);
}

/* @add bytes more (or less) at @off, in the nests from @up outwards. False: no room. */
static bool shift(struct msg *m, unsigned int off, int add, int up)
{
	int i;

	if (m->len + add > sizeof(m->b) - 64)
		return false;
	for (i = up; i >= 0; i = at[i].up)
		if (attr(m, at[i].off)->nla_len + add > 65535)
			return false;
	for (i = up; i >= 0; i = at[i].up)
		attr(m, at[i].off)->nla_len += add;
	if (add > 0)
		memmove(m->b + off + add, m->b + off, m->len - off);
	else
		memmove(m->b + off, m->b + off - add, m->len - off + add);
	m->len += add;
	return true;
}

static unsigned int room(const struct msg *m, const struct at *x)
{
	unsigned int n = NLA_ALIGN(attr(m, x->off)->nla_len);

	return x->off + n > m->len ? m->len - x->off : n;
}

static void insert(struct msg *m, unsigned int off, int up, const void *d, unsigned int n)
{
	static unsigned char copy[65536];

	memcpy(copy, d, n);
	if (shift(m, off, (int)NLA_ALIGN(n), up)) {
		memset(m->b + off, 0, NLA_ALIGN(n));
		memcpy(m->b + off, copy, n);
	}
}

/* an attribute of some message: one that stands at the same place when there is one (@path), else any */
static const struct nlattr *other(int path)
{
	static struct at keep[MOST];
	const struct nlattr *found = NULL;
	int i, tries, n = n_at;

	memcpy(keep, at, n * sizeof(*at));
	for (tries = 0; tries < 12 && !found; tries++) {
		const struct msg *m = &corpus[draw(n_corpus)];
		int from;

		find_all(m);
		from = n_at ? (int)draw(n_at) : 0;
		for (i = 0; i < n_at && !found; i++) {
			const struct at *x = &at[(from + i) % n_at];

			if (!path || x->path == path)
				found = attr(m, x->off);
		}
	}
	n_at = n;
	memcpy(at, keep, n * sizeof(*at));
	return found;
}

static void new_value(struct msg *m, const struct at *x)
{
	static const uint64_t edge[] = { 0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 127, 128, 129, 249, 250, 251, 255, 256, 1023, 1024, 0x7fff,
		0xfffe, 0xffff, 0x10000, 1000000, 1000001, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffffull, ~0ull };
	uint64_t v = draw(4) ? edge[draw(sizeof(edge) / sizeof(*edge))] : rng;
	unsigned int n = attr(m, x->off)->nla_len - NLA_HDRLEN, size = n < 8 ? n : 1u << draw(4), i;
	unsigned char *p = m->b + x->off + NLA_HDRLEN;

	if (!n)
		return;
	p += n > size ? draw(n / size) * size : 0;
	if (!draw(4))	/* a little more or less than before */
		v = *p + draw(5) - 2;
	for (i = 0; i < size && p + i < m->b + m->len; i++)
		p[i] = i < 8 ? v >> 8 * i : 0;
}

static void new_size(struct msg *m, const struct at *x)
{
	struct nlattr *a = attr(m, x->off);
	unsigned int old = a->nla_len, len = draw(2) ? old + 1 + draw(40) : NLA_HDRLEN + draw(old - NLA_HDRLEN + 1);

	if (!draw(8))
		len = draw(20000) + NLA_HDRLEN;
	if (!shift(m, x->off + NLA_HDRLEN, (int)NLA_ALIGN(len) - (int)room(m, x), x->up))
		return;
	a->nla_len = len;
	if (len > old)
		memset(m->b + x->off + old, "\0A\xff"[draw(3)], len - old);
}

static void change(struct msg *m)
{
	const struct nlattr *o;
	struct at *x;

	find_all(m);
	if (!n_at) {
		m->b[NLMSG_HDRLEN] = draw(40);
		return;
	}
	x = &at[draw(n_at)];
	switch (draw(15)) {
	case 0: case 1: case 2:
		new_value(m, x);
		break;
	case 3:
		if (attr(m, x->off)->nla_len > NLA_HDRLEN)
			m->b[x->off + NLA_HDRLEN + draw(attr(m, x->off)->nla_len - NLA_HDRLEN)] = rng;
		break;
	case 4: case 5:
		shift(m, x->off, -(int)room(m, x), x->up);
		break;
	case 6:
		insert(m, x->off, x->up, attr(m, x->off), attr(m, x->off)->nla_len);
		break;
	case 7: case 8: case 9:	/* what another message has there */
		o = other(x->path);
		if (o && shift(m, x->off, -(int)room(m, x), x->up))
			insert(m, x->off, x->up, o, o->nla_len);
		break;
	case 10:
		o = other(0);
		if (o)
			insert(m, x->off, x->up, o, o->nla_len);
		break;
	case 11:
		attr(m, x->off)->nla_type = draw(4) ? attr(m, x->off)->nla_type ^ 1u << draw(7) : rng;
		break;
	case 12:
		new_size(m, x);
		break;
	case 13:
		attr(m, x->off)->nla_len = draw(2) ? attr(m, x->off)->nla_len + draw(9) - 4 : rng;
		break;
	case 14:
		m->len = HEAD + draw(m->len - HEAD + 1);
		break;
	}
}

/* Ids and generations of then become those of now, as a rule. */
static void freshen(struct msg *m)
{
	static const int id_paths[] = { ZONEFW_A_ID, ZONEFW_A_RULE << 7 | ZONEFW_AR_ID, ZONEFW_A_EDIT << 7 | ZONEFW_AD_ID,
					ZONEFW_A_EDIT << 7 | ZONEFW_AD_AT_ID };

	find_all(m);
	for (int i = 0; i < n_at; i++) {
		unsigned char *p = m->b + at[i].off + NLA_HDRLEN;

		if (attr(m, at[i].off)->nla_len != NLA_HDRLEN + 4 || !draw(16))
			continue;
		if (at[i].path == ZONEFW_A_GEN)
			memcpy(p, &gen, 4);
		for (unsigned int k = 0; n_ids && k < sizeof(id_paths) / sizeof(*id_paths); k++)
			if (at[i].path == id_paths[k])
				memcpy(p, &ids[at[i].path >> 7 == ZONEFW_A_RULE ? (unsigned int)i % n_ids : draw(n_ids)], 4);
	}
}

static void mutant(void)
{
	static const uint16_t flags[] = { NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP | NLM_F_ACK, NLM_F_ROOT | NLM_F_ACK, NLM_F_ACK | 0x800 };
	struct msg m = corpus[draw(n_corpus)];
	int times;

	freshen(&m);
	/* as it was, now and then: that is what makes sequences */
	for (times = draw(4) ? 1 + draw(4) : 0; times; times--)
		change(&m);
	if (!draw(16))
		m.b[NLMSG_HDRLEN] = draw(40);
	if (!draw(16))
		((struct nlmsghdr *)m.b)->nlmsg_flags = NLM_F_REQUEST | flags[draw(5)];
	run(&m);
	if (!draw(64)) {	/* a socket goes with what it holds, and perhaps in the middle of a dump */
		int i = draw(SOCKETS);

		start(&m, family, dump_cmd[draw(DUMPS)]);
		((struct nlmsghdr *)m.b)->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		((struct nlmsghdr *)m.b)->nlmsg_len = m.len;
		if (draw(2))
			send(sock[i], m.b, m.len, 0);
		close(sock[i]);
		sock[i] = open_socket();
	}
}

/* A policy is in force again, whatever there was: the first two recorded are of whole ones. */
static void base(void)
{
	struct msg m = corpus[draw(2)];

	freshen(&m);
	run(&m);
}

/* From the header up, every byte, or @most of them */
static void cuts(const struct msg *m, unsigned int most)
{
	unsigned int len, step = (m->len - HEAD) / most + 1;

	base();
	for (len = HEAD + (step > 1 ? draw(step) : 0); len < m->len; len += step) {
		struct msg c = *m;

		freshen(&c);
		c.len = len;
		run(&c);
		count.cut++;
	}
}

/* --- a crew --- */

enum { WRITES = 1, SETS = 2, ASKS = 4, ENDS = 8 };

static int kind(int cmd)
{
	switch (cmd) {
	case ZONEFW_CMD_APPLY: case ZONEFW_CMD_EDIT_RULES: case ZONEFW_CMD_CONFIRM: case ZONEFW_CMD_ROLLBACK:
		return WRITES;
	case ZONEFW_CMD_SET_ADD: case ZONEFW_CMD_SET_DEL: case ZONEFW_CMD_SET_FLUSH: case ZONEFW_CMD_SET_TEST:
		return SETS;
	case ZONEFW_CMD_FLUSH: case ZONEFW_CMD_PANIC: case ZONEFW_CMD_STATS_RESET: case ZONEFW_CMD_KILL_FLOWS:
		return ENDS;
	default:
		return ASKS;
	}
}

static long member(int kinds, time_t end)
{
	struct msg m;
	long sent = 0;

	while (time(NULL) < end) {
		do
			m = corpus[draw(n_corpus)];
		while (!(kind(m.b[NLMSG_HDRLEN]) & kinds));
		freshen(&m);
		exchange(sock[draw(SOCKETS)], &m, NULL);
		sent++;
		if (kinds & ENDS)
			usleep(draw(1000000));
		else if (!draw(8))	/* what ids there are now */
			ask(ZONEFW_CMD_INFO, false), ask(ZONEFW_CMD_GET_RULES, true);
	}
	return sent;
}

static long deaf(int drops, time_t end)
{
	int fd, size = 1024;
	long n = 0;

	for (; time(NULL) < end; n++) {
		fd = open_socket();
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, draw(2) ? &group : &drops, sizeof(int));
		for (int i = 0; i < n_corpus; i++)
			if (corpus[i].b[NLMSG_HDRLEN] == ZONEFW_CMD_TRACE)
				send(fd, corpus[i].b, corpus[i].len, 0);
		usleep(200000 + draw(800000));
		close(fd);
	}
	return n;
}

static int crew(time_t end)
{
	static const int kinds[] = { WRITES, WRITES, SETS, ASKS, ASKS, ENDS, WRITES | SETS | ASKS, 0 };
	int i, n = sizeof(kinds) / sizeof(*kinds), status, fd, drops = resolve(sock[0], ZONEFW_MCGRP_DROPS);
	long sent;

	for (i = 0; i < n; i++) {
		if (fork())
			continue;
		fd = open("/proc/self/make-it-fail", O_WRONLY);
		if (fd >= 0 && write(fd, "1", 1) < 0)
			_exit(2);
		rng += 2 * i;
		for (int k = 0; k < SOCKETS; k++)
			sock[k] = open_socket();
		sent = kinds[i] ? member(kinds[i], end) : deaf(drops, end);
		printf("# crew: member %d sent %ld: %ld answers lost, %ld times no memory\n", i, sent, count.lost, count.nomem);
		fflush(stdout);
		_exit(bad || !sent);
	}
	for (bad = 0; wait(&status) > 0; bad += status != 0)
		;
	return bad != 0;
}

static bool load(const char *name)
{
	FILE *f = fopen(name, "r");
	struct nlmsghdr h;

	while (f && n_corpus < 256 && fread(&h, sizeof(h), 1, f) == 1) {
		struct msg *m = &corpus[n_corpus];

		memcpy(m->b, &h, sizeof(h));
		if (h.nlmsg_len < HEAD || h.nlmsg_len > 32768 || fread(m->b + sizeof(h), h.nlmsg_len - sizeof(h), 1, f) != 1)
			return false;
		m->len = h.nlmsg_len;
		((struct nlmsghdr *)m->b)->nlmsg_type = family;
		((struct nlmsghdr *)m->b)->nlmsg_pid = 0;
		for (int i = 0; i <= n_corpus; i++)	/* one that is there already is none */
			if (i == n_corpus) {
				n_corpus++;
				break;
			} else if (corpus[i].len == m->len && !memcmp(corpus[i].b + NLMSG_HDRLEN, m->b + NLMSG_HDRLEN, m->len - NLMSG_HDRLEN)) {
				break;
			}
	}
	return n_corpus > 1;
}

int main(int argc, char **argv)
{
	time_t end;
	long at_cut;
	int i;

	if (argc != 5)
		return 2;
	for (i = 0; i < SOCKETS; i++)
		sock[i] = open_socket();
	events = open_socket();
	family = resolve(sock[0], NULL);
	group = resolve(sock[0], ZONEFW_MCGRP_EVENTS);
	setsockopt(events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
	if (family < 0 || group < 0 || !load(argv[4])) {
		puts("not ok K14 no family, or no messages to begin with");
		return 1;
	}
	rng = strtoull(argv[1], NULL, 0) * 2 + 1;
	crews = !strcmp(argv[3], "crew");
	if (crews)
		return crew(time(NULL) + atoi(argv[2]));
	look();
	for (i = 0; i < n_corpus; i++)
		cuts(&corpus[i], atoi(argv[3]));
	at_cut = count.cut;
	for (end = time(NULL) + atoi(argv[2]); time(NULL) < end; mutant())
		if (!draw(40))
			base();
	printf("# K14: seed %s: %d recorded messages; %ld sent, %ld of them cut; %ld accepted, %ld refused, %ld answers lost, %ld changes by the clock\n",
	       argv[1], n_corpus, count.done, at_cut, count.accepted, count.refused, count.lost, count.own);
	printf("# K14: accepted/refused by command:");
	for (i = 0; i < 64; i++)
		if (by_cmd[i][0] + by_cmd[i][1])
			printf(" %d:%ld/%ld", i, by_cmd[i][0], by_cmd[i][1]);
	puts("");
	if (count.accepted < 20 || count.refused < 200)
		wrong(NULL, "too few were accepted or refused to prove anything");
	if (!bad)
		puts("ok K14 what the program sends, changed: what is refused changes nothing");
	return bad != 0;
}
