// SPDX-License-Identifier: GPL-2.0
/*
 * ZONEFW_CMD_APPLY: one message is one transaction. Parse the whole message
 * into a policy that nobody sees; build it; then one swap under rtnl and the
 * namespace's mutex. A refusal frees what nobody ever saw.
 */
#include <linux/ctype.h>
#include <linux/if.h>
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/netfilter/nf_log.h>
#include "family.h"
#include "gen.h"
#include "notify.h"

struct apply {
	struct netlink_ext_ack *extack;
	struct zonefw_policy *p;
	u32 zone, rule, def;	/* cursors */
	u32 *want;		/* per rule: id to keep */
};

static int refuse(struct apply *a, const struct nlattr *at, const char *why)
{
	NL_SET_BAD_ATTR(a->extack, at);
	a->extack->_msg = why;
	return -EINVAL;
}

/* The attribute as it came, header included; payload pointers go into it. */
static struct nlattr *keep(struct apply *a, const struct nlattr *at)
{
	struct nlattr *copy = kvmalloc(NLA_ALIGN(at->nla_len), GFP_KERNEL_ACCOUNT);

	if (copy)
		memcpy(copy, at, at->nla_len);
	a->p->max_blob = max_t(u32, a->p->max_blob, at->nla_len);
	return copy;
}

static bool name_ok(const char *s)
{
	if (!isalpha(*s))
		return false;
	for (; *s; s++)
		if (!isalnum(*s) && !strchr("_-.", *s))
			return false;
	return true;
}

static u32 count_of(const struct nlattr *nest, int type)
{
	const struct nlattr *at;
	u32 n = 0;
	int rem;

	nla_for_each_nested(at, nest, rem)
		n += nla_type(at) == type;
	return n;
}

/* Repeated string attributes become one array of fixed rows. */
static int names_of(const struct nlattr *nest, int type, char (**rows)[ZONEFW_DEVNAME], u32 n)
{
	const struct nlattr *at;
	int rem;
	u32 i = 0;

	if (!n)
		return 0;
	*rows = kvcalloc(n, ZONEFW_DEVNAME, GFP_KERNEL_ACCOUNT);
	if (!*rows)
		return -ENOMEM;
	nla_for_each_nested(at, nest, rem)
		if (nla_type(at) == type)
			nla_strscpy((*rows)[i++], at, ZONEFW_DEVNAME);
	return 0;
}

static bool net_ok(const struct zonefw_net *n)
{
	int bits = n->family == 4 ? 32 : n->family == 6 ? 128 : -1, i;

	if (n->len > bits || bits < 0)
		return false;
	for (i = n->len; i < 128; i++)
		if (n->addr[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

static int zone_lists(struct apply *a, struct zonefw_zone *z, struct nlattr **tb)
{
	const struct nlattr *at;
	u32 i = 0;
	int rem, err;

	z->ndev = count_of(z->blob, ZONEFW_AZ_DEV);
	z->ngroup = count_of(z->blob, ZONEFW_AZ_GROUP);
	if (z->ndev > ZONEFW_LIST_MAX || z->ngroup > ZONEFW_LIST_MAX)
		return refuse(a, tb[ZONEFW_AZ_NAME], "a zone has more than 1024 devices or groups");
	err = names_of(z->blob, ZONEFW_AZ_DEV, &z->dev, z->ndev);
	if (err)
		return err;
	z->group = kvcalloc(z->ngroup + 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	if (!z->group)
		return -ENOMEM;
	nla_for_each_nested(at, (struct nlattr *)z->blob, rem)
		if (nla_type(at) == ZONEFW_AZ_GROUP)
			z->group[i++] = nla_get_u32(at);
	if (!tb[ZONEFW_AZ_NETS])
		return 0;
	if (nla_len(tb[ZONEFW_AZ_NETS]) % sizeof(*z->net))
		return refuse(a, tb[ZONEFW_AZ_NETS], "a list of prefixes has a broken length");
	z->net = nla_data(tb[ZONEFW_AZ_NETS]);
	z->nnet = nla_len(tb[ZONEFW_AZ_NETS]) / sizeof(*z->net);
	for (i = 0; i < z->nnet; i++)
		if (!net_ok(&z->net[i]))
			return refuse(a, tb[ZONEFW_AZ_NETS],
				      "a prefix of a zone has a bad family or length, or host bits set");
	return 0;
}

static int zone_parse(struct apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AZ_MAX + 1];
	u16 id = ++a->zone, i;
	struct zonefw_zone *z = &a->p->zones[id];
	int err;

	z->blob = keep(a, at);
	if (!z->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AZ_MAX, z->blob, zonefw_attr_zone_policy, a->extack);
	if (err)
		return err;
	if (!tb[ZONEFW_AZ_NAME])
		return refuse(a, at, "a zone has no name");
	nla_strscpy(z->name, tb[ZONEFW_AZ_NAME], sizeof(z->name));
	if (!name_ok(z->name) || !strcmp(z->name, "any") || !strcmp(z->name, "none"))
		return refuse(a, at, "not a name for a zone");
	for (i = 0; i < id; i++)
		if (!strcmp(z->name, a->p->zones[i].name))
			return refuse(a, at, "a zone of that name exists already");
	if (tb[ZONEFW_AZ_PARENT]) {
		a->p->parent[id] = nla_get_u16(tb[ZONEFW_AZ_PARENT]);
		if (!a->p->parent[id] || a->p->parent[id] >= id)
			return refuse(a, at, "the parent of a zone must be an earlier zone");
	}
	z->flags = tb[ZONEFW_AZ_FLAGS] ? nla_get_u32(tb[ZONEFW_AZ_FLAGS]) : 0;
	return zone_lists(a, z, tb);
}

static bool zone_word_ok(const struct apply *a, u16 z)
{
	return z == ZONEFW_ZONE_ANY || z < a->p->nz;
}

static int zone_list(struct apply *a, const struct nlattr *nest, const struct nlattr *at,
		     const u16 **list, u16 *n)
{
	u16 i;

	if (!at || nla_len(at) < 2 || nla_len(at) % 2 || nla_len(at) / 2 > ZONEFW_LIST_MAX)
		return refuse(a, nest, "a rule needs a list of zones FROM and TO");
	*list = nla_data(at);
	*n = nla_len(at) / 2;
	for (i = 0; i < *n; i++)
		if (!zone_word_ok(a, (*list)[i]))
			return refuse(a, nest, "a rule names a zone that does not exist");
	return 0;
}

static int list_of(struct apply *a, const struct nlattr *nest, const struct nlattr *at,
		   size_t size, const void **list, u16 *n)
{
	if (!at)
		return 0;
	if (!nla_len(at) || nla_len(at) % size || nla_len(at) / size > ZONEFW_LIST_MAX)
		return refuse(a, nest, "a list of a rule is empty, broken, or longer than 1024");
	*list = nla_data(at);
	*n = nla_len(at) / size;
	return 0;
}

static bool addr_ok(const struct zonefw_addr *x)
{
	int len = x->family == 4 ? 4 : 16, i;

	if ((x->family != 4 && x->family != 6) || x->kind > 1)
		return false;
	if (x->kind == 0)
		return memcmp(x->lo, x->hi, len) <= 0;
	for (i = 0; i < len; i++)
		if (x->lo[i] & ~x->hi[i])
			return false;
	return true;
}

static bool l4_ok(const struct zonefw_l4 *b)
{
	return b->sport_lo <= b->sport_hi && b->dport_lo <= b->dport_hi &&
	       b->type_lo <= b->type_hi && b->code_lo <= b->code_hi && b->flags <= 7;
}

static int rule_lists(struct apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	const struct nlattr *n = r->blob;
	int err = zone_list(a, n, tb[ZONEFW_AR_FROM], &r->from, &r->nfrom);
	u16 i;

	if (!err)
		err = zone_list(a, n, tb[ZONEFW_AR_TO], &r->to, &r->nto);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_SRC], sizeof(*r->src), (const void **)&r->src, &r->nsrc);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_DST], sizeof(*r->dst), (const void **)&r->dst, &r->ndst);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_L4], sizeof(*r->l4), (const void **)&r->l4, &r->nl4);
	if (!err)
		err = list_of(a, n, tb[ZONEFW_AR_MAC], 6, (const void **)&r->mac, &r->nmac);
	for (i = 0; !err && i < r->nsrc; i++)
		if (!addr_ok(&r->src[i]))
			err = refuse(a, n, "a source address of a rule is broken or a reversed range");
	for (i = 0; !err && i < r->ndst; i++)
		if (!addr_ok(&r->dst[i]))
			err = refuse(a, n, "a destination address of a rule is broken or a reversed range");
	for (i = 0; !err && i < r->nl4; i++)
		if (!l4_ok(&r->l4[i]))
			err = refuse(a, n, "a port or type range of a rule is reversed");
	return err;
}

static int rule_devs(struct apply *a, struct zonefw_rule *r)
{
	u32 in = count_of(r->blob, ZONEFW_AR_IN), out = count_of(r->blob, ZONEFW_AR_OUT);
	int err;

	if (in > ZONEFW_LIST_MAX || out > ZONEFW_LIST_MAX)
		return refuse(a, r->blob, "a rule names more than 1024 devices");
	r->nin = in;
	r->nout = out;
	err = names_of(r->blob, ZONEFW_AR_IN, (char (**)[ZONEFW_DEVNAME])&r->in, in);
	if (err)
		return err;
	return names_of(r->blob, ZONEFW_AR_OUT, (char (**)[ZONEFW_DEVNAME])&r->out, out);
}

static int rule_scalars(struct apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	if (!tb[ZONEFW_AR_ACTION])
		return refuse(a, r->blob, "a rule has no action");
	r->action = nla_get_u8(tb[ZONEFW_AR_ACTION]);
	r->arg = tb[ZONEFW_AR_ARG] ? nla_get_u32(tb[ZONEFW_AR_ARG]) : 0;
	if (r->arg > U16_MAX)
		return refuse(a, r->blob, "a queue number is at most 65535");
	if (r->action == ZONEFW_REJECT && r->arg >= __ZONEFW_REJ_MAX)
		return refuse(a, r->blob, "a rule rejects in a way that does not exist");
	r->flags = tb[ZONEFW_AR_FLAGS] ? nla_get_u32(tb[ZONEFW_AR_FLAGS]) : 0;
	r->family = tb[ZONEFW_AR_FAMILY] ? nla_get_u8(tb[ZONEFW_AR_FAMILY]) : 0;
	if (r->family && r->family != 4 && r->family != 6)
		return refuse(a, r->blob, "the family of a rule must be 4 or 6");
	r->log = tb[ZONEFW_AR_LOG] ? nla_data(tb[ZONEFW_AR_LOG]) : NULL;
	if (tb[ZONEFW_AR_MARK]) {
		const u32 *m = nla_data(tb[ZONEFW_AR_MARK]);

		r->mask = m[1];
		r->mark = m[0] & m[1];
		r->has_mark = true;
	}
	r->has_dscp = tb[ZONEFW_AR_DSCP];
	r->dscp = r->has_dscp ? nla_get_u8(tb[ZONEFW_AR_DSCP]) : 0;
	return 0;
}

static int rule_parse(struct apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AR_MAX + 1];
	u32 i = a->rule++;
	struct zonefw_rule *r = &a->p->rules[i];
	int err;

	r->blob = keep(a, at);
	if (!r->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AR_MAX, r->blob, zonefw_attr_rule_policy, a->extack);
	if (!err)
		err = rule_scalars(a, r, tb);
	if (!err)
		err = rule_lists(a, r, tb);
	if (!err)
		err = rule_devs(a, r);
	a->want[i] = !err && tb[ZONEFW_AR_ID] ? nla_get_u32(tb[ZONEFW_AR_ID]) : 0;
	return err;
}

static int def_parse(struct apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AC_MAX + 1];
	u32 n = a->def++, i;
	struct zonefw_celldef *d = &a->p->defs[n];
	int err;

	d->blob = keep(a, at);
	if (!d->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AC_MAX, d->blob, zonefw_attr_celldef_policy, a->extack);
	if (err)
		return err;
	if (!tb[ZONEFW_AC_FROM] || !tb[ZONEFW_AC_TO])
		return refuse(a, at, "a default needs FROM and TO");
	d->from = nla_get_u16(tb[ZONEFW_AC_FROM]);
	d->to = nla_get_u16(tb[ZONEFW_AC_TO]);
	if (!zone_word_ok(a, d->from) || !zone_word_ok(a, d->to))
		return refuse(a, at, "a default names a zone that does not exist");
	d->has_default = tb[ZONEFW_AC_ACTION];
	d->action = d->has_default ? nla_get_u8(tb[ZONEFW_AC_ACTION]) : ZONEFW_DROP;
	d->arg = tb[ZONEFW_AC_ARG] ? nla_get_u32(tb[ZONEFW_AC_ARG]) : 0;
	d->log = tb[ZONEFW_AC_LOG] ? nla_data(tb[ZONEFW_AC_LOG]) : NULL;
	for (i = 0; i < n; i++)
		if (d->has_default && a->p->defs[i].has_default &&
		    a->p->defs[i].from == d->from && a->p->defs[i].to == d->to)
			return refuse(a, at, "two defaults for the same pair of zones");
	return 0;
}

static int tag_parse(struct apply *a, struct zonefw_options *o)
{
	u32 m = o->tag_mask;

	if (!m)
		return 0;
	o->tag_shift = __ffs(m);
	m >>= o->tag_shift;
	if (m & (m + 1))
		return refuse(a, NULL, "tag-mask must be one run of bits");
	if (m < a->p->nz - 1u)
		return refuse(a, NULL, "tag-mask is too narrow for the number of zones");
	return 0;
}

static int options_parse(struct apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AO_MAX + 1];
	struct zonefw_options *o = &a->p->opt;
	int err;

	if (o->blob)
		return refuse(a, at, "options stand there twice");
	o->blob = keep(a, at);
	if (!o->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AO_MAX, o->blob, zonefw_attr_opt_policy, a->extack);
	if (err)
		return err;
	if (tb[ZONEFW_AO_LOG])
		o->log = nla_get_u8(tb[ZONEFW_AO_LOG]);
	if (tb[ZONEFW_AO_NFLOG_GROUP])
		o->nflog_group = nla_get_u16(tb[ZONEFW_AO_NFLOG_GROUP]);
	if (tb[ZONEFW_AO_LOG_RATE])
		o->log_rate = nla_get_u32(tb[ZONEFW_AO_LOG_RATE]);
	if (tb[ZONEFW_AO_LOG_PER])
		o->log_per = nla_get_u32(tb[ZONEFW_AO_LOG_PER]);
	if (!o->log_per || o->log_per > 86400)
		return refuse(a, at, "log-rate counts per second, minute, hour or day");
	if (tb[ZONEFW_AO_INVALID_ACCEPT])
		o->invalid_accept = nla_get_u8(tb[ZONEFW_AO_INVALID_ACCEPT]);
	if (tb[ZONEFW_AO_REMATCH])
		o->rematch = nla_get_u8(tb[ZONEFW_AO_REMATCH]);
	if (tb[ZONEFW_AO_TAG_MASK])
		o->tag_mask = nla_get_u32(tb[ZONEFW_AO_TAG_MASK]);
	return 0;
}

/* FNV-1a over the objects, without ids and places: same policy, same digest. */
static u64 digest(u64 h, const struct nlattr *nest)
{
	const struct nlattr *at;
	int rem, i;

	nla_for_each_nested(at, nest, rem) {
		if (nla_type(nest) == ZONEFW_A_RULE &&
		    (nla_type(at) == ZONEFW_AR_ID || nla_type(at) == ZONEFW_AR_WHERE))
			continue;
		h = (h ^ nla_type(at)) * 0x100000001b3ull;
		for (i = 0; i < nla_len(at); i++)
			h = (h ^ ((const u8 *)nla_data(at))[i]) * 0x100000001b3ull;
	}
	return h;
}

static int object_parse(struct apply *a, const struct nlattr *at)
{
	switch (nla_type(at)) {
	case ZONEFW_A_ZONE:
		return zone_parse(a, at);
	case ZONEFW_A_RULE:
		return rule_parse(a, at);
	case ZONEFW_A_CELLDEF:
		return def_parse(a, at);
	case ZONEFW_A_OPTIONS:
		return options_parse(a, at);
	case ZONEFW_A_EXTRATEXT:
		if (a->p->extra)
			return refuse(a, at, "the extra text stands there twice");
		a->p->extra = keep(a, at);
		return a->p->extra ? 0 : -ENOMEM;
	}
	return 0;
}

/* A refusal points into the kept copy; the sender wants the place in its message. */
static void rebase(struct netlink_ext_ack *extack, const struct nlattr *at, const void *blob)
{
	const u8 *bad = (const u8 *)extack->bad_attr, *b = blob;

	if (b && bad >= b && bad < b + at->nla_len)
		extack->bad_attr = (const struct nlattr *)((const u8 *)at + (bad - b));
}

static const void *blob_of(const struct apply *a, int type)
{
	switch (type) {
	case ZONEFW_A_ZONE:
		return a->p->zones[a->zone].blob;
	case ZONEFW_A_RULE:
		return a->p->rules[a->rule - 1].blob;
	case ZONEFW_A_CELLDEF:
		return a->p->defs[a->def - 1].blob;
	default:
		return a->p->opt.blob;
	}
}

/* Zones first: rules and defaults name them by number. */
static int objects_parse(struct apply *a, struct genl_info *info)
{
	const struct nlattr *at;
	int rem, pass, err = 0;

	for (pass = 0; pass < 2; pass++)
		nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
			if ((nla_type(at) == ZONEFW_A_ZONE) == pass)
				continue;
			err = object_parse(a, at);
			if (err) {
				rebase(a->extack, at, blob_of(a, nla_type(at)));
				return err;
			}
			if (nla_type(at) >= ZONEFW_A_ZONE && nla_type(at) <= ZONEFW_A_OPTIONS)
				a->p->digest = digest(a->p->digest, at);
			cond_resched();
		}
	return tag_parse(a, &a->p->opt);
}

static int counts(struct genl_info *info, u32 *nz, u32 *nr, u32 *nd)
{
	const struct nlattr *at;
	int rem;

	*nz = *nr = *nd = 0;
	nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
		*nz += nla_type(at) == ZONEFW_A_ZONE;
		*nr += nla_type(at) == ZONEFW_A_RULE;
		*nd += nla_type(at) == ZONEFW_A_CELLDEF;
	}
	if (*nz > ZONEFW_ZONES_MAX || *nr > ZONEFW_RULES_MAX ||
	    *nd > (ZONEFW_ZONES_MAX + 2) * (ZONEFW_ZONES_MAX + 2)) {
		NL_SET_ERR_MSG(info->extack, "more than 250 zones, 1000000 rules or their defaults");
		return -E2BIG;
	}
	return 0;
}

/* A logger is a module of the kernel; it is loaded before any lock is taken. */
static int logger_get(struct apply *a)
{
	enum nf_log_type t = a->p->opt.log == ZONEFW_LOG_NFLOG ? NF_LOG_TYPE_ULOG : NF_LOG_TYPE_LOG;

	if (a->p->opt.log == ZONEFW_LOG_NONE)
		return 0;
	if (nf_logger_find_get(NFPROTO_INET, t)) {
		NL_SET_ERR_MSG(a->extack, "the kernel has no such logger (nfnetlink_log, nf_log_syslog)");
		return -ENOENT;
	}
	a->p->loggers = true;
	return 0;
}

static int swap_in(struct apply *a, struct zonefw_ns *zn, u32 expect)
{
	struct zonefw_policy *old = rcu_dereference_protected(zn->policy,
							      lockdep_is_held(&zn->lock));
	int err;

	if (expect && expect != zn->gen) {
		NL_SET_ERR_MSG(a->extack, "the policy has changed meanwhile; read it again");
		return -ESTALE;
	}
	err = zonefw_policy_build(a->p, old, a->want, &zn->next_id, a->extack);
	return err ? err : zonefw_publish(zn, a->p, a->extack);
}

static int gen_reply(struct genl_info *info, struct sk_buff *msg, u32 gen)
{
	void *h = genlmsg_put_reply(msg, info, &zonefw_family, 0, ZONEFW_CMD_APPLY);

	if (!h || nla_put_u32(msg, ZONEFW_A_GEN, gen)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}

static int commit(struct apply *a, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct nlattr *gen = info->attrs[ZONEFW_A_GEN];
	struct sk_buff *event = zonefw_event_prepare();
	struct sk_buff *reply = genlmsg_new(64, GFP_KERNEL);
	u32 now;
	int err = -ENOMEM;

	if (!event || !reply)
		goto free;
	rtnl_lock();
	mutex_lock(&zn->lock);
	err = swap_in(a, zn, gen ? nla_get_u32(gen) : 0);
	now = zn->gen;
	if (!err) {
		a->p = NULL;		/* the namespace's now */
		zonefw_event_send(zn, event);
	}
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	if (!err) {
		gen_reply(info, reply, now);
		return 0;
	}
free:
	nlmsg_free(event);
	nlmsg_free(reply);
	return err;
}

/**
 * zonefw_apply_doit() - replace the whole policy in one step
 * @skb: request
 * @info: request; repeats ZONE, RULE, CELLDEF
 *
 * Return: 0; -ESTALE when ZONEFW_A_GEN is not the generation in force; -EINVAL,
 * -E2BIG, -ENOMEM, -EPERM, with a sentence. Nothing has changed on error.
 */
int zonefw_apply_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apply a = { .extack = info->extack };
	u32 nz, nr, nd;
	int err = zonefw_nl_allowed(skb, info->extack);

	if (err)
		return err;
	if (!info->attrs[ZONEFW_A_ABI] || nla_get_u32(info->attrs[ZONEFW_A_ABI]) != ZONEFW_ABI) {
		NL_SET_ERR_MSG(info->extack, "tool and module are of different versions");
		return -EPROTO;
	}
	err = counts(info, &nz, &nr, &nd);
	if (err)
		return err;
	a.p = zonefw_policy_alloc(nz, nr, nd);
	a.want = kvcalloc(nr + 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	err = -ENOMEM;
	if (!a.p || !a.want)
		goto out;
	a.p->nrules = nr;
	a.p->ndefs = nd;
	a.p->digest = 0xcbf29ce484222325ull;
	a.p->opt = (struct zonefw_options){ .log_rate = 100, .log_per = 1, .rematch = 1,
					    .log = ZONEFW_LOG_NONE, .tag_mask = 0xff000000 };
	err = objects_parse(&a, info);
	if (!err)
		err = logger_get(&a);
	if (!err)
		err = commit(&a, info);
out:
	kvfree(a.want);
	zonefw_policy_put(a.p);
	return err;
}
