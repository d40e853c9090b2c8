// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink socket: family lookup, requests, dumps, notifications.
 * Answers are received here and not by libnl, which drops the extended ack.
 */
#include "cmd.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

char nl_extmsg[512];
int nl_badoff;
bool nl_hush;
bool nl_lost;
struct nlattr *nl_head;	/* attributes of the message being handled */
int nl_len;
static struct nl_sock *sk;
static int family;

static void nl_say(const char *text)
{
	if (!nl_hush)
		fprintf(stderr, "zonefw: error: %s\n", text);
}

int nl_connect_zfw(void)
{
	int one = 1, size = 256 << 20, fd;

	if (sk)
		return 0;
	sk = nl_socket_alloc();
	if (!sk || genl_connect(sk) < 0) {
		nl_say("cannot open a generic netlink socket");
		return EX_NOMODULE;
	}
	fd = nl_socket_get_fd(sk);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	size = 8 << 20;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	family = genl_ctrl_resolve(sk, ZONEFW_GENL_NAME);
	if (family < 0) {
		nl_say("the kernel has no zonefw: run 'modprobe zonefw' (as root)");
		nl_socket_free(sk);
		sk = NULL;
		return EX_NOMODULE;
	}
	return 0;
}

struct nl_msg *nl_new(int cmd, int flags, size_t size)
{
	struct nl_msg *m = nlmsg_alloc_size(size + 4096);

	if (!m || !genlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd, ZONEFW_GENL_VERSION)) {
		fputs("zonefw: out of memory\n", stderr);
		return NULL;
	}
	return m;
}

/* of an answer: 0 or -errno, whatever stands there */
static int code_of(int e)
{
	return e <= 0 && e >= -4095 ? e : -EBADMSG;
}

/* NLMSG_ERROR: the code, and the kernel's own words behind it */
static int ack_parse(struct nlmsghdr *h)
{
	struct nlmsgerr *e = nlmsg_data(h);
	size_t off = sizeof(*h) + sizeof(int) + sizeof(struct nlmsghdr);
	struct nlattr *a;
	int rem;

	nl_extmsg[0] = 0;
	nl_badoff = 0;
	if (nlmsg_datalen(h) < (int)sizeof(*e))
		return -EBADMSG;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS && h->nlmsg_len >= off) {
		if (!(h->nlmsg_flags & NLM_F_CAPPED))
			off += (size_t)e->msg.nlmsg_len + 3 - sizeof(struct nlmsghdr);
		off &= ~(size_t)3;
		rem = off < h->nlmsg_len ? (int)(h->nlmsg_len - off) : 0;
		for (a = (struct nlattr *)((char *)h + off); rem > 0 && nla_ok(a, rem); a = nla_next(a, &rem)) {
			if (nla_type(a) == NLMSGERR_ATTR_MSG)
				snprintf(nl_extmsg, sizeof(nl_extmsg), "%.*s", nla_len(a), (char *)nla_data(a));
			else if (nla_type(a) == NLMSGERR_ATTR_OFFS && nla_len(a) >= 4)
				nl_badoff = (int)nla_get_u32(a);
		}
	}
	return code_of(e->error);
}

static int one_message(struct nlmsghdr *h, reply_fn fn, void *arg, bool *done)
{
	struct nlattr *tb[ZONEFW_A_MAX + 1];

	if (h->nlmsg_type == NLMSG_ERROR) {
		*done = true;
		return ack_parse(h);
	}
	if (h->nlmsg_type == NLMSG_DONE) {
		*done = true;
		return nlmsg_datalen(h) >= 4 ? code_of(*(int *)nlmsg_data(h)) : 0;
	}
	if (h->nlmsg_type != family)
		return 0;
	if (nla_parse(tb, ZONEFW_A_MAX, genlmsg_attrdata(nlmsg_data(h), 0),
		      genlmsg_attrlen(nlmsg_data(h), 0), nl_attr) < 0)
		return -EBADMSG;
	nl_head = genlmsg_attrdata(nlmsg_data(h), 0);
	nl_len = genlmsg_attrlen(nlmsg_data(h), 0);
	if (fn)
		fn(tb, arg);
	return 0;
}

/* Send, and take answers until the ack or the end of the dump. Frees msg. */
int nl_do(struct nl_msg *msg, reply_fn fn, void *arg)
{
	static char buf[1 << 18] __attribute__((aligned(8)));
	struct nlmsghdr *h = nlmsg_hdr(msg);
	bool done = false, dump = h->nlmsg_flags & NLM_F_DUMP;
	int err = 0;
	uint32_t seq;

	if (!dump)
		h->nlmsg_flags |= NLM_F_ACK;
	nl_complete_msg(sk, msg);
	seq = h->nlmsg_seq;
	nl_extmsg[0] = 0;
	nl_badoff = 0;
	nl_lost = false;
	if (send(nl_socket_get_fd(sk), h, h->nlmsg_len, 0) < 0)
		err = -errno;
	nlmsg_free(msg);
	while (!err && !done) {
		int len = (int)recv(nl_socket_get_fd(sk), buf, sizeof(buf), 0);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			nl_lost = !dump;
			return -errno;
		}
		for (h = (struct nlmsghdr *)buf; !done && nlmsg_ok(h, len); h = nlmsg_next(h, &len)) {
			if (h->nlmsg_seq != seq)
				continue;
			err = one_message(h, fn, arg, &done);
			if (err)
				break;
		}
	}
	return err;
}

int nl_failed(int err)
{
	if (err == -EPERM || err == -EACCES) {
		nl_say(xfmt("%s; run as root", *nl_extmsg ? nl_extmsg : "operation not permitted"));
		return EX_NOMODULE;
	}
	if (nl_lost)
		nl_say(xfmt("the kernel's answer was lost: %s; look whether the request was carried out", strerror(-err)));
	else
		nl_say(xfmt("the kernel refused: %s", *nl_extmsg ? nl_extmsg : strerror(-err)));
	return EX_REFUSED;
}

/* On a socket of its own: libnl expects to have seen every answer on it. */
static int group_number(const char *group)
{
	struct nl_sock *fresh = nl_socket_alloc();
	int grp = -1;

	if (fresh && genl_connect(fresh) == 0)
		grp = genl_ctrl_resolve_grp(fresh, ZONEFW_GENL_NAME, group);
	nl_socket_free(fresh);
	return grp;
}

/* what comes for a group, or with none what the kernel sends to this socket; until interrupted */
int nl_listen(const char *group, void (*fn)(int cmd, struct nlattr **tb))
{
	static char buf[1 << 16] __attribute__((aligned(8)));
	int grp = group ? group_number(group) : 0;

	if (grp < 0 || (group && nl_socket_add_membership(sk, grp) < 0)) {
		fprintf(stderr, "zonefw: cannot listen to '%s'; run as root\n", group);
		return EX_NOMODULE;
	}
	for (;;) {
		struct nlattr *tb[ZONEFW_A_MAX + 1];
		int len = (int)recv(nl_socket_get_fd(sk), buf, sizeof(buf), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)buf;

		if (len < 0 && errno == ENOBUFS) {
			fputs("zonefw: some messages were lost\n", stderr);
			continue;
		}
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return EX_REFUSED;
		for (; nlmsg_ok(h, len); h = nlmsg_next(h, &len)) {
			struct genlmsghdr *gh = nlmsg_data(h);

			if (h->nlmsg_type == family && nla_parse(tb, ZONEFW_A_MAX, genlmsg_attrdata(gh, 0),
								 genlmsg_attrlen(gh, 0), nl_attr) >= 0)
				fn(gh->cmd, tb);
		}
	}
}

/* the text of an attribute of 4 or 16 bytes, or NULL */
char *nl_ip(struct nlattr *a)
{
	return a && (nla_len(a) == 4 || nla_len(a) == 16) ?
	       fmt_ip(nla_len(a) == 4 ? 4 : 6, load_be(nla_data(a), nla_len(a))) : NULL;
}
