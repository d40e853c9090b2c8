/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_CLOCK_H
#define ZONEFW_CLOCK_H
#include "zonefw.h"

/*
 * How long to sleep towards a moment that is @left jiffies ahead. The timer wheel may come late by an eighth of what
 * it is asked for: an hour's end would be minutes late. So most of the way first, then most of the rest, and so on.
 */
static inline unsigned long zonefw_clock_step(unsigned long left)
{
	return left - left / 8;
}

void zonefw_clock_init(struct zonefw_ns *zn);
void zonefw_clock_start(struct zonefw_ns *zn, struct zonefw_policy *p);
void zonefw_clock_stop(struct zonefw_ns *zn);

#endif
