// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: what the program makes of answers that no kernel of ours
 * would give. The socket is a stub that makes messages of the fuzzer's bytes:
 * type, flags, length, payload; an end when there are no more.
 */
#include <stdlib.h>
#include <sys/types.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>

static ssize_t fuzz_send(const void *buf, size_t n);
static ssize_t fuzz_recv(void *buf, size_t n);
#define send(fd, buf, n, flags)		fuzz_send(buf, n)
#define recv(fd, buf, n, flags)		fuzz_recv(buf, n)
#define genl_connect(sk)		((void)(sk), 0)
#define genl_ctrl_resolve(sk, name)	FAMILY
#define genl_ctrl_resolve_grp(sk, f, g)	1
#define nl_socket_add_membership(sk, g)	0
#define setsockopt(fd, l, o, v, n)	((void)(fd), (void)(v), 0)
#define FAMILY	0x20
#include "../../userspace/nlsock.c"
#undef send
#undef recv

const char services_conf[] = "service ssh { tcp dport 22 }\n";
static const uint8_t *in;
static size_t left;
static uint32_t now_seq;
static bool ended;

static unsigned take(void)
{
	return left ? left--, *in++ : 0;
}

static ssize_t fuzz_send(const void *buf, size_t n)
{
	ended = false;
	now_seq = ((const struct nlmsghdr *)buf)->nlmsg_seq;
	return (ssize_t)n;
}

static ssize_t fuzz_recv(void *buf, size_t room)
{
	static const uint16_t types[] = { FAMILY, FAMILY, FAMILY, NLMSG_ERROR, NLMSG_DONE, NLMSG_NOOP };
	struct nlmsghdr *h = buf;
	size_t n;

	if (!left && ended)	/* a request ends at the first end, a listener here */
		return 0;
	if (!left) {
		ended = true;
		*h = (struct nlmsghdr){ .nlmsg_type = NLMSG_DONE, .nlmsg_len = NLMSG_HDRLEN, .nlmsg_seq = now_seq };
		return NLMSG_HDRLEN;
	}
	*h = (struct nlmsghdr){ .nlmsg_type = types[take() % 6], .nlmsg_seq = now_seq };
	h->nlmsg_flags = (uint16_t)(take() << 8);
	n = take() * 4 + (take() & 3);
	n = n < left ? n : left;
	n = n < room - NLMSG_HDRLEN ? n : room - NLMSG_HDRLEN;
	memcpy(NLMSG_DATA(h), in, n);
	in += n;
	left -= n;
	h->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + n);
	return (ssize_t)h->nlmsg_len;
}

static void sets(void)
{
	struct model *m = model_new();
	struct set s = { .name = "s" };

	if (!codec_sets(m))
		codec_setelems(m);
	codec_members(&s);
}

static void show(int how)
{
	static char *flows[] = { "flow", "show", NULL }, *drops[] = { "monitor", "drops", NULL };
	struct model *m = model_new();
	cellvec v = { 0 };

	g.json = how & 8;
	switch (how & 7) {
	case 3: cmd_flow(2, flows); break;
	case 4: show_drops(m); break;
	case 5: cmd_monitor(2, drops); break;
	case 6: show_flows(m); break;
	default: codec_cells(m, &v);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return freopen("/dev/null", "w", stdout) ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int err, how;

	in = data;
	left = size;
	how = (int)take();
	nl_connect_zfw();
	nl_hush = true;
	switch (how & 7) {
	case 0: codec_running(&err); break;
	case 1: codec_texts(&err); break;
	case 2: sets(); break;
	default: show(how);
	}
	mem_forget();
	return 0;
}
