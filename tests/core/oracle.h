/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ORACLE_H
#define ORACLE_H
#include "core/model.h"
bool oracle_match(const struct zonefw_rule *r, const struct zonefw_key *k);

/* nat_test.c */
void test_nat_selects(void **unused);
void test_nat_explains(void **unused);
#endif
