// SPDX-License-Identifier: GPL-2.0
/*
 * taps: listens where the kernel hands packets to programs; a line for each, until it is ended.
 *   taps nflog GROUP                  prints "log FAMILY PREFIX"
 *   taps queue NUMBER accept|drop     prints "packet FAMILY", and gives that verdict
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct msg {
	struct nlmsghdr h;
	struct nfgenmsg g;
	char attrs[64];
};

static int sock;

static void add(struct msg *m, int type, const void *v, size_t n)
{
	struct nlattr *a = (void *)((char *)m + m->h.nlmsg_len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + n;
	memcpy(a + 1, v, n);
	m->h.nlmsg_len += NLA_ALIGN(a->nla_len);
}

static struct msg message(int subsys, int type, int family, int id)
{
	struct msg m = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.g)), .nlmsg_type = subsys << 8 | type, .nlmsg_flags = NLM_F_REQUEST },
		.g = { .nfgen_family = family, .res_id = htons(id) } };

	return m;
}

static void out(struct msg *m)
{
	if (send(sock, m, m->h.nlmsg_len, 0) < 0) {
		perror("send");
		exit(2);
	}
}

/* out, and what the kernel says of it */
static void ask(struct msg *m)
{
	char b[8192];
	struct nlmsghdr *h = (void *)b;

	m->h.nlmsg_flags |= NLM_F_ACK;
	out(m);
	if (recv(sock, b, sizeof(b), 0) < 0 || h->nlmsg_type != NLMSG_ERROR || *(int *)NLMSG_DATA(h)) {
		fprintf(stderr, "taps: refused\n");
		exit(2);
	}
}

static void bind_log(int group)
{
	struct msg m = message(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, AF_UNSPEC, group);
	struct nfulnl_msg_config_cmd cmd = { NFULNL_CFG_CMD_BIND };
	__u32 now = htonl(1);

	add(&m, NFULA_CFG_CMD, &cmd, sizeof(cmd));
	add(&m, NFULA_CFG_QTHRESH, &now, sizeof(now));
	ask(&m);
}

static void bind_queue(int number)
{
	struct msg m = message(NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, AF_UNSPEC, number);
	struct nfqnl_msg_config_cmd cmd = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = { htonl(0), NFQNL_COPY_META };

	add(&m, NFQA_CFG_CMD, &cmd, sizeof(cmd));
	add(&m, NFQA_CFG_PARAMS, &params, sizeof(params));
	ask(&m);
}

static const void *find(struct nlmsghdr *h, int type)
{
	struct nlattr *a = (void *)((char *)NLMSG_DATA(h) + sizeof(struct nfgenmsg));
	char *end = (char *)h + h->nlmsg_len;

	for (; (char *)(a + 1) <= end && a->nla_len >= NLA_HDRLEN; a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a + 1;
	return NULL;
}

static int family_of(struct nlmsghdr *h)
{
	return ((struct nfgenmsg *)NLMSG_DATA(h))->nfgen_family == AF_INET ? 4 : 6;
}

static void verdict(struct nlmsghdr *h, int number, unsigned int v)
{
	const struct nfqnl_msg_packet_hdr *p = find(h, NFQA_PACKET_HDR);
	struct msg m = message(NFNL_SUBSYS_QUEUE, NFQNL_MSG_VERDICT, AF_UNSPEC, number);
	struct nfqnl_msg_verdict_hdr hdr = { htonl(v), p ? p->packet_id : 0 };

	add(&m, NFQA_VERDICT_HDR, &hdr, sizeof(hdr));
	printf("packet %d\n", family_of(h));
	out(&m);
}

int main(int argc, char **argv)
{
	int queue = argc == 4 && !strcmp(argv[1], "queue");
	static char b[65536];
	ssize_t n;

	if (!queue && (argc != 3 || strcmp(argv[1], "nflog")))
		return 2;
	sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (queue)
		bind_queue(atoi(argv[2]));
	else
		bind_log(atoi(argv[2]));
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while ((n = recv(sock, b, sizeof(b), 0)) > 0)
		for (struct nlmsghdr *h = (void *)b; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			const char *prefix = queue ? NULL : find(h, NFULA_PREFIX);

			if (h->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
				verdict(h, atoi(argv[2]), strcmp(argv[3], "accept") ? NF_DROP : NF_ACCEPT);
			else if (h->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
				printf("log %d %s\n", family_of(h), prefix ? prefix : "");
		}
	return 0;
}
