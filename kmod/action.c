// SPDX-License-Identifier: GPL-2.0
/*
 * What is done to a packet once it is judged: drop, reject, log. Softirq.
 * The log's token bucket is the only thing written here; its lock is
 * zonefw_ns.log_lock.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ktime.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/netfilter/nf_log.h>
#include "action.h"
#include "drops.h"
#include "nl/notify.h"
#include "trace.h"

static const u8 unreach4[] = {
	[ZONEFW_REJ_AUTO] = ICMP_PORT_UNREACH, [ZONEFW_REJ_TCP_RESET] = ICMP_PORT_UNREACH,
	[ZONEFW_REJ_PORT] = ICMP_PORT_UNREACH, [ZONEFW_REJ_HOST] = ICMP_HOST_UNREACH,
	[ZONEFW_REJ_NET] = ICMP_NET_UNREACH, [ZONEFW_REJ_ADMIN] = ICMP_PKT_FILTERED,
};

static const u8 unreach6[] = {
	[ZONEFW_REJ_AUTO] = ICMPV6_PORT_UNREACH, [ZONEFW_REJ_TCP_RESET] = ICMPV6_PORT_UNREACH,
	[ZONEFW_REJ_PORT] = ICMPV6_PORT_UNREACH, [ZONEFW_REJ_HOST] = ICMPV6_ADDR_UNREACH,
	[ZONEFW_REJ_NET] = ICMPV6_NOROUTE, [ZONEFW_REJ_ADMIN] = ICMPV6_ADM_PROHIBITED,
};

static void answer(const struct zonefw_pkt *k, u32 arg)
{
	struct net *net = k->zn->net;
	unsigned int hook = k->st->hook;
	bool reset = k->key.proto == IPPROTO_TCP &&
		     (arg == ZONEFW_REJ_AUTO || arg == ZONEFW_REJ_TCP_RESET);

	if (k->st->pf == NFPROTO_IPV4) {
		if (reset)
			nf_send_reset(net, k->st->sk, k->skb, hook);
		else
			nf_send_unreach(k->skb, unreach4[arg], hook);
	} else {
		if (reset)
			nf_send_reset6(net, k->st->sk, k->skb, hook);
		else
			nf_send_unreach6(net, k->skb, unreach6[arg], hook);
	}
}

/**
 * zonefw_refuse() - drop or reject a packet and count the reason
 * @k: packet
 * @action: ZONEFW_REJECT, or anything else for a drop
 * @arg: enum zonefw_reject
 * @reason: enum zonefw_reason
 *
 * Return: NF_DROP.
 */
unsigned int zonefw_refuse(const struct zonefw_pkt *k, u8 action, u32 arg, u8 reason)
{
	zonefw_stat(k->zn, reason);
	zonefw_drops_record(k, NULL, action, reason);
	if (zonefw_tracing(k->zn))
		zonefw_trace_packet(k, action, reason);
	if (action == ZONEFW_REJECT) {
		zonefw_stat(k->zn, ZONEFW_S_REJECTED);
		answer(k, arg);
	} else {
		zonefw_stat(k->zn, ZONEFW_S_DROPPED);
	}
	return NF_DROP;
}

/* Token bucket, one second's worth of burst; tokens are counted in ns * rate. */
static bool log_allowed(struct zonefw_ns *zn, const struct zonefw_options *o)
{
	u64 per = (u64)o->log_per * NSEC_PER_SEC, now, cost, cap;
	bool ok;

	cost = div64_u64(per, max_t(u32, o->log_rate, 1));
	cap = max_t(u64, cost * min_t(u32, o->log_rate, 100), cost);
	spin_lock_bh(&zn->log_lock);
	now = ktime_get_ns();	/* here: never before another CPU's stamp */
	zn->log_tokens = min(cap, zn->log_tokens + (now - zn->log_stamp));
	zn->log_stamp = now;
	ok = o->log_rate && zn->log_tokens >= cost;
	if (ok)
		zn->log_tokens -= cost;
	spin_unlock_bh(&zn->log_lock);
	return ok;
}

/**
 * zonefw_log() - log a packet to where the options say, and to listeners
 * @k: packet
 * @prefix: text before the line, may be empty
 * @rule: deciding rule's id, or 0
 * @action: what happens to it
 * @reason: why
 */
void zonefw_log(const struct zonefw_pkt *k, const char *prefix, u32 rule, u8 action, u8 reason)
{
	const struct zonefw_options *o = &k->p->opt;
	struct nf_loginfo li = { .type = NF_LOG_TYPE_LOG, .u.log.level = LOGLEVEL_INFO };

	if (!log_allowed(k->zn, o)) {
		zonefw_stat(k->zn, ZONEFW_S_LOG_LOST);
		return;
	}
	zonefw_stat(k->zn, ZONEFW_S_LOGGED);
	zonefw_notify_packet(k->zn, k->p, &k->key, k->from, k->to, rule, action, reason, prefix);
	if (o->log == ZONEFW_LOG_NONE)
		return;
	if (o->log == ZONEFW_LOG_NFLOG) {
		li.type = NF_LOG_TYPE_ULOG;
		li.u.ulog.group = o->nflog_group;
		li.u.ulog.copy_len = 0;
		li.u.ulog.qthreshold = 0;
		li.u.ulog.flags = 0;
	}
	nf_log_packet(k->zn->net, k->st->pf, k->st->hook, k->skb, k->st->in, k->st->out, &li,
		      "%s%s", prefix, *prefix ? " " : "zonefw ");
}
