// SPDX-License-Identifier: GPL-2.0
/*
 * live: what open connections and running packets see of changes, by the clock of arrival. Used in the test machine.
 *
 *   live revoke N FROM KEEP TO DST PORT REVOKE PERMIT
 *	Two UDP flows to DST:PORT, from the namespaces FROM and KEEP, a packet a millisecond in each direction.
 *	N times the command REVOKE takes the permission of the first, PERMIT gives it back. Prints how long after
 *	REVOKE's end its last packet arrived anywhere, and what the second flow lost meanwhile.
 *   live mixed N FROM TO SRC DST A B
 *	N packets to DST:7003 and as many to DST:7004, of changing source ports, while A and B are run by turns:
 *	commands that put a policy in force, of which both let the first pass and neither the second.
 *   live many FLOWS SECONDS FROM SRC DST PORT COMMAND
 *	Packets by turns of FLOWS sources, from SRC upwards, while COMMAND is run again and again. Prints how many.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void enter(const char *ns)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(2, "%s", ns);
	close(fd);
}

static int udp_socket(const char *ns, const char *bind_to, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, size = 16 << 20, s;

	enter(ns);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind_to && inet_pton(AF_INET, bind_to, &a.sin_addr) != 1)
		errx(2, "%s is no IPv4 address", bind_to);
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) || bind(s, (void *)&a, sizeof(a)))
		err(2, "socket in %s", ns);
	return s;
}

/* On one processor the packets of a flow stay in order: two would be queued by both. */
static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "affinity");
}

/* As system(3), by the shell that PATH has; on any processor. */
static int run(const char *command)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		stay_on(-1);
		execlp("sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : status;
}

/* --- revoke --- */

struct way {		/* one direction of a flow */
	uint32_t sent, got, next;
	uint32_t reordered;
	int64_t last;	/* arrival */
};

struct flow {
	int s;
	struct sockaddr_in peer;	/* as the server sees it */
	struct way there, back;
};

struct datagram { uint32_t flow, seq; };

static int64_t arrival(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct timespec t;

	if (!c || c->cmsg_type != SO_TIMESTAMPNS)
		return now();
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void arrived(struct way *w, uint32_t seq, int64_t at)
{
	w->got++;
	w->reordered += seq < w->next;
	w->next = seq + 1;
	w->last = at;
}

static void drain(int s, struct flow *f, struct flow *only)
{
	char control[128];
	struct datagram d;
	struct sockaddr_in from;
	struct iovec v = { &d, sizeof(d) };

	for (;;) {
		struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &v, .msg_iovlen = 1,
				    .msg_control = control, .msg_controllen = sizeof(control) };
		struct flow *at;

		if (recvmsg(s, &m, 0) != sizeof(d))
			return;
		at = only ? only : &f[d.flow & 1];
		arrived(only ? &at->back : &at->there, d.seq, arrival(&m));
		if (!only)
			at->peer = from;
	}
}

static void tick(int server, struct flow *f, const struct sockaddr_in *dst)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		struct datagram d = { i, f[i].there.sent };

		if (sendto(f[i].s, &d, sizeof(d), 0, (const void *)dst, sizeof(*dst)) == sizeof(d))
			f[i].there.sent++;
		d.seq = f[i].back.sent;
		if (f[i].peer.sin_port &&
		    sendto(server, &d, sizeof(d), 0, (void *)&f[i].peer, sizeof(f[i].peer)) == sizeof(d))
			f[i].back.sent++;
	}
	usleep(1000);
	drain(server, f, NULL);
	for (i = 0; i < 2; i++)
		drain(f[i].s, NULL, &f[i]);
}

/* The flows go on while the command runs. Return: when it had ended. */
static int64_t during(const char *command, int server, struct flow *f, const struct sockaddr_in *dst)
{
	int64_t end = 0;
	int p[2], status;
	pid_t pid;

	if (pipe2(p, O_NONBLOCK | O_CLOEXEC))
		err(2, "pipe");
	pid = fork();
	if (!pid) {
		status = run(command);
		end = now();
		_exit(write(p[1], &end, sizeof(end)) != sizeof(end) || status);
	}
	while (waitpid(pid, &status, WNOHANG) != pid)
		tick(server, f, dst);
	if (read(p[0], &end, sizeof(end)) != sizeof(end) || status)
		errx(2, "'%s' failed", command);
	close(p[0]);
	close(p[1]);
	return end;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t last_of(const struct flow *f)
{
	return f->there.last > f->back.last ? f->there.last : f->back.last;
}

static int flows_run(int server, struct flow *f, const struct sockaddr_in *dst)
{
	uint32_t there = f->there.got, back = f->back.got;
	int i;

	for (i = 0; i < 5000 && (f->there.got < there + 3 || f->back.got < back + 3); i++)
		tick(server, f, dst);
	return i < 5000;
}

static int revocations(int n, char **v)
{
	struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = htons(atoi(v[4])) };
	int server = udp_socket(v[2], v[3], atoi(v[4])), i, k, late = 0;
	int64_t *took = calloc(n, sizeof(*took)), end;
	struct flow f[2] = { };

	stay_on(0);
	inet_pton(AF_INET, v[3], &dst.sin_addr);
	for (i = 0; i < 2; i++)
		f[i].s = udp_socket(v[i], NULL, 0);
	for (i = 0; i < n; i++) {
		if (!flows_run(server, f, &dst))
			errx(2, "round %d: the flow that may pass does not", i);
		end = during(v[5], server, f, &dst);
		for (k = 0; k < 30; k++)
			tick(server, f, &dst);
		took[i] = last_of(f) > end ? last_of(f) - end : 0;
		late += took[i] > 0;
		f[0].peer.sin_port = 0;		/* until its client speaks again */
		during(v[6], server, f, &dst);
	}
	for (k = 0; k < 200; k++) {	/* what is still under way */
		usleep(1000);
		drain(server, f, NULL);
		drain(f[1].s, NULL, &f[1]);
	}
	qsort(took, n, sizeof(*took), by_number);
	printf("revocations %d median %lld us 99%% %lld us worst %lld us late %d\n", n, (long long)took[n / 2] / 1000,
	       (long long)took[n * 99 / 100] / 1000, (long long)took[n - 1] / 1000, late);
	printf("commits %d sent %u lost %d reordered %u\n", 2 * n, f[1].there.sent + f[1].back.sent,
	       (int)(f[1].there.sent + f[1].back.sent - f[1].there.got - f[1].back.got),
	       f[1].there.reordered + f[1].back.reordered);
	return 0;
}

/* --- mixed --- */

static uint16_t fold(const void *p, int n)
{
	const uint16_t *w = p;
	uint32_t sum = 0;

	for (; n > 1; n -= 2)
		sum += *w++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void raw_packet(int s, uint32_t src, const struct sockaddr_in *dst, int sport, int dport)
{
	struct {
		uint8_t vihl, tos;
		uint16_t len, id, off;
		uint8_t ttl, proto;
		uint16_t sum;
		uint32_t src, dst;
		uint16_t sport, dport, ulen, usum;
		uint32_t data;
	} __attribute__((packed)) p = { .vihl = 0x45, .len = htons(32), .ttl = 64, .proto = 17, .src = src,
		.dst = dst->sin_addr.s_addr, .sport = htons(sport), .dport = htons(dport), .ulen = htons(12) };

	p.sum = fold(&p, 20);
	while (sendto(s, &p, sizeof(p), 0, (const void *)dst, sizeof(*dst)) < 0)
		if (errno != ENOBUFS && errno != EAGAIN)
			err(2, "send");
}

static void swap_on(const char *a, const char *b, volatile uint32_t *swaps)
{
	for (;; (*swaps)++)
		if (run(*swaps % 2 ? b : a))
			errx(2, "'%s' failed", *swaps % 2 ? b : a);
}

static void receive_on(const char *ns, const char *addr, volatile uint32_t *got)
{
	struct pollfd p[2] = { { udp_socket(ns, addr, 7003), POLLIN, 0 }, { udp_socket(ns, addr, 7004), POLLIN, 0 } };
	char buf[64];
	int i;

	for (got[2] = 1;;) {
		poll(p, 2, -1);
		for (i = 0; i < 2; i++)
			while (recv(p[i].fd, buf, sizeof(buf), 0) > 0)
				got[i]++;
	}
}

static int mixed(uint32_t n, char **v)
{
	volatile uint32_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in dst = { .sin_family = AF_INET }, src;
	pid_t receiver, swapper;
	uint32_t i;
	int s, wait;

	inet_pton(AF_INET, v[3], &dst.sin_addr);
	inet_pton(AF_INET, v[2], &src.sin_addr);
	receiver = fork();
	if (!receiver)
		receive_on(v[1], v[3], m);
	while (!m[2])
		usleep(1000);
	swapper = fork();
	if (!swapper)
		setpgid(0, 0), swap_on(v[4], v[5], m + 3);
	enter(v[0]);
	s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (s < 0)
		err(2, "raw socket");
	for (i = 0; i < n; i++) {
		raw_packet(s, src.sin_addr.s_addr, &dst, 20000 + i % 20000, 7003);
		raw_packet(s, src.sin_addr.s_addr, &dst, 20000 + i % 20000, 7004);
		if (i % 64 == 63)	/* no queue may overflow: a loss is to be the firewall's */
			for (wait = 0; m[0] + 2000 < i && wait < 5000; wait++)
				usleep(1000);
	}
	kill(-swapper, SIGKILL);
	usleep(500000);
	printf("packets %u swaps %u allowed by both: lost %d allowed by neither: passed %u\n", 2 * n, m[3],
	       (int)(n - m[0]), m[1]);
	kill(receiver, SIGKILL);
	return 0;
}

/* --- many --- */

static int many(int flows, int seconds, char **v)
{
	volatile uint32_t *runs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in dst = { .sin_family = AF_INET }, src;
	int64_t end = now() + seconds * 1000000000ll;
	uint32_t sent = 0;
	pid_t changer;
	int s;

	inet_pton(AF_INET, v[1], &src.sin_addr);
	inet_pton(AF_INET, v[2], &dst.sin_addr);
	changer = fork();
	if (!changer)
		setpgid(0, 0), swap_on(v[4], v[4], runs);
	enter(v[0]);
	s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (s < 0)
		err(2, "raw socket");
	for (; now() < end; sent++) {
		raw_packet(s, htonl(ntohl(src.sin_addr.s_addr) + sent % flows), &dst, 20000, atoi(v[3]));
		if (sent % 16 == 15)
			usleep(1000);
	}
	kill(-changer, SIGKILL);
	printf("many sent %u runs %u\n", sent, *runs);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 10 && !strcmp(argv[1], "revoke"))
		return revocations(atoi(argv[2]), argv + 3);
	if (argc == 9 && !strcmp(argv[1], "mixed"))
		return mixed(atoi(argv[2]), argv + 3);
	if (argc == 9 && !strcmp(argv[1], "many"))
		return many(atoi(argv[2]), atoi(argv[3]), argv + 4);
	errx(2, "see the top of live.c");
}
