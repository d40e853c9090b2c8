/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ORACLE_H
#define ORACLE_H
#include "core/model.h"
bool oracle_match(const struct zonefw_rule *r, const struct zonefw_key *k);
const struct zonefw_celldef *oracle_default(const struct zonefw_celldef *defs, u32 n,
					    const u16 *parent, u16 from, u16 to);

/* nat_test.c */
void test_nat_selects(void **unused);
void test_nat_explains(void **unused);
void test_nat_table(void **unused);
#endif
