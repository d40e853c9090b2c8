// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: the live predicates of a rule. Process context, nobody sees the
 * policy yet. Lists point into the rule's own copy of the message.
 */
#include <linux/slab.h>
#include "apply.h"
#include "conns.h"
#include "gen.h"
#include "live.h"
#include "setuse.h"

static const struct { u8 list, set, size; bool port; } picks[ZONEFW_PICKS] = {
	[ZONEFW_PICK_SRC] = { ZONEFW_AL_SRC, ZONEFW_AL_SRC_SET, sizeof(struct zonefw_addr), false },
	[ZONEFW_PICK_DST] = { ZONEFW_AL_DST, ZONEFW_AL_DST_SET, sizeof(struct zonefw_addr), false },
	[ZONEFW_PICK_SPORT] = { ZONEFW_AL_SPORT, ZONEFW_AL_SPORT_SET, 4, true },
	[ZONEFW_PICK_DPORT] = { ZONEFW_AL_DPORT, ZONEFW_AL_DPORT_SET, 4, true },
};

static bool ports_ok(const u16 (*r)[2], u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (r[i][0] > r[i][1])
			return false;
	return true;
}

static int list_parse(struct zonefw_apply *a, struct zonefw_pick *k, int i, const struct nlattr *at)
{
	u32 n = nla_len(at) / picks[i].size;

	if (!n || nla_len(at) % picks[i].size || n > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, at, "a list of a rule is empty, broken, or longer than 1024");
	if (picks[i].port ? !ports_ok(nla_data(at), n) : !zonefw_addrs_ok(nla_data(at), n))
		return zonefw_refuse_attr(a, at, "an address or port of a rule is broken or a reversed range");
	k->list = nla_data(at);
	k->n = n;
	return 0;
}

static int sets_parse(struct zonefw_apply *a, struct zonefw_pick *k, int i, const struct nlattr *nest)
{
	u32 n = zonefw_count_attr(nest, picks[i].set), at_most = ZONEFW_LIST_MAX;
	const struct nlattr *at;
	int rem, use;

	if (n > at_most)
		return zonefw_refuse_attr(a, nest, "a rule names more than 1024 sets");
	if (!n)
		return k->n ? zonefw_refuse_attr(a, nest, "a live list holds no set") : 0;
	k->use = kcalloc(n, sizeof(*k->use), GFP_KERNEL_ACCOUNT);
	if (!k->use)
		return -ENOMEM;
	nla_for_each_nested(at, nest, rem) {
		if (nla_type(at) != picks[i].set)
			continue;
		use = zonefw_setuse_find(a->p, nla_data(at));
		if (use < 0)
			return zonefw_refuse_attr(a, at, "a rule names a set that does not exist");
		if (a->p->sets[use].port != picks[i].port)
			return zonefw_refuse_attr(a, at, "a rule wants addresses of a set of ports, or the reverse");
		k->use[k->nset++] = use;
	}
	return 0;
}

static u32 u32_of(const struct nlattr *at)
{
	return at ? nla_get_u32(at) : 0;
}

static u8 u8_of(const struct nlattr *at)
{
	return at ? nla_get_u8(at) : 0;
}

static int amounts_parse(struct zonefw_apply *a, struct zonefw_live *l, struct nlattr **tb)
{
	u32 rate = u32_of(tb[ZONEFW_AL_LIMIT_RATE]), per = u32_of(tb[ZONEFW_AL_LIMIT_PER]);
	u32 burst = u32_of(tb[ZONEFW_AL_LIMIT_BURST]);

	if (tb[ZONEFW_AL_LIMIT_RATE]) {
		if (!rate || !per || per > 86400 || !burst)
			return zonefw_refuse_attr(a, tb[ZONEFW_AL_LIMIT_RATE],
						  "a limit needs a rate per at most a day, and a burst");
		l->limit.cost = max_t(u64, div_u64((u64)per * NSEC_PER_SEC, rate), 1);
		l->limit.burst = min_t(u64, U64_MAX / 4, l->limit.cost > div_u64(U64_MAX / 4, burst) ?
				       U64_MAX / 4 : l->limit.cost * burst);
		l->limit.by = u8_of(tb[ZONEFW_AL_LIMIT_BY]);
	}
	if (!tb[ZONEFW_AL_CONNS])
		return 0;
	l->has_conns = true;
	l->conns = nla_get_u32(tb[ZONEFW_AL_CONNS]);
	l->conns_by = u8_of(tb[ZONEFW_AL_CONNS_BY]);
	return zonefw_conns_ready() ? 0 :
	       zonefw_refuse_attr(a, tb[ZONEFW_AL_CONNS], "the kernel cannot count connections (nf_conncount)");
}

static int times_parse(struct zonefw_apply *a, struct zonefw_live *l, struct nlattr **tb)
{
	l->expires = u32_of(tb[ZONEFW_AL_EXPIRES]);
	l->days = u8_of(tb[ZONEFW_AL_DAYS]);
	if (!tb[ZONEFW_AL_TIME])
		return 0;
	memcpy(l->minutes, nla_data(tb[ZONEFW_AL_TIME]), sizeof(l->minutes));
	if (l->minutes[0] >= 1440 || l->minutes[1] > 1440 || l->minutes[0] == l->minutes[1])
		return zonefw_refuse_attr(a, tb[ZONEFW_AL_TIME], "a time is from one minute of the day until another");
	return 0;
}

static int deeds_parse(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	struct zonefw_live *l = r->live;
	int use;

	if (tb[ZONEFW_AL_HELPER]) {
		if (r->action != ZONEFW_ACCEPT && r->action != ZONEFW_PUBLISH)
			return zonefw_refuse_attr(a, tb[ZONEFW_AL_HELPER], "only a rule that accepts assigns a helper");
		if (zonefw_helpers_get(l, r, nla_data(tb[ZONEFW_AL_HELPER])))
			return zonefw_refuse_attr(a, tb[ZONEFW_AL_HELPER],
						  "the kernel has no such conntrack helper for the rule's protocols");
	}
	if (!tb[ZONEFW_AL_ADD_SET])
		return 0;
	use = zonefw_setuse_find(a->p, nla_data(tb[ZONEFW_AL_ADD_SET]));
	l->add_by = u8_of(tb[ZONEFW_AL_ADD_BY]);
	if (use < 0 || a->p->sets[use].port || !l->add_by) {
		l->add_by = 0;
		return zonefw_refuse_attr(a, tb[ZONEFW_AL_ADD_SET], "a rule adds src or dst to a set of addresses");
	}
	l->add_use = use;
	l->add_timeout = u32_of(tb[ZONEFW_AL_ADD_TIMEOUT]);
	a->p->sets[use].filled = true;
	return 0;
}

/**
 * zonefw_live_parse() - what a rule asks of the moment
 * @a: the message
 * @r: rule
 * @nest: its LIVE attribute, in the rule's own copy
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_live_parse(struct zonefw_apply *a, struct zonefw_rule *r, const struct nlattr *nest)
{
	struct zonefw_live *l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	struct nlattr *tb[ZONEFW_AL_MAX + 1];
	int i, err;

	r->live = l;
	if (!l)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AL_MAX, nest, zonefw_attr_live_policy, a->extack);
	if (err)
		return err;
	l->flags = tb[ZONEFW_AL_FLAGS] ? nla_get_u32(tb[ZONEFW_AL_FLAGS]) : 0;
	for (i = 0; i < ZONEFW_PICKS && !err; i++) {
		if (tb[picks[i].list])
			err = list_parse(a, &l->pick[i], i, tb[picks[i].list]);
		if (!err)
			err = sets_parse(a, &l->pick[i], i, nest);
	}
	if (!err)
		err = amounts_parse(a, l, tb);
	if (!err)
		err = times_parse(a, l, tb);
	return err ? err : deeds_parse(a, r, tb);
}
