// SPDX-License-Identifier: GPL-2.0
/*
 * Early drop where it costs least: on the ingress hook of devices that are in one zone
 * whatever the address, when that zone's row has rules for it (early.c). A frame that is
 * not surely what the IP layer would have made of it goes on and is judged behind
 * conntrack, as without early drop: fragments, options, tags, odd headers and lengths,
 * martians, frames for other machines, devices that pass frames on below IP (ports of
 * bridges and the like). Softirq with RCU read side held.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <net/ip.h>
#include "early.h"
#include "epoch.h"
#include "first.h"
#include "guard.h"
#include "vcache.h"

static const u8 *source(const struct sk_buff *skb, bool v6)
{
	return v6 ? (const u8 *)&ipv6_hdr(skb)->saddr : (const u8 *)&ip_hdr(skb)->saddr;
}

/* Would the IP layer take it as it is, whole, for this machine? */
static bool is_sound(const struct sk_buff *skb, bool v6)
{
	const struct iphdr *ih = ip_hdr(skb);
	u32 len;

	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb) ||
	    rcu_access_pointer(skb->dev->rx_handler))
		return false;
	if (v6) {
		len = sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len);
		return ipv6_hdr(skb)->version == 6 && zonefw_fine6(ipv6_hdr(skb)) && len <= skb->len;
	}
	len = ntohs(ih->tot_len);
	return zonefw_fine4(ih) && !ip_is_fragment(ih) && len >= sizeof(*ih) && len <= skb->len &&
	       !ip_fast_csum(ih, 5);
}

/* Where a source is remembered that no early rule is about. The word there, key + changes, holds
 * until another policy, device table or change of what live rules look at. A source that is
 * taken for another's, or for the same by a device of another zone, goes on and is judged later.
 */
static __always_inline u64 *clean_of(const struct zonefw_ns *zn, u64 key)
{
	return &zn->vcache->clean[key >> (64 - ZONEFW_CLEAN_BITS)];
}

/* The source is not known as one that no rule is about. */
static noinline unsigned int look(struct zonefw_ns *zn, struct sk_buff *skb,
				  const struct nf_hook_state *at_device, u64 key)
{
	u64 word = key + zonefw_changes(zn);	/* before devices and rules are asked */
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	u32 ifindex = at_device->in->ifindex, at = ifindex % ZONEFW_QUICK;
	bool v6 = skb->protocol == htons(ETH_P_IPV6);
	struct nf_hook_state st = *at_device;
	const struct zonefw_early *e;
	const struct zonefw_rule *r;
	struct zonefw_pkt k ZONEFW_UNSET;

	if (d->guard[at] != ifindex)
		return NF_ACCEPT;
	e = &d->p->early[d->zone[at]];
	r = zonefw_early_rule(d->p, e, v6 ? 6 : 4, source(skb, v6));
	if (!r)
		WRITE_ONCE(*clean_of(zn, key), word);
	st.pf = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	st.hook = NF_INET_PRE_ROUTING;	/* for all that is said of the packet */
	if (!r || !is_sound(skb, v6) || zonefw_early_goes_on(e, skb, &st))
		return NF_ACCEPT;
	k.zn = zn;
	k.p = d->p;
	k.devs = d;
	k.skb = skb;
	k.st = &st;
	k.from = d->zone[at];
	k.to = ZONEFW_ZONE_NONE;
	return zonefw_early_drop(&k, r);
}

static __always_inline unsigned int pass(struct zonefw_ns *zn, struct sk_buff *skb,
					 const struct nf_hook_state *st, bool v6)
{
	u64 key;

	if (skb_headlen(skb) < (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		return NF_ACCEPT;
	key = zonefw_addr_spread(0, v6 ? 6 : 4, source(skb, v6), zn->vcache->factor);
	if (IS_ENABLED(CONFIG_64BIT) && READ_ONCE(*clean_of(zn, key)) == key + zonefw_changes(zn))
		return NF_ACCEPT;
	return look(zn, skb, st, key);
}

static notrace unsigned int arrive(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (likely(skb->protocol == htons(ETH_P_IP)))
		return pass(priv, skb, st, false);
	return skb->protocol == htons(ETH_P_IPV6) ? pass(priv, skb, st, true) : NF_ACCEPT;
}

static bool wants_dev(const struct zonefw_policy *p, const struct net_device *dev)
{
	const struct zonefw_devs *d;
	bool res;

	rcu_read_lock();
	d = rcu_dereference(p->devs);
	res = d && d->guard[dev->ifindex % ZONEFW_QUICK] == dev->ifindex;
	rcu_read_unlock();
	return res;
}

/* Behind the flow table: what is offloaded has been judged, and a ban takes it back. */
void zonefw_guard_init(struct zonefw_ns *zn)
{
	zonefw_devhooks_init(&zn->guard, arrive, zn, 1, wants_dev);
}

/**
 * zonefw_guard_prepare() - hook the devices on which a policy drops early
 * @zn: namespace, its lock and rtnl held
 * @p: policy, with its devices placed; may not be in force yet
 *
 * Return: 0 or -errno; what is there then is more than before, and
 * zonefw_guard_settle() takes it away.
 */
int zonefw_guard_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	return p->early ? zonefw_devhooks_add(zn, &zn->guard, p) : 0;
}

/**
 * zonefw_guard_settle() - take away what the policy in force does not need
 * @zn: namespace, its lock held; rtnl too, unless @p is NULL
 * @p: policy in force, with its devices placed, or NULL
 */
void zonefw_guard_settle(struct zonefw_ns *zn, const struct zonefw_policy *p)
{
	zonefw_devhooks_trim(zn, &zn->guard, p);
}
