/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which compiled table a cell of the matrix looks into.
 *
 * Rules whose zone lists cover the same pairs form a class. A class of many
 * rules and several cells (an any -> any block) is compiled once, and its cells
 * refer to it. What else covers a cell is compiled together, once for all cells
 * that the same classes cover. Where that would be more than a bounded multiple
 * of the rules, the cells refer to one loose table of all such rules, and each
 * rule found there is asked for its zones.
 */
#ifndef ZONEFW_SHARE_H
#define ZONEFW_SHARE_H

#include "table.h"

#define ZONEFW_SHARE_NOMEM	(-1)
#define ZONEFW_SHARE_TOOBIG	(-2)

/**
 * struct zonefw_zoning - what the matrix is made of
 * @rules: all rules
 * @nrules: how many
 * @parent: parent of each zone, 0 for none
 * @nz: zones, self included
 */
struct zonefw_zoning {
	struct zonefw_rule *const *rules;
	u32 nrules;
	const u16 *parent;
	u32 nz;
};

/* All tables of a policy; cells only refer to them. */
struct zonefw_tables {
	const struct zonefw_table **table;
	u32 n;
};

int zonefw_cells_compile(const struct zonefw_zoning *z, struct zonefw_cell *cells,
			 struct zonefw_tables *out);
bool zonefw_same_zones(const struct zonefw_rule *a, const struct zonefw_rule *b);
void zonefw_tables_asked(const struct zonefw_tables *t, unsigned long *rules);
void zonefw_tables_free(struct zonefw_tables *t);

#endif
