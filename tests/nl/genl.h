/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of generic netlink put together by hand, with raw sockets and no library: shared by nlcheck.c and nlfuzz.c. */
#ifndef GENL_H
#define GENL_H
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/zonefw.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct msg { unsigned char b[65536]; unsigned int len; };

/* the attributes of nested data, one by one */
#define EACH(a, outer) \
	(struct nlattr *a = (void *)((char *)(outer) + NLA_HDRLEN); \
	 (char *)a + NLA_HDRLEN <= (char *)(outer) + (outer)->nla_len && a->nla_len >= NLA_HDRLEN; \
	 a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))

static inline uint32_t value32(const struct nlattr *a)
{
	uint32_t v;

	memcpy(&v, (const char *)a + NLA_HDRLEN, 4);
	return v;
}

static inline void start(struct msg *m, int type, int cmd)
{
	struct nlmsghdr *h = (void *)m->b;
	struct genlmsghdr *g = (void *)(m->b + NLMSG_HDRLEN);

	memset(m->b, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g->cmd = cmd;
	g->version = 1;
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

static inline void put(struct msg *m, int type, const void *d, int len)
{
	struct nlattr *a = (void *)(m->b + m->len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memset(m->b + m->len + NLA_HDRLEN, 0, NLA_ALIGN(len));
	memcpy(m->b + m->len + NLA_HDRLEN, d, len);
	m->len += NLA_ALIGN(a->nla_len);
}

static inline unsigned int open_nest(struct msg *m, int type)
{
	unsigned int at = m->len;

	put(m, type | NLA_F_NESTED, "", 0);
	return at;
}

static inline void close_nest(struct msg *m, unsigned int at)
{
	((struct nlattr *)(m->b + at))->nla_len = m->len - at;
}

static inline void put_u8(struct msg *m, int t, uint8_t v) { put(m, t, &v, 1); }
static inline void put_u16(struct msg *m, int t, uint16_t v) { put(m, t, &v, 2); }
static inline void put_u32(struct msg *m, int t, uint32_t v) { put(m, t, &v, 4); }
static inline void put_str(struct msg *m, int t, const char *s) { put(m, t, s, strlen(s) + 1); }

/* The family's number; with @group, the number of that multicast group instead. */
static inline int resolve(int fd, const char *group)
{
	static unsigned char buf[8192];
	struct nlattr *a = (void *)(buf + NLMSG_HDRLEN + GENL_HDRLEN);
	struct msg m;
	int n, number = -1;

	start(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	put_str(&m, CTRL_ATTR_FAMILY_NAME, ZONEFW_GENL_NAME);
	((struct nlmsghdr *)m.b)->nlmsg_len = m.len;
	((struct nlmsghdr *)m.b)->nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, m.b, m.len, 0) < 0)
		return -1;
	n = recv(fd, buf, sizeof(buf), 0);
	for (; (unsigned char *)a + NLA_HDRLEN <= buf + n && a->nla_len; a = (void *)((char *)a + NLA_ALIGN(a->nla_len))) {
		int type = a->nla_type & NLA_TYPE_MASK;

		if (!group && type == CTRL_ATTR_FAMILY_ID)
			number = *(uint16_t *)((char *)a + NLA_HDRLEN);
		if (!group || type != CTRL_ATTR_MCAST_GROUPS)
			continue;
		for EACH(g, a) {
			const char *name = "";
			int id = -1;

			for EACH(b, g)
				if ((b->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GRP_NAME)
					name = (char *)b + NLA_HDRLEN;
				else
					id = (int)value32(b);
			if (!strcmp(name, group))
				number = id;
		}
	}
	return number;
}
#endif
