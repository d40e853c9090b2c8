/* SPDX-License-Identifier: GPL-2.0 */
/* What a request for flows or traces picks out: zones, a rule, a MATCH. */
#ifndef ZONEFW_NL_FILTER_H
#define ZONEFW_NL_FILTER_H
#include <net/genetlink.h>
#include "zonefw.h"

struct zonefw_filter {
	u16 from, to;			/* ZONEFW_ZONE_ANY: each */
	bool by_rule;
	u32 rule;			/* id, 0: a default */
	struct zonefw_policy *match;	/* one rule, or NULL: everything */
};

int zonefw_filter_parse(struct zonefw_filter *f, struct nlattr **tb,
			struct netlink_ext_ack *extack);
void zonefw_filter_free(struct zonefw_filter *f);
bool zonefw_filter_match(const struct zonefw_filter *f, struct zonefw_key *key, u16 from, u16 to,
			 u32 rule);
#endif
