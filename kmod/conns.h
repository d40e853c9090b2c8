/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_CONNS_H
#define ZONEFW_CONNS_H
#include "live.h"

struct zonefw_conns *zonefw_conns_alloc(struct net *net);
void zonefw_conns_free(struct zonefw_conns *c);
bool zonefw_conns_ready(void);
bool zonefw_conns_within(struct zonefw_conns *c, const struct zonefw_live *l,
			 const struct zonefw_key *k);

#endif
