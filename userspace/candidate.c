// SPDX-License-Identifier: GPL-2.0
/* A candidate in the kernel: questions to a policy that is not in force. */
#include "cmd.h"
#include "explain.h"
#include "flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * What a set would hold if the policy came: it keeps its members, but for those that only the old text names, and
 * gets those that only the new text names. 0 or an exit code
 */
static int set_to_be(struct set *s, struct set *was, elemvec *out)
{
	struct set now = *was;
	int err;

	now.elems = (elemvec){ 0 };
	err = codec_members(&now);
	if (err)
		return codec_moved(err);
	for (int i = 0; i < now.elems.n; i++)
		if (elem_in(&s->elems, &now.elems.v[i]) || !elem_in(&was->elems, &now.elems.v[i]))
			PUSH(*out, now.elems.v[i]);
	for (int i = 0; i < s->elems.n; i++)
		if (!elem_in(&was->elems, &s->elems.v[i]))
			PUSH(*out, s->elems.v[i]);
	elems_tidy(out);
	return 0;
}

static bool elems_same(const elemvec *a, const elemvec *b)
{
	bool same = a->n == b->n;

	for (int i = 0; i < a->n && same; i++)
		same = elem_in(b, &a->v[i]);
	return same;
}

/*
 * A candidate asks the sets in force by their names, and these do not hold yet what it names. So a set whose text
 * changed goes with it under another name and with the members that it would have. 0 or an exit code
 */
static int sets_to_be(struct model *m, struct model *old)
{
	for (int i = 0, n = 0; i < m->sets.n; i++) {
		struct set *s = m->sets.v[i], *was = set_find(old, s->name);
		elemvec to_be = { 0 };
		int err;

		if (was)
			elems_tidy(&was->elems);
		if (!was || was->port != s->port || elems_same(&s->elems, &was->elems))
			continue;
		err = set_to_be(s, was, &to_be);
		if (err)
			return err;
		s->elems = to_be;
		do
			s->name = xfmt("candidate-%d", n++);
		while (set_find(m, s->name) || set_find(old, s->name));
	}
	return 0;
}

/* Build a policy without putting it in force, for questions from this socket. 0 or an exit code. */
int codec_candidate(struct model *m, struct model *old)
{
	struct done done = { 0 };
	elemvec *elems;
	char **names;
	int err;

	codec_reuse(m, old);
	names = xalloc(sizeof(*names) * (m->sets.n + 1));
	elems = xalloc(sizeof(*elems) * (m->sets.n + 1));
	for (int i = 0; i < m->sets.n; i++) {
		names[i] = m->sets.v[i]->name;
		elems[i] = m->sets.v[i]->elems;
	}
	err = sets_to_be(m, old);
	m->apply = ZONEFW_APPLY_KEEP;
	m->gen = 0;
	err = err ? err : codec_send(m, &done);
	m->apply = 0;
	for (int i = 0; i < m->sets.n; i++) {	/* it may be applied afterwards */
		m->sets.v[i]->name = names[i];
		m->sets.v[i]->elems = elems[i];
	}
	return err;
}

/* the device that holds an address, or NULL: the session does not end here */
static char *device_of(int fam, u128 addr)
{
	struct ifaddrs *all, *i;
	char *dev = NULL;

	if (getifaddrs(&all))
		return NULL;
	for (i = all; i && !dev; i = i->ifa_next) {
		if (!i->ifa_addr)
			continue;
		if (fam == 4 && i->ifa_addr->sa_family == AF_INET &&
		    load_be((void *)&((struct sockaddr_in *)i->ifa_addr)->sin_addr, 4) == addr)
			dev = xstrdup(i->ifa_name);
		if (fam == 6 && i->ifa_addr->sa_family == AF_INET6 &&
		    load_be((void *)&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, 16) == addr)
			dev = xstrdup(i->ifa_name);
	}
	freeifaddrs(all);
	return dev;
}

/* "CLIENT PORT SERVER PORT", as sshd writes it; an IPv4 address may be written as an IPv6 one */
static bool session_of(struct pkt *k)
{
	const char *env = getenv("SSH_CONNECTION");
	char client[64], server[64];
	int fam;

	if (!env || sscanf(env, "%63s %5d %63s %5d", client, &k->sport, server, &k->dport) != 4)
		return false;
	for (char *s = client; s; s = s == client ? server : NULL) {
		char *pct = strchr(s, '%');

		if (pct)
			*pct = 0;
		if (!strncasecmp(s, "::ffff:", 7) && strchr(s, '.'))
			memmove(s, s + 7, strlen(s + 7) + 1);
	}
	return parse_ip(client, &k->family, &k->src) && parse_ip(server, &fam, &k->dst) && fam == k->family &&
	       k->sport > 0 && k->sport < 65536 && k->dport > 0 && k->dport < 65536;
}

static void add_addr(addrvec *v, int fam, u128 a)
{
	struct zonefw_addr x = { .family = (uint8_t)fam };

	store_be(x.lo, fam == 4 ? 4 : 16, a);
	store_be(x.hi, fam == 4 ? 4 : 16, a);
	PUSH(*v, x);
}

/* the connection of a packet, in its direction or the other one */
static struct rule *session_match(const struct pkt *k, bool back)
{
	struct rule *r = xalloc(sizeof(*r));
	int s = back ? k->dport : k->sport, d = back ? k->sport : k->dport;
	struct zonefw_l4 b = l4_full(6);

	b.flags |= ZONEFW_L4_F_PORTS;
	b.sport_lo = b.sport_hi = (uint16_t)s;
	b.dport_lo = b.dport_hi = (uint16_t)d;
	PUSH(r->l4, b);
	add_addr(&r->src, k->family, back ? k->dst : k->src);
	add_addr(&r->dst, k->family, back ? k->src : k->dst);
	return r;
}

static int cut(const struct pkt *k, const char *where, const char *rule)
{
	fprintf(stderr, "zonefw: error: this policy would cut your own session (%s, %s): %s; use --force, or --confirm for a way back\n",
		pkt_text(k), where, rule);
	return EX_SESSION;
}

static char *rule_said(struct model *m, uint32_t index, int action, int reason)
{
	return index && index <= (uint32_t)m->rules.n ? xfmt("'%s'", m->rules.v[index - 1]->text) :
	       xfmt("%s, %s", verdict_word(action), reason_word(reason));
}

/* As a connection, if conntrack knows it. 0 or an exit code */
static int session_flow(struct model *m, const struct pkt *k, bool *known)
{
	*known = false;
	for (int back = 0; back < 2; back++) {
		struct rule *r = session_match(k, back);
		flowvec live = { 0 }, under = { 0 };
		int err = flows_get(&live, r, false);

		err = err ? err : flows_get(&under, r, true);
		if (err)
			return nl_failed(err);
		*known |= live.n > 0;
		for (int i = 0; i < under.n; i++) {
			struct flow *f = &under.v[i];

			if (f->action != ZONEFW_ACCEPT && f->action != ZONEFW_QUEUE)
				return cut(k, xfmt("%s -> %s", zone_name(m, f->from), zone_name(m, f->to)),
					   rule_said(m, f->index, f->action, f->reason));
		}
	}
	return 0;
}

/* As a new packet by one device. 0 or an exit code */
static int session_device(struct model *m, const struct pkt *k, char *dev)
{
	struct query q = { .m = m, .k = *k, .in = dev };
	struct answer a = { 0 };
	int err = explain_ask(&q, true, &a);

	if (err)
		return nl_failed(err);
	if (a.action == ZONEFW_ACCEPT || a.action == ZONEFW_QUEUE)
		return 0;
	return cut(k, xfmt("by %s, %s -> %s", dev, zone_name(m, a.from), zone_name(m, a.to)),
		   rule_said(m, a.index, a.action, a.reason));
}

/*
 * Would the policy cut the ssh session this runs in? Asked of the candidate in the kernel: as the connection that
 * conntrack has, else as a packet by the device of the way back and by that of the address. 0 or an exit code.
 */
int session_cut(struct model *m, struct model *old)
{
	struct pkt k = { .proto = 6, .type = -1 };
	struct query back = { .m = m, .from = "self" };
	struct answer a = { 0 };
	bool known;
	char *dev;
	int err;

	if (!session_of(&k))
		return 0;
	err = codec_candidate(m, old);
	if (err)
		return err;
	err = session_flow(m, &k, &known);
	if (err || known)
		return err;
	dev = device_of(k.family, k.dst);
	if (!dev || !strcmp(dev, "lo"))
		return 0;
	back.k = (struct pkt){ .family = k.family, .proto = 6, .type = -1, .src = k.dst, .dst = k.src,
			       .sport = k.dport, .dport = k.sport };
	err = explain_ask(&back, true, &a);
	if (err)
		return nl_failed(err);
	if (a.out && *a.out && strcmp(a.out, dev)) {
		err = session_device(m, &k, a.out);
		if (err)
			return err;
	}
	return a.to == ZONEFW_ZONE_SELF ? 0 : session_device(m, &k, dev);
}

/* Connections that the candidate cuts, and those another rule would decide: one element of @out each. 0 or an exit code */
int diff_flows(struct model *m, struct model *old, json_t *out)
{
	int err = codec_candidate(m, old);
	flowvec v = { 0 };

	if (err)
		return err;
	err = flows_get(&v, NULL, true);
	if (err)
		return nl_failed(err);
	for (int i = 0; i < v.n; i++) {
		struct flow *f = &v.v[i];
		bool kept = f->action == ZONEFW_ACCEPT || f->action == ZONEFW_QUEUE;
		struct rule *now = f->index && f->index <= (uint32_t)m->rules.n ? m->rules.v[f->index - 1] : NULL;
		json_t *j = flow_json(m, f, now);

		json_object_set_new(j, "change", json_string(kept ? "other rule" : "cut"));
		json_object_set_new(j, "was", f->was ? json_integer(f->was) : json_null());
		json_object_set_new(j, "text", now ? json_string(now->text) : json_null());
		json_array_append_new(out, j);
		if (g.json || g.quiet)
			continue;
		out_text("%s%s%s  %s  %s -> %s: %s instead of %s\n", col(kept ? "33" : "31"), kept ? "other rule" : "cut",
			 col("0"), flow_text(f), zone_name(m, f->from), zone_name(m, f->to),
			 now ? xfmt("'%s'", now->text) : xfmt("the default (%s)", verdict_word(f->action)),
			 flow_rule(rule_by_id(old, f->was), f->was));
	}
	return 0;
}
