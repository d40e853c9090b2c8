/* SPDX-License-Identifier: GPL-2.0 */
/* The shim of the pure core: all it needs of the kernel, or of libc in tests. */
#ifndef ZONEFW_PORT_H
#define ZONEFW_PORT_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>

static inline void *zonefw_mem_get(size_t n)
{
	return n > INT_MAX ? NULL : kvzalloc(n, GFP_KERNEL_ACCOUNT);
}

static inline void zonefw_mem_put(const void *p)
{
	kvfree(p);
}

static inline void zonefw_breathe(void)
{
	cond_resched();
}
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
typedef int8_t s8;
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
struct zonefw_refs { int refs; };
#define refcount_t struct zonefw_refs
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))

/* Whoever links the core brings these; tests let the n-th one fail. */
void *zonefw_mem_get(size_t n);
void zonefw_mem_put(const void *p);
static inline void zonefw_breathe(void) { }
#define sort(base, n, size, cmp, swap) qsort(base, n, size, cmp)
#endif

static inline int zonefw_u32_cmp(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static inline void zonefw_sort(u32 *list, u32 n)
{
	sort(list, n, sizeof(*list), zonefw_u32_cmp, NULL);
}

#endif
