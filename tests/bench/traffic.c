// SPDX-License-Identifier: GPL-2.0
// traffic: what the benchmark's guest needs besides pktgen. Addresses follow ruleset.py: a 32-bit address a.b.c.d is,
// in IPv6, fd00:aabb:ccdd::1.
//  traffic reply FAM SPORT TO                       one UDP answer from the server's port 5000 to port SPORT of TO
//  traffic udp FAM COUNT SPORT0 SPORT1 DPORT SRC    pktgen: source ports in turn, on pktgen's own clock
//  traffic tcp FAM DATA CONNS PORT0 TO              whole TCP connections between left and right; right answers to TO
//  traffic play FAM FILE COUNT                      the first COUNT packets of a trace: "FAM PROTO SRC SPORT DST DPORT"
//  traffic netns COUNT                              COUNT network namespaces made and kept
//  traffic clock COMMAND...                         runs COMMAND
// Each prints "ns=TIME sent=N"; under -icount one ns is one instruction. udp, tcp and play add what the far ends and the
// router counted meanwhile: sink= back= fwd= ct= before= (connection entries made, and there before).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENT "10.0.0.2"
#define SERVER "10.128.0.2"
#define PORT 5000
#define TO_ROUTER "02:00:00:00:00:02"		// the router's side of left
#define TO_ROUTER_RIGHT "02:00:00:00:00:03"

struct addr {
	int fam;
	uint8_t b[16];
};

struct flow {
	struct addr src, dst;
	uint16_t sport, dport;
	int proto;
};

struct frame {
	int len;
	uint8_t b[256];
};

// What profile.c looks for; nothing without it.
#define MARK_START asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x01, 'Z', 'F', 'W'" ::: "memory")
#define MARK_STOP asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x02, 'Z', 'F', 'W'" ::: "memory")

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static struct addr address(const char *text, int fam)
{
	struct addr a = { .fam = fam };
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) != 1) {
		fprintf(stderr, "traffic: bad address %s\n", text);
		exit(2);
	}
	if (fam == 4) {
		memcpy(a.b, v4, 4);
	} else {
		a.b[0] = 0xfd;
		memcpy(a.b + 2, v4, 4);
		a.b[15] = 1;
	}
	return a;
}

static void parse_mac(const char *text, uint8_t *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) {
		fprintf(stderr, "traffic: bad hardware address %s\n", text);
		exit(2);
	}
}

static int open_device(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	if (fd < 0)
		die("socket");
	if (!to.sll_ifindex || bind(fd, (void *)&to, sizeof(to)))
		die(name);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		die("PACKET_QDISC_BYPASS");
	return fd;
}

static uint32_t add_up(const void *data, int len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static int fill_ip(uint8_t *at, const struct flow *f, int payload)
{
	if (f->src.fam == 4) {
		struct iphdr h = { .version = 4, .ihl = 5, .tot_len = htons(20 + payload), .frag_off = htons(IP_DF),
				   .ttl = 64, .protocol = f->proto };

		memcpy(&h.saddr, f->src.b, 4);
		memcpy(&h.daddr, f->dst.b, 4);
		h.check = fold(add_up(&h, sizeof(h), 0));
		memcpy(at, &h, sizeof(h));
		return sizeof(h);
	}
	struct ip6_hdr h = { .ip6_flow = htonl(6u << 28), .ip6_plen = htons(payload), .ip6_nxt = f->proto, .ip6_hlim = 64 };

	memcpy(&h.ip6_src, f->src.b, 16);
	memcpy(&h.ip6_dst, f->dst.b, 16);
	memcpy(at, &h, sizeof(h));
	return sizeof(h);
}

// Fills in everything around the transport header that stands in l4; its checksum lies at check_at.
static void frame_build(struct frame *out, const uint8_t *dmac, const struct flow *f, uint8_t *l4, int len, int check_at)
{
	int n = f->src.fam == 4 ? 4 : 16;
	uint32_t sum = add_up(f->src.b, n, add_up(f->dst.b, n, f->proto + len));
	uint16_t check;
	uint16_t type = htons(f->src.fam == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);

	if (check_at >= 0) {
		memset(l4 + check_at, 0, 2);
		check = fold(add_up(l4, len, sum));
		memcpy(l4 + check_at, &check, 2);
	}
	memset(out->b, 0, ETH_HLEN);
	memcpy(out->b, dmac, 6);
	out->b[6] = 2;
	out->b[11] = 0x77;
	memcpy(out->b + 12, &type, 2);
	out->len = ETH_HLEN + fill_ip(out->b + ETH_HLEN, f, len);
	memcpy(out->b + out->len, l4, len);
	out->len += len;
}

static void udp_build(struct frame *out, const uint8_t *dmac, const struct flow *f)
{
	uint8_t l4[18] = { 0 };
	struct udphdr h = { .source = htons(f->sport), .dest = htons(f->dport), .len = htons(sizeof(l4)) };

	memcpy(l4, &h, sizeof(h));
	frame_build(out, dmac, f, l4, sizeof(l4), 6);
}

static void tcp_build(struct frame *out, const uint8_t *dmac, const struct flow *f, uint32_t seq, uint32_t ack,
		      uint8_t flags, int data)
{
	uint8_t l4[20 + 64] = { 0 };
	struct tcphdr h = { .source = htons(f->sport), .dest = htons(f->dport), .seq = htonl(seq), .ack_seq = htonl(ack),
			    .doff = 5, .window = htons(65000) };

	h.th_flags = flags;
	memcpy(l4, &h, sizeof(h));
	frame_build(out, dmac, f, l4, 20 + data, 16);
}

// Any other protocol: twenty zero bytes behind the IP header.
static void raw_build(struct frame *out, const uint8_t *dmac, const struct flow *f)
{
	uint8_t l4[20] = { 0 };

	frame_build(out, dmac, f, l4, sizeof(l4), -1);
}

static void enter(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

// The number behind KEY and SKIP further numbers in a file of /proc; a file that is not there counts nothing.
static long counter(const char *path, const char *key, int skip)
{
	char text[16384], *at;
	int fd = open(path, O_RDONLY), n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strstr(text, key);
	if (!at)
		return 0;
	for (at += strlen(key); skip--;)
		strtol(at, &at, 10);
	return strtol(at, NULL, 10);
}

struct counts {
	long sink, back, fwd, ct;
};

static struct counts count(int fam)
{
	struct counts c;

	enter("right");
	c.sink = counter("/proc/net/dev", "k0:", 1);
	enter("router");
	c.fwd = fam == 4 ? counter("/proc/net/snmp", "\nIp: ", 5) : counter("/proc/net/snmp6", "Ip6OutForwDatagrams", 0);
	c.ct = counter("/proc/sys/net/netfilter/nf_conntrack_count", "", 0);
	enter("left");
	c.back = counter("/proc/net/dev", "s0:", 1);
	return c;
}

static void report(uint64_t ns, unsigned long sent, struct counts before, struct counts after)
{
	printf("ns=%llu sent=%lu sink=%ld back=%ld fwd=%ld ct=%ld before=%ld\n", (unsigned long long)ns, sent,
	       after.sink - before.sink, after.back - before.back, after.fwd - before.fwd, after.ct - before.ct, before.ct);
}

static int run_reply(char **arg)
{
	int fam = atoi(arg[0]), fd, sent;
	struct flow f = { .src = address(SERVER, fam), .dst = address(arg[2], fam), .sport = PORT, .dport = atoi(arg[1]),
			  .proto = IPPROTO_UDP };
	struct frame frame;
	uint8_t mac[6];

	enter("right");
	fd = open_device("k0");
	parse_mac(TO_ROUTER_RIGHT, mac);
	udp_build(&frame, mac, &f);
	sent = send(fd, frame.b, frame.len, 0) == frame.len;
	printf("ns=0 sent=%d\n", sent);
	return !sent;
}

// Objects of a slab cache, in use or free: it grows when no slab had a free one left.
static long slab_objects(const char *cache)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/total_objects", cache);
	return counter(path, "", 0);
}

// pktgen keeps each packet until it has sent it, so the router works on a copy: two heads and two buffers of 1 KiB are in
// use at a time. Where what ran before has left slabs with one free object each, two of them take turns with every
// packet, which costs some 280 instructions. So all that is free is taken until this process ends, by messages to itself.
static void fill_slabs(void)
{
	long data = slab_objects("kmalloc-1k"), heads = slab_objects("skbuff_head_cache");
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), room = 1 << 30;
	struct sockaddr_nl me = { .nl_family = AF_NETLINK, .nl_pid = getpid() };
	char text[704] = { 0 };		// what the kernel adds makes it 1 KiB

	if (!data || !heads || fd < 0 || bind(fd, (void *)&me, sizeof(me)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		die("fill_slabs");
	while (slab_objects("kmalloc-1k") <= data || slab_objects("skbuff_head_cache") <= heads)
		if (sendto(fd, text, sizeof(text), MSG_DONTWAIT, (void *)&me, sizeof(me)) < 0)
			die("fill_slabs");
}

static void tell(const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/net/pktgen/%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(text);
	close(fd);
}

static void tell_device(const char *word, const char *value)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", word, value);
	tell("s0", text);
}

static void pktgen_addresses(int fam, const char *src)
{
	if (fam == 4) {
		tell_device("pkt_size", "64");
		tell_device("dst", SERVER);
		tell_device("src_min", src);
		tell_device("src_max", src);
	} else {
		tell_device("pkt_size", "84");
		tell_device("dst6", "fd00:a80:2::1");
		tell_device("src6", "fd00:a00:2::1");
	}
}

static int run_udp(char **arg)
{
	int fam = atoi(arg[0]);
	struct counts before = count(fam);
	char last[16];

	snprintf(last, sizeof(last), "%d", atoi(arg[3]) + 1);
	tell("kpktgend_0", "rem_device_all");
	tell("kpktgend_0", "add_device s0");
	tell_device("count", arg[1]);
	tell_device("clone_skb", "0");
	tell_device("delay", "0");
	tell_device("flag", "NO_TIMESTAMP");
	tell_device("dst_mac", TO_ROUTER);
	tell_device("udp_src_min", arg[2]);
	tell_device("udp_src_max", last);
	tell_device("udp_dst_min", arg[4]);
	tell_device("udp_dst_max", arg[4]);
	pktgen_addresses(fam, arg[5]);
	fill_slabs();
	MARK_START;
	tell("pgctrl", "start\n");
	MARK_STOP;
	report(counter("/proc/net/pktgen/s0", "Result: OK: ", 0) * 1000ull,
	       counter("/proc/net/pktgen/s0", "pkts-sofar: ", 0), before, count(fam));
	return 0;
}

// One end of a TCP connection: where its frames go and what it has said so far.
struct end {
	int fd;
	uint8_t mac[6];
	struct flow flow;
	uint32_t seq;
};

static unsigned long segments;

static void say(struct end *from, const struct end *to, uint8_t flags, int data)
{
	struct frame frame;

	tcp_build(&frame, from->mac, &from->flow, from->seq, flags & TH_ACK ? to->seq : 0, flags, data);
	segments += send(from->fd, frame.b, frame.len, 0) == frame.len;
	from->seq += data + !!(flags & (TH_SYN | TH_FIN));
}

static void connection(struct end *c, struct end *s, int data)
{
	say(c, s, TH_SYN, 0);
	say(s, c, TH_SYN | TH_ACK, 0);
	say(c, s, TH_ACK, 0);
	for (int i = 0; i < data; i++) {
		say(c, s, TH_ACK | TH_PUSH, 64);
		say(s, c, TH_ACK, 0);
	}
	say(c, s, TH_FIN | TH_ACK, 0);
	say(s, c, TH_FIN | TH_ACK, 0);
	say(c, s, TH_ACK, 0);
}

static int run_tcp(char **arg)
{
	int fam = atoi(arg[0]), data = atoi(arg[1]), conns = atoi(arg[2]), port = atoi(arg[3]);
	struct end c = { .flow = { .src = address(CLIENT, fam), .dst = address(SERVER, fam), .proto = IPPROTO_TCP } };
	struct end s = { .flow = { .src = c.flow.dst, .dst = address(arg[4], fam), .proto = IPPROTO_TCP } };
	struct counts before = count(fam);
	uint64_t start, end;

	parse_mac(TO_ROUTER, c.mac);
	parse_mac(TO_ROUTER_RIGHT, s.mac);
	enter("right");
	s.fd = open_device("k0");
	enter("left");
	c.fd = open_device("s0");
	MARK_START;
	start = now();
	for (int i = 0; i < conns; i++) {
		c.flow.sport = s.flow.dport = port + i;
		c.flow.dport = s.flow.sport = PORT;
		c.seq = 1000 + i * 7919u;
		s.seq = 5000 + i * 104729u;
		connection(&c, &s, data);
	}
	end = now();
	MARK_STOP;
	report(end - start, segments, before, count(fam));
	return 0;
}

static bool trace_line(FILE *in, struct flow *f)
{
	char src[32], dst[32];
	int fam;

	if (fscanf(in, "%d %d %31s %hu %31s %hu", &fam, &f->proto, src, &f->sport, dst, &f->dport) != 6)
		return false;
	f->src = address(src, fam);
	f->dst = address(dst, fam);
	return true;
}

static int run_play(char **arg)
{
	int fam = atoi(arg[0]), room = atoi(arg[2]), got = 0, fd;
	struct frame *frames = calloc(room, sizeof(*frames));
	struct counts before = count(fam);
	FILE *in = fopen(arg[1], "r");
	unsigned long sent = 0;
	uint64_t start, end;
	struct flow f;
	uint8_t mac[6];

	if (!in || !frames)
		die(arg[1]);
	parse_mac(TO_ROUTER, mac);
	for (; got < room && trace_line(in, &f); got++) {
		if (f.proto == IPPROTO_UDP)
			udp_build(frames + got, mac, &f);
		else if (f.proto == IPPROTO_TCP)
			tcp_build(frames + got, mac, &f, 1000, 0, TH_SYN, 0);
		else
			raw_build(frames + got, mac, &f);
	}
	fd = open_device("s0");
	MARK_START;
	start = now();
	for (int i = 0; i < got; i++)
		sent += send(fd, frames[i].b, frames[i].len, 0) == frames[i].len;
	end = now();
	MARK_STOP;
	report(end - start, sent, before, count(fam));
	return 0;
}

static int run_netns(char **arg)
{
	int count = atoi(arg[0]);
	uint64_t start = now(), made;

	for (int i = 0; i < count; i++)
		if (unshare(CLONE_NEWNET) || open("/proc/self/ns/net", O_RDONLY) < 0)
			die("unshare");
	made = now();
	printf("ns=%llu sent=%d\n", (unsigned long long)(made - start), count);
	fflush(stdout);
	pause();
	return 0;
}

static int run_clock(char **arg)
{
	uint64_t start = now();
	pid_t child = fork();
	int status;

	if (!child) {
		execvp(arg[0], arg);
		die(arg[0]);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die(arg[0]);
	fprintf(stderr, "ns=%llu status=%d\n", (unsigned long long)(now() - start),
		WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char **arg);
	} verbs[] = { { "reply", 3, run_reply }, { "udp", 6, run_udp }, { "tcp", 5, run_tcp }, { "play", 3, run_play },
		      { "netns", 1, run_netns }, { "clock", 1, run_clock } };

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].args)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "traffic: see the head of traffic.c\n");
	return 2;
}
