// SPDX-License-Identifier: GPL-2.0
/*
 * Conntrack helpers, only ever assigned by a rule: to the flow that the rule
 * accepts, before it is confirmed. The kernel loads the helper when the rule
 * comes; the rule holds a reference on it.
 */
#include <linux/kmod.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include "live.h"

static int slot_of(u8 l3num, u8 proto)
{
	return (l3num == NFPROTO_IPV6) * 2 + (proto == IPPROTO_UDP);
}

static bool wants(const struct zonefw_rule *r, u8 l3num, u8 proto)
{
	u16 i;

	if (r->family && r->family != (l3num == NFPROTO_IPV6 ? 6 : 4))
		return false;
	for (i = 0; i < r->nl4; i++)
		if (!(r->l4[i].flags & ZONEFW_L4_F_PROTO) || r->l4[i].proto == proto)
			return true;
	return !r->nl4;
}

/**
 * zonefw_helpers_get() - references to a helper, for what a rule matches
 * @l: the rule's live predicates
 * @r: rule, its plain fields parsed
 * @name: checked name
 *
 * Return: 0, or -ENOENT when the kernel has no such helper for the rule's
 * protocols. Context: may sleep and load modules; no lock held.
 */
int zonefw_helpers_get(struct zonefw_live *l, const struct zonefw_rule *r, const char *name)
{
	static const u8 l3[] = { NFPROTO_IPV4, NFPROTO_IPV6 }, l4[] = { IPPROTO_TCP, IPPROTO_UDP };
	int i, k, n = 0;

	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++) {
			struct nf_conntrack_helper **h = &l->helper[slot_of(l3[i], l4[k])];

			if (!wants(r, l3[i], l4[k]))
				continue;
			*h = nf_conntrack_helper_try_module_get(name, l3[i], l4[k]);
			n += !!*h;
		}
	return n ? 0 : -ENOENT;
}

void zonefw_helpers_put(struct zonefw_live *l)
{
	int i;

	for (i = 0; i < ZONEFW_HELPERS; i++)
		if (l->helper[i])
			nf_conntrack_helper_put(l->helper[i]);
}

static struct nf_conntrack_helper *helper_for(const struct zonefw_rule *r, const struct nf_conn *ct)
{
	u8 proto = nf_ct_protonum(ct);

	if (!zonefw_rule_live(r) || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return NULL;
	return r->live->helper[slot_of(nf_ct_l3num(ct), proto)];
}

/**
 * zonefw_helper_assign() - a rule with a helper accepts a flow
 * @r: rule
 * @ct: flow; nothing happens once it is confirmed
 *
 * Softirq.
 */
void zonefw_helper_assign(const struct zonefw_rule *r, struct nf_conn *ct)
{
	struct nf_conntrack_helper *h = helper_for(r, ct);
	struct nf_conn_help *help;

	if (!h || nf_ct_is_confirmed(ct) || test_bit(IPS_HELPER_BIT, &ct->status))
		return;
	/* a helper that writes addresses into a translated stream changes its length; the NAT
	 * core makes room for that only where the helper was there first
	 */
	if (ct->status & IPS_NAT_MASK && !nfct_seqadj(ct) && !nfct_seqadj_ext_add(ct))
		return;		/* the flow lives, what it would announce is not expected */
	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (!help)
		return;
	rcu_assign_pointer(help->helper, h);
	set_bit(IPS_HELPER_BIT, &ct->status);
}

/**
 * zonefw_helper_of() - does a flow have its helper from this rule?
 * @r: rule that decides the flow
 * @master: the flow
 *
 * Return: true if so. Context: RCU read side.
 */
bool zonefw_helper_of(const struct zonefw_rule *r, const struct nf_conn *master)
{
	const struct nf_conn_help *help = nfct_help(master);
	const struct nf_conntrack_helper *h = helper_for(r, master);

	return h && help && rcu_access_pointer(help->helper) == h;
}
