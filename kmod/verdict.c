// SPDX-License-Identifier: GPL-2.0
/*
 * The one function that decides: hooks, the re-check of live flows, and
 * explain all call it. Const data in, a verdict out; RCU read side or a
 * reference to the policy; nothing is counted here.
 */
#include "live.h"
#include "verdict.h"

/* A rule that translates is about the packet as it came. */
static bool live_holds(const struct zonefw_rule *r, struct zonefw_key *key)
{
	struct zonefw_key o;
	bool holds;

	if (!zonefw_is_dnat(r) || key->flags & ZONEFW_K_EARLY)
		return zonefw_live_holds(r, key);
	o = *key;
	memcpy(o.dst, key->odst, sizeof(o.dst));
	o.dport = key->odport;
	holds = zonefw_live_holds(r, &o);
	key->guessed |= o.guessed;
	return holds;
}

/**
 * zonefw_classify() - the next word of the policy on a key
 * @p: policy
 * @key: packet
 * @from: ingress zone, below @p->nz
 * @to: egress zone, below @p->nz
 * @v: in/out; zonefw_cursor_init(&v->cur) before the first call
 *
 * Stops at each rule that matches, also at one that only counts or logs and
 * goes on (ZONEFW_CONTINUE): the caller serves it and asks again.
 *
 * Return: the action, as in @v.
 */
u8 zonefw_classify(const struct zonefw_policy *p, struct zonefw_key *key, u16 from, u16 to,
		   struct zonefw_verdict *v)
{
	const struct zonefw_cell *cell = zonefw_cell(p, from, to);
	const struct zonefw_celldef *d = cell->def;
	const struct zonefw_rule *r;

	key->view = p->view;
	do {
		r = zonefw_cell_next(p->rules, cell, key, &v->cur);
	} while (r && zonefw_rule_live(r) && !live_holds(r, key));
	v->rule = r;
	v->reason = r ? ZONEFW_R_RULE : ZONEFW_R_DEFAULT;
	v->action = r ? r->action : d ? d->action : ZONEFW_DROP;
	v->arg = r ? r->arg : d ? d->arg : 0;
	v->log = r ? zonefw_rule_log(r) : d ? d->log : NULL;
	return v->action;
}

/**
 * zonefw_decide() - the verdict, with rules that only count or log passed over
 * @p: policy
 * @key: packet
 * @from: ingress zone, below @p->nz
 * @to: egress zone, below @p->nz
 * @v: out
 */
void zonefw_decide(const struct zonefw_policy *p, struct zonefw_key *key, u16 from, u16 to,
		   struct zonefw_verdict *v)
{
	zonefw_cursor_init(&v->cur);
	while (zonefw_goes_on(zonefw_classify(p, key, from, to, v)))
		;
}
