/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_TRACE_H
#define ZONEFW_TRACE_H
#include <linux/jump_label.h>
#include "nl/filter.h"
#include "zonefw.h"

struct zonefw_pkt;

DECLARE_STATIC_KEY_FALSE(zonefw_traced);

/* Does somebody trace in this namespace? Patched code: costs nothing while nobody does in any. */
static inline bool zonefw_tracing(const struct zonefw_ns *zn)
{
	return static_branch_unlikely(&zonefw_traced) && !list_empty(&zn->tracers);
}

int zonefw_trace_start(struct zonefw_ns *zn, u32 portid, const struct zonefw_filter *f,
		       struct netlink_ext_ack *extack);
void zonefw_trace_stop(struct zonefw_ns *zn, u32 portid);
void zonefw_trace_exit(struct zonefw_ns *zn);
void zonefw_trace_packet(const struct zonefw_pkt *k, u8 action, u8 reason);
#endif
