/* SPDX-License-Identifier: GPL-2.0 */
/* Identities and what is counted on them; included by zonefw.h. */
#ifndef ZONEFW_COUNTERS_H
#define ZONEFW_COUNTERS_H
#include <linux/types.h>

struct zonefw_ident;
struct zonefw_ns;

/* ident.c */
struct zonefw_ident *zonefw_ident_alloc(u32 id);
struct zonefw_ident *zonefw_ident_get(struct zonefw_ident *i);
void zonefw_ident_put(struct zonefw_ident *i);

/* counters.c */
void zonefw_ident_read(const struct zonefw_ident *i, u64 *packets, u64 *bytes);
void zonefw_ident_zero(struct zonefw_ident *i);
void zonefw_ident_hit(struct zonefw_ident *i, bool flow);
u64 zonefw_ident_flows(const struct zonefw_ident *i);
void zonefw_count(const struct zonefw_ident *i, u32 bytes);
void zonefw_count_flow(const struct zonefw_ns *zn, const struct zonefw_ident *cell,
		       const struct zonefw_ident *rule, u32 bytes);
void zonefw_stat(const struct zonefw_ns *zn, u32 which);
void zonefw_stats_read(const struct zonefw_ns *zn, u64 *v);

#endif
