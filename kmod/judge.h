/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_JUDGE_H
#define ZONEFW_JUDGE_H
#include "action.h"

unsigned int zonefw_judge(struct zonefw_pkt *k);
unsigned int zonefw_judge_without(struct zonefw_pkt *k);
#endif
