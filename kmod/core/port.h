/* SPDX-License-Identifier: GPL-2.0 */
/* The shim of the pure core: all it needs of the kernel, or of libc in tests. */
#ifndef ZONEFW_PORT_H
#define ZONEFW_PORT_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#endif

#endif
