/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_NL_NOTIFY_H
#define ZONEFW_NL_NOTIFY_H
#include "zonefw.h"

struct sk_buff;
#define ZONEFW_GRP_EVENTS	0
#define ZONEFW_GRP_DROPS	1

struct sk_buff *zonefw_event_prepare(void);
void zonefw_event_send(struct zonefw_ns *zn, struct sk_buff *msg, u8 cause);
bool zonefw_listened(const struct zonefw_ns *zn);
void zonefw_notify_packet(const struct zonefw_ns *zn, const struct zonefw_policy *p,
			  const struct zonefw_key *k, u16 from, u16 to, u32 rule, u8 action,
			  u8 reason, const char *prefix);
int zonefw_put_key(struct sk_buff *msg, const struct zonefw_key *k);

/* One packet to one who traces; see trace.c */
struct zonefw_pkt;
struct zonefw_traced {
	u32 portid, lost;
	u8 action, reason;
};

void zonefw_notify_trace(const struct zonefw_pkt *k, const struct zonefw_key *key,
			 struct zonefw_traced t);
u8 zonefw_state_of(const struct zonefw_ns *zn);
#endif
