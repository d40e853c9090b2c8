// SPDX-License-Identifier: GPL-2.0
/*
 * pkt: the packet tool of the tests, static, without libraries.
 *   pkt serve tcp:PORT udp:PORT ...       echo servers, both families
 *   pkt tcp|udp DST PORT [MS] [SRC]       one exchange: prints open, reset, refused, unreachable, timeout
 *   pkt stream DST PORT COUNT GAPMS       a TCP connection with COUNT echo exchanges; prints how many came back
 *   pkt cap IF FILE                       one line per IP packet: I|O fam proto src dst sport dport info
 *   pkt send [OPTIONS] PROTO DST [PORT]   made-up packets; DST "-": lines "PROTO DST [PORT]" from stdin
 *     -d IF frame on IF (else raw socket)  -s SRC  -S SPORT  -c COUNT  -l PAYLOAD  -t TTL  -F TCPFLAGS
 *     -O HEX IPv4 options  -D set DF  -f FRAGSIZE  -o in|rev|shuf|first|rest  -b BREAKAGE  -P HEX raw layer 4
 *     -L HEX what stands between the hardware addresses and the packet, in place of its type
 *     -e PORTSTEP, -E PORTSTEP: add to the port, to SPORT, for each of COUNT
 *     -n: the packet's data in page fragments behind the Ethernet header (and zeros behind the packet)
 *     -x PROTO:HEX: extension headers in front of layer 4, the first of them PROTO, the last one naming what follows
 *     -g GAPUS: pause between packets
 *   pkt noise SEED GAPUS DST...           frames on eth0 until it is ended: any protocol, ports that repeat, broken ones
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;

struct addr {
	int fam;		/* 4 or 6 */
	u8 b[16];
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct addr parse(const char *s)
{
	struct addr a = { 0 };

	if (inet_pton(AF_INET, s, a.b) == 1)
		a.fam = 4;
	else if (inet_pton(AF_INET6, s, a.b) == 1)
		a.fam = 6;
	else
		die(s);
	return a;
}

static socklen_t fill(struct sockaddr_storage *ss, const struct addr *a, int port)
{
	struct sockaddr_in *v4 = (void *)ss;
	struct sockaddr_in6 *v6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->fam == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->b, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a->b, 16);
	return sizeof(*v6);
}

/* --- servers and clients --- */

static int listener(int type, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int s = socket(AF_INET6, type, 0), on = 1, off = 0;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	/* the answer must leave with the address that was asked */
	setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (bind(s, (void *)&a, sizeof(a)) || (type == SOCK_STREAM && listen(s, 64)))
		die("listen");
	return s;
}

static void echo_udp(int s)
{
	u8 buf[65536], ctl[256];
	struct sockaddr_in6 from;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { &from, sizeof(from), &iov, 1, ctl, sizeof(ctl), 0 };
	struct cmsghdr *c;
	ssize_t n = recvmsg(s, &m, 0);

	if (n < 0)
		return;
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex = 0;
	iov.iov_len = n;
	sendmsg(s, &m, 0);
}

static _Noreturn void serve(int argc, char **argv)
{
	struct pollfd p[512];
	int kind[512], n = 0, i, s;
	static u8 buf[65536];
	ssize_t r;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < argc; i++, n++) {
		kind[n] = strncmp(argv[i], "tcp:", 4) ? 1 : 0;
		p[n].fd = listener(kind[n] ? SOCK_DGRAM : SOCK_STREAM, atoi(argv[i] + 4));
		p[n].events = POLLIN;
	}
	for (;;) {
		if (poll(p, n, -1) < 0)
			continue;
		for (i = n - 1; i >= 0; i--) {
			if (!p[i].revents)
				continue;
			if (kind[i] == 1) {
				echo_udp(p[i].fd);
			} else if (kind[i] == 0) {
				s = accept(p[i].fd, NULL, NULL);
				if (s >= 0 && n < 512) {
					kind[n] = 2;
					p[n].events = POLLIN;
					p[n].revents = 0;
					p[n++].fd = s;
				}
			} else {
				r = read(p[i].fd, buf, sizeof(buf));
				if (r > 0 && write(p[i].fd, buf, r) == r)
					continue;
				close(p[i].fd);
				n--;
				p[i] = p[n];
				kind[i] = kind[n];
			}
		}
	}
}

static const char *word(int err)
{
	switch (err) {
	case ECONNREFUSED: return "refused";
	case ECONNRESET: return "reset";
	case EHOSTUNREACH: case ENETUNREACH: case EACCES: case EPERM: case EPROTO: case ENOPROTOOPT:
		return "unreachable";
	}
	return "timeout";
}

static int wait_for(int s, short ev, int ms)
{
	struct pollfd p = { s, ev, 0 };

	return poll(&p, 1, ms) == 1;
}

static int result(const char *w)
{
	puts(w);
	return strcmp(w, "open") != 0;
}

static int dial(const char *proto, const char *dst, int port, int ms, const char *src)
{
	struct addr a = parse(dst), b;
	struct sockaddr_storage ss;
	int tcp = !strcmp(proto, "tcp"), err = 0;
	int s = socket(a.fam == 4 ? AF_INET : AF_INET6, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
	socklen_t len, el = sizeof(err);

	if (src) {
		b = parse(src);
		len = fill(&ss, &b, 0);
		if (bind(s, (void *)&ss, len))
			die("bind");
	}
	len = fill(&ss, &a, port);
	if (connect(s, (void *)&ss, len) && errno != EINPROGRESS)
		goto fail;
	if (tcp) {
		if (!wait_for(s, POLLOUT, ms)) {
			errno = 0;
			goto fail;
		}
		getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &el);
		errno = err;
		if (err)
			goto fail;
	}
	return s;
fail:
	close(s);
	return -1;
}

static int ask(const char *proto, const char *dst, int port, int ms, const char *src)
{
	int s = dial(proto, dst, port, ms, src);
	u8 buf[64];

	if (s < 0)
		return result(word(errno));
	if (write(s, "hello", 5) != 5)
		return result(word(errno));
	if (!wait_for(s, POLLIN, ms))
		return result("timeout");
	return result(read(s, buf, sizeof(buf)) == 5 && !memcmp(buf, "hello", 5) ? "open" : word(errno));
}

static int stream(const char *dst, int port, int count, int gap)
{
	int s = dial("tcp", dst, port, 10000, NULL), i;
	struct linger at_once = { .l_onoff = 1 };	/* nothing of it is sent again once it has ended */
	u8 buf[64];

	if (s >= 0)
		setsockopt(s, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	for (i = 0; s >= 0 && i < count; i++) {
		if (write(s, "hello", 5) != 5 || !wait_for(s, POLLIN, 3000) || read(s, buf, sizeof(buf)) < 5)
			break;
		usleep(gap * 1000);
	}
	printf("%d\n", i);
	return i != count;
}

/* --- capture --- */

static void show4(FILE *f, const u8 *h, int n, int *proto, const u8 **l4, char *s, char *d)
{
	inet_ntop(AF_INET, h + 12, s, 64);
	inet_ntop(AF_INET, h + 16, d, 64);
	*proto = h[9];
	*l4 = h + (h[0] & 15) * 4;
	if ((h[6] & 0x1f) || h[7])
		*proto = 1000;		/* a later fragment has no ports */
	if (*l4 + 8 > h + n)
		*l4 = NULL;
}

static void show6(FILE *f, const u8 *h, int n, int *proto, const u8 **l4, char *s, char *d)
{
	inet_ntop(AF_INET6, h + 8, s, 64);
	inet_ntop(AF_INET6, h + 24, d, 64);
	*proto = h[6];
	*l4 = h + 40;
	if (*proto == 0 || *proto == 60) {
		*proto = h[40];
		*l4 += 8 + h[41] * 8;
	} else if (*proto == 44) {
		*proto = (h[42] || (h[43] & 0xf8)) ? 1000 : h[40];
		*l4 += 8;
	}
	if (*l4 + 8 > h + n)
		*l4 = NULL;
}

static void show(FILE *f, int out, const u8 *h, int n)
{
	char s[64], d[64];
	const u8 *l4 = NULL;
	int proto, sp = 0, dp = 0, info = 0, v = h[0] >> 4;

	if (n < (v == 4 ? 20 : 40))
		return;
	(v == 4 ? show4 : show6)(f, h, n, &proto, &l4, s, d);
	if (l4 && (proto == 6 || proto == 17 || proto == 132 || proto == 136)) {
		sp = l4[0] << 8 | l4[1];
		dp = l4[2] << 8 | l4[3];
		info = proto == 6 && l4 + 14 <= h + n ? l4[13] : 0;
	} else if (l4 && (proto == 1 || proto == 58)) {
		sp = l4[0];
		dp = l4[1];
		/* of an error: the protocol of the packet it quotes */
		if (proto == 1 && (sp == 3 || sp > 10) && l4 + 28 <= h + n)
			info = l4[17];
		else if (proto == 58 && sp < 5 && l4 + 48 <= h + n)
			info = l4[14];
	}
	fprintf(f, "%c %d %d %s %s %d %d %d %d\n", out ? 'O' : 'I', v, proto, s, d, sp, dp, info,
		v == 4 ? h[8] : h[7]);
}

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

static int cap(const char *dev, const char *file)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)), big = 1 << 25;
	struct sigaction sa = { .sa_handler = on_term };
	FILE *f = fopen(file, "w");
	static u8 buf[65536];
	socklen_t len;
	ssize_t n;

	if (s < 0 || !f)
		die("cap");
	sigaction(SIGTERM, &sa, NULL);
	a.sll_ifindex = strcmp(dev, "any") ? (int)if_nametoindex(dev) : 0;
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(s, (void *)&a, sizeof(a)))
		die(dev);
	fprintf(f, "# ready\n");
	fflush(f);
	while (!stop || wait_for(s, POLLIN, 0)) {
		if (!wait_for(s, POLLIN, 200))
			continue;
		len = sizeof(a);
		n = recvfrom(s, buf, sizeof(buf), 0, (void *)&a, &len);
		if (n >= 20 && (a.sll_protocol == htons(ETH_P_IP) || a.sll_protocol == htons(ETH_P_IPV6)))
			show(f, a.sll_pkttype == PACKET_OUTGOING, buf, n);
	}
	fclose(f);
	return 0;
}

/* --- made-up packets --- */

static struct {
	const char *dev, *src, *order, *brk, *payload;
	int sport, count, len, ttl, flags, df, frag, step, sstep, optlen, rawlen, paged, gap, extproto, extlen, linklen;
	u8 opt[40], raw[2048], ext[512], link[64];
} o = { .sport = 0, .count = 1, .ttl = 64, .flags = 2, .order = "in" };
static u16 ident = 1;

static u32 sum(const u8 *p, int n, u32 s)
{
	for (; n > 1; p += 2, n -= 2)
		s += p[0] << 8 | p[1];
	return n ? s + (p[0] << 8) : s;
}

static u16 fold(u32 s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static void put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static int unhex(const char *s, u8 *out, int max)
{
	unsigned int x;
	int n = 0;

	for (; s[0] && s[1] && n < max && sscanf(s, "%2x", &x) == 1; s += 2)
		out[n++] = x;
	return n;
}

static int transmit_fd(int fam)
{
	static int fd[2] = { -1, -1 };
	int *p = &fd[fam == 6], one = 1;

	if (*p >= 0)
		return *p;
	if (o.dev)
		*p = socket(AF_PACKET, SOCK_RAW, 0);
	else
		*p = socket(fam == 4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_RAW);
	if (*p < 0)
		die("socket");
	if (o.paged && setsockopt(*p, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		die("PACKET_VNET_HDR");
	if (fam == 6 && !o.dev)
		setsockopt(*p, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof(one));
	return *p;
}

/* the kernel makes a frame of a page and more non-linear behind the length that the header gives */
static ssize_t send_paged(int s, const u8 *frame, int n, const struct sockaddr_ll *a)
{
	static u8 buf[sizeof(struct virtio_net_hdr) + 66000];
	struct virtio_net_hdr *h = (void *)buf;
	int len = n < 4200 ? 4200 : n;

	memset(buf, 0, sizeof(*h) + len);
	h->hdr_len = 14;
	memcpy(buf + sizeof(*h), frame, n);
	return sendto(s, buf, sizeof(*h) + len, 0, (const void *)a, sizeof(*a));
}

static void transmit(const u8 *ip, int n, const struct addr *dst)
{
	static int ifindex;
	struct sockaddr_ll a = { .sll_family = AF_PACKET };
	struct sockaddr_storage ss;
	static u8 frame[65600] = { 2, 0, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0, 1 };
	int s = transmit_fd(dst->fam), i, r, hl;
	socklen_t len;

	for (i = 0; i < 100; i++) {
		if (o.dev) {
			a.sll_ifindex = ifindex ? ifindex : (ifindex = if_nametoindex(o.dev));
			put16(frame + 12, dst->fam == 4 ? ETH_P_IP : ETH_P_IPV6);
			memcpy(frame + 12, o.link, o.linklen);
			hl = o.linklen ? 12 + o.linklen : 14;
			memcpy(frame + hl, ip, n);
			r = o.paged ? send_paged(s, frame, n + hl, &a) :
				      sendto(s, frame, n + hl, 0, (void *)&a, sizeof(a));
		} else {
			len = fill(&ss, dst, 0);
			r = sendto(s, ip, n, 0, (void *)&ss, len);
		}
		if (r >= 0)
			return;
		if (errno != ENOBUFS) {
			if (!o.brk && o.dev)	/* a raw socket learns of the firewall's drop */
				perror("pkt send");
			return;
		}
		usleep(1000);
	}
}

static struct addr source(const struct addr *dst)
{
	static struct addr last, a;		/* a sweep asks for the same one again and again */
	struct sockaddr_storage ss;
	socklen_t len = fill(&ss, dst, 9);
	int s;

	if (o.src && parse(o.src).fam == dst->fam)
		return parse(o.src);
	if (a.fam && !memcmp(&last, dst, sizeof(last)))
		return a;
	memset(&a, 0, sizeof(a));
	a.fam = dst->fam;
	last = *dst;
	s = socket(dst->fam == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	if (!connect(s, (void *)&ss, len)) {
		len = sizeof(ss);
		getsockname(s, (void *)&ss, &len);
		if (dst->fam == 4)
			memcpy(a.b, &((struct sockaddr_in *)&ss)->sin_addr, 4);
		else
			memcpy(a.b, &((struct sockaddr_in6 *)&ss)->sin6_addr, 16);
	}
	close(s);
	return a;
}

static u32 crc32c(const u8 *p, int n)
{
	u32 c = ~0u;
	int k;

	while (n--) {
		c ^= *p++;
		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
	}
	return ~c;
}

static int number(const char *p, int fam)
{
	if (!strcmp(p, "tcp"))
		return 6;
	if (!strcmp(p, "udp"))
		return 17;
	if (!strcmp(p, "echo") || !strcmp(p, "icmp"))
		return fam == 4 ? 1 : 58;
	if (!strcmp(p, "sctp"))
		return 132;
	if (!strcmp(p, "gre"))
		return 47;
	return atoi(p);
}

/* The transport part: returns its length; ps is the pseudo header's sum */
static int layer4(u8 *b, int proto, int port, u32 ps)
{
	int n = 8, at = -1, i;
	int sport = o.sport ? o.sport : 20000 + (ident * 7) % 20000;

	if (o.rawlen) {
		memcpy(b, o.raw, o.rawlen);
		n = o.rawlen;
		at = proto == 58 || proto == 1 ? 2 : -1;
		if (at > 0)
			put16(b + 2, 0);
		goto checksum;
	}
	memset(b, 0, 20);
	put16(b, sport);
	put16(b + 2, port);
	switch (proto) {
	case 6:
		put16(b + 4, ident * 77);
		b[12] = 0x50;
		b[13] = o.flags;
		put16(b + 14, 8192);
		n = 20;
		at = 16;
		break;
	case 17: case 136:
		put16(b + 4, 8 + o.len);
		at = 6;
		break;
	case 1: case 58:
		put16(b, (port ? port : proto == 1 ? 8 : 128) << 8);
		put16(b + 2, 0);
		put16(b + 4, sport);
		put16(b + 6, ident);
		at = 2;
		break;
	case 132:
		n = 32;
		memset(b + 4, 0, 28);
		b[12] = 1;
		put16(b + 14, 20);
		b[19] = 1;
		break;
	case 47:
		n = 12;		/* of less the kernel's GRE makes nothing, not even an error */
		memset(b, 0, n);
		put16(b + 2, 0x0800);
		break;
	}
	for (i = 0; i < o.len; i++)
		b[n + i] = 'a' + i % 23;
	n += o.len;
	if (proto == 132) {
		u32 c = crc32c(b, n);	/* sent with its low byte first */

		for (i = 0; i < 4; i++)
			b[8 + i] = c >> 8 * i;
	}
checksum:
	if (at >= 0) {
		put16(b + at, fold(sum(b, n, proto == 1 ? 0 : ps + proto + n)));
		if (o.brk && !strcmp(o.brk, "l4sum"))	/* wrong, and not the zero that UDP may have */
			b[at] = b[at] == 0x55 ? 0x66 : 0x55;
		if (proto == 17 && !b[at] && !b[at + 1])
			put16(b + at, 0xffff);
	}
	if (o.brk && !strcmp(o.brk, "tcpoff") && proto == 6)
		b[12] = 0x30;
	if (o.brk && !strcmp(o.brk, "udplen") && proto == 17)
		put16(b + 4, 4000);
	return n;
}

static int header4(u8 *h, const struct addr *s, const struct addr *d, int proto, int n, int off, int more)
{
	int hl = 20 + o.optlen;

	memset(h, 0, 20);
	h[0] = 0x40 | hl / 4;
	put16(h + 2, hl + n);
	put16(h + 4, ident);
	put16(h + 6, off / 8 | (more ? 0x2000 : 0) | (o.df ? 0x4000 : 0));
	h[8] = o.ttl;
	h[9] = proto;
	memcpy(h + 12, s->b, 4);
	memcpy(h + 16, d->b, 4);
	memcpy(h + 20, o.opt, o.optlen);
	if (o.brk && !strcmp(o.brk, "ihl4"))
		h[0] = 0x44;
	if (o.brk && !strcmp(o.brk, "longlen"))
		put16(h + 2, hl + n + 400);
	if (o.brk && !strncmp(o.brk, "short", 5))
		put16(h + 2, hl + atoi(o.brk + 5));
	if (o.brk && !strcmp(o.brk, "version"))
		h[0] = 0x70 | hl / 4;
	put16(h + 10, fold(sum(h, hl, 0)));
	if (o.brk && !strcmp(o.brk, "ipsum"))
		h[10] ^= 0x55;
	return hl;
}

static int header6(u8 *h, const struct addr *s, const struct addr *d, int proto, int n, int off, int more)
{
	int frag = o.frag ? 8 : 0;

	memset(h, 0, 48);
	h[0] = 0x60;
	put16(h + 4, n + frag + (o.brk && !strcmp(o.brk, "longlen") ? 400 : 0));
	if (o.brk && !strncmp(o.brk, "short", 5))
		put16(h + 4, atoi(o.brk + 5));
	h[6] = frag ? 44 : proto;
	h[7] = o.ttl;
	memcpy(h + 8, s->b, 16);
	memcpy(h + 24, d->b, 16);
	if (frag) {
		h[40] = proto;
		put16(h + 42, off | (more ? 1 : 0));
		put16(h + 46, ident);
	}
	return 40 + frag;
}

static void one(int proto, const struct addr *d, int port)
{
	static u8 l4[65536], pkt[66000];
	struct addr s = source(d);
	u32 ps = sum(d->b, d->fam == 4 ? 4 : 16, sum(s.b, d->fam == 4 ? 4 : 16, 0));
	int n = o.extlen + layer4(l4 + o.extlen, proto, port, ps), hl, i, k, parts, sz, off;
	int size = o.frag ? o.frag : n ? n : 1;

	memcpy(l4, o.ext, o.extlen);
	if (o.extlen)
		proto = o.extproto;
	parts = (n + size - 1) / size;
	for (i = 0; i < parts; i++) {
		k = i;
		if (i ? !strcmp(o.order, "first") : !strcmp(o.order, "rest"))
			continue;
		if (!strcmp(o.order, "rev"))
			k = parts - 1 - i;
		else if (!strcmp(o.order, "shuf"))
			k = (i * 7 + 3) % parts;	/* a permutation unless 7 divides parts */
		sz = n - k * size < size ? n - k * size : size;
		off = k && o.brk && !strcmp(o.brk, "overlap") ? 8 : k * size;	/* over the first one */
		hl = (d->fam == 4 ? header4 : header6)(pkt, &s, d, proto, sz, off, k < parts - 1);
		memcpy(pkt + hl, l4 + k * size, sz);
		if (o.brk && !strncmp(o.brk, "cut", 3))
			hl = atoi(o.brk + 3) < hl + sz ? atoi(o.brk + 3) : hl + sz, sz = 0;
		transmit(pkt, hl + sz, d);
	}
	ident++;
}

static void many(const char *proto, const char *dst, int port)
{
	struct addr d = parse(dst);
	int i;

	for (i = 0; i < o.count; i++, o.sport += o.sstep, o.gap ? usleep(o.gap) : 0)
		one(number(proto, d.fam), &d, port + i * o.step);
}

static int cmd_send(int argc, char **argv)
{
	char proto[16], dst[64], line[128];
	int c, port;

	while ((c = getopt(argc, argv, "d:s:S:c:l:t:F:O:Df:o:b:P:e:E:ng:x:L:")) > 0)
		switch (c) {
		case 'd': o.dev = optarg; break;
		case 's': o.src = optarg; break;
		case 'S': o.sport = atoi(optarg); break;
		case 'c': o.count = atoi(optarg); break;
		case 'l': o.len = atoi(optarg); break;
		case 't': o.ttl = atoi(optarg); break;
		case 'F': o.flags = strtol(optarg, NULL, 0); break;
		case 'O': o.optlen = unhex(optarg, o.opt, 40); break;
		case 'D': o.df = 1; break;
		case 'f': o.frag = atoi(optarg); break;
		case 'o': o.order = optarg; break;
		case 'b': o.brk = optarg; break;
		case 'P': o.rawlen = unhex(optarg, o.raw, sizeof(o.raw)); break;
		case 'e': o.step = atoi(optarg); break;
		case 'E': o.sstep = atoi(optarg); break;
		case 'L': o.linklen = unhex(optarg, o.link, sizeof(o.link)); break;
		case 'n': o.paged = 1; break;
		case 'g': o.gap = atoi(optarg); break;
		case 'x':
			o.extproto = atoi(optarg);
			o.extlen = unhex(optarg + strcspn(optarg, ":") + 1, o.ext, sizeof(o.ext));
			break;
		default: return 2;
		}
	if (argc - optind < 2)
		return 2;
	if (strcmp(argv[optind + 1], "-")) {
		many(argv[optind], argv[optind + 1], argc - optind > 2 ? atoi(argv[optind + 2]) : 0);
		return 0;
	}
	while (fgets(line, sizeof(line), stdin)) {
		port = 0;
		if (sscanf(line, "%15s %63s %d", proto, dst, &port) >= 2)
			many(proto, dst, port);
	}
	return 0;
}

/* Packets of all kinds, from few sources and ports, so that some hit what is open; every fourth is broken in some way. */
static void noise(int argc, char **argv)
{
	static const char *const broken[] = { "l4sum", "tcpoff", "udplen", "ihl4", "longlen", "short4", "version", "ipsum", "cut25", "cut41" };
	static const u8 protos[] = { 6, 6, 6, 17, 17, 17, 1, 58, 132, 47, 50, 136, 2, 255 };
	static const u16 ports[] = { 80, 80, 22, 53, 443, 7000, 0, 65535 };
	char src[64];
	struct addr d;

	srandom(atoi(argv[0]));
	o.dev = "eth0";
	o.gap = atoi(argv[1]);
	for (;;) {
		d = parse(argv[2 + random() % (argc - 2)]);
		if (d.fam == 4)
			snprintf(src, sizeof(src), "198.19.0.%ld", 2 + random() % 40);
		else
			snprintf(src, sizeof(src), "2001:2:0:19::%lx", 2 + random() % 40);
		o.src = src;
		o.sport = 1024 + random() % 8;
		o.len = random() % 8 ? random() % 64 : random() % 1400;
		o.flags = random() % 2 ? 2 : random() % 64;
		o.frag = random() % 16 ? 0 : 8 * (1 + random() % 20);
		o.order = random() % 2 ? "in" : "rev";
		o.brk = random() % 4 ? NULL : broken[random() % (sizeof(broken) / sizeof(*broken))];
		o.optlen = d.fam == 4 && random() % 16 == 0 ? 4 * (random() % 10) : 0;
		for (int i = 0; i < o.optlen; i++)
			o.opt[i] = random();
		one(protos[random() % sizeof(protos)], &d, ports[random() % 8]);
		usleep(o.gap);
	}
}

/* On a slow kernel an answer is waited for longer; silence is not. */
static int patience(int ms)
{
	const char *slower = getenv("SLOWER");

	return slower && ms >= 1000 ? ms * atoi(slower) : ms;
}

int main(int argc, char **argv)
{
	const char *w = argc > 1 ? argv[1] : "";

	if (!strcmp(w, "serve"))
		serve(argc - 2, argv + 2);
	if ((!strcmp(w, "tcp") || !strcmp(w, "udp")) && argc >= 4)
		return ask(w, argv[2], atoi(argv[3]), patience(argc > 4 ? atoi(argv[4]) : 1500), argc > 5 ? argv[5] : NULL);
	if (!strcmp(w, "stream") && argc == 6)
		return stream(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
	if (!strcmp(w, "cap") && argc == 4)
		return cap(argv[2], argv[3]);
	if (!strcmp(w, "send"))
		return cmd_send(argc - 1, argv + 1);
	if (!strcmp(w, "noise") && argc > 4)
		noise(argc - 2, argv + 2);
	fprintf(stderr, "pkt: see the head of tests/net/pkt.c\n");
	return 2;
}
