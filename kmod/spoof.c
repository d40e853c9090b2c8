// SPDX-License-Identifier: GPL-2.0
/*
 * antispoof: would an answer to this source leave through the zone in which
 * the packet arrived (BCP 38, RFC 3704)? Asked per zone and not per device, so
 * that a zone of several links may route asymmetrically. A zone of addresses only
 * lies across devices: there the zones that name the two devices have to be the same.
 * RCU read side.
 */
#include <net/ip_fib.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include "zonefw.h"

static bool through(const struct zonefw_policy *p, const struct net_device *in,
		    const struct net_device *out, u16 zone, u8 family, const u8 *src)
{
	if (!out || zonefw_zone_of(p, out->ifindex, family, src) != zone)
		return false;
	return in == out || zonefw_dev_named(p, in->ifindex, zone) ||
	       zonefw_home_of(p, in->ifindex, family, src) ==
	       zonefw_home_of(p, out->ifindex, family, src);
}

static bool spoofed4(struct net *net, const struct zonefw_policy *p, u16 zone,
		     const struct net_device *dev, const u8 *src)
{
	struct flowi4 fl = { .flowi4_scope = RT_SCOPE_UNIVERSE };
	struct fib_result res;
	int i;

	memcpy(&fl.daddr, src, 4);
	if (ipv4_is_zeronet(fl.daddr))
		return fl.daddr != htonl(INADDR_ANY);	/* DHCP asks from 0.0.0.0 */
	fl.flowi4_l3mdev = l3mdev_master_ifindex_rcu(dev);
	if (fib_lookup(net, &fl, &res, FIB_LOOKUP_IGNORE_LINKSTATE) || res.type != RTN_UNICAST)
		return true;
	for (i = 0; i < fib_info_num_path(res.fi); i++)
		if (through(p, dev, fib_info_nhc(res.fi, i)->nhc_dev, zone, 4, src))
			return false;
	return true;
}

static bool spoofed6(struct net *net, const struct zonefw_policy *p, u16 zone,
		     const struct net_device *dev, const u8 *src)
{
	struct flowi6 fl = { };
	struct rt6_info *rt;
	bool bad;

	memcpy(&fl.daddr, src, 16);
	if (ipv6_addr_any(&fl.daddr))
		return false;			/* duplicate address detection, RFC 4862 */
	if (ipv6_addr_type(&fl.daddr) & IPV6_ADDR_LINKLOCAL)
		return false;			/* of the link by definition */
	fl.flowi6_l3mdev = l3mdev_master_ifindex_rcu(dev);
	rt = (struct rt6_info *)ip6_route_lookup(net, &fl, NULL, 0);
	bad = rt->dst.error || (rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST)) ||
	      !through(p, dev, rt->dst.dev, zone, 6, src);
	ip6_rt_put(rt);
	return bad;
}

/**
 * zonefw_martian() - a source that no packet on a wire may have
 * @family: 4 or 6
 * @src: source address
 *
 * RFC 1122 3.2.1.3 and RFC 6890: "this network" (but for 0.0.0.0, which DHCP
 * uses), loopback, multicast, reserved and broadcast; for IPv6 loopback,
 * multicast and IPv4-mapped (RFC 6092 REC-1, REC-2).
 *
 * Return: true if the packet must be dropped, whatever its zone.
 */
bool zonefw_martian(u8 family, const u8 *src)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const u8 loopback[16] = { [15] = 1 };

	if (family == 4)
		return src[0] == 127 || src[0] >= 224 ||
		       (!src[0] && (src[1] || src[2] || src[3]));
	return src[0] == 0xff || !memcmp(src, mapped, sizeof(mapped)) ||
	       !memcmp(src, loopback, sizeof(loopback));
}

/**
 * zonefw_antispoof() - are sources of a zone to be checked?
 * @p: policy
 * @zone: ingress zone, or ZONEFW_ZONE_NONE
 * @dev: ingress device
 * @family: 4 or 6
 * @src: source address
 *
 * Who forges an address of a zone of addresses only does not leave the zone of its device by that.
 *
 * Context: RCU read side.
 * Return: true if antispoof is on for the zone, or for the one that the device is in otherwise.
 */
bool zonefw_antispoof(const struct zonefw_policy *p, u16 zone, const struct net_device *dev,
		      u8 family, const u8 *src)
{
	if (zone == ZONEFW_ZONE_NONE || p->zones[zone].flags & ZONEFW_ZONE_ANTISPOOF)
		return zone != ZONEFW_ZONE_NONE;
	if (zonefw_dev_named(p, dev->ifindex, zone))
		return false;
	zone = zonefw_home_of(p, dev->ifindex, family, src);
	return zone != ZONEFW_ZONE_NONE && p->zones[zone].flags & ZONEFW_ZONE_ANTISPOOF;
}

/**
 * zonefw_spoofed() - is the source not routed back through the zone?
 * @net: namespace
 * @p: policy
 * @zone: ingress zone
 * @dev: ingress device, not that of a VRF
 * @family: 4 or 6
 * @src: source address
 *
 * Context: RCU read side.
 * Return: true if the packet must be dropped.
 */
bool zonefw_spoofed(struct net *net, const struct zonefw_policy *p, u16 zone,
		    const struct net_device *dev, u8 family, const u8 *src)
{
	return family == 4 ? spoofed4(net, p, zone, dev, src) : spoofed6(net, p, zone, dev, src);
}
