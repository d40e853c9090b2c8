/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_RATE_H
#define ZONEFW_RATE_H
#include "live.h"

struct zonefw_rate *zonefw_rate_alloc(bool keyed);
bool zonefw_rate_add_keys(struct zonefw_rate *r);
void zonefw_rate_free(struct zonefw_rate *r);
bool zonefw_rate_within(struct zonefw_rate *r, const struct zonefw_limit *l,
			const struct zonefw_key *k);

#endif
