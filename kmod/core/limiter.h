/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_LIMITER_H
#define ZONEFW_LIMITER_H
#include "port.h"

bool zonefw_bucket_take(u64 full, u64 now, u64 cost, u64 burst, u64 *next);

#endif
