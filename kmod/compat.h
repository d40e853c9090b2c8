/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel differences, force-included by Kbuild. One entry: what, since when,
 * when it may go. Supported: 6.1 and later.
 */
#ifndef ZONEFW_COMPAT_H
#define ZONEFW_COMPAT_H

/*
 * nf_conncount_init() and nf_conncount_destroy() take a family in 6.1 and none in
 * 6.12; told by their type. May go with 6.1.
 */
struct net;
struct nf_conncount_data;
typedef struct nf_conncount_data *(*zonefw_conncount_init3)(struct net *, unsigned int, unsigned int);
typedef struct nf_conncount_data *(*zonefw_conncount_init2)(struct net *, unsigned int);
typedef void (*zonefw_conncount_destroy3)(struct net *, unsigned int, struct nf_conncount_data *);
typedef void (*zonefw_conncount_destroy2)(struct net *, struct nf_conncount_data *);
#define zonefw_conncount_init(fn, net, len) \
	(__builtin_types_compatible_p(typeof(fn), zonefw_conncount_init3) ? \
	 ((zonefw_conncount_init3)(void *)(fn))(net, NFPROTO_INET, len) : \
	 ((zonefw_conncount_init2)(void *)(fn))(net, len))
#define zonefw_conncount_destroy(fn, net, data) \
	(__builtin_types_compatible_p(typeof(fn), zonefw_conncount_destroy3) ? \
	 ((zonefw_conncount_destroy3)(void *)(fn))(net, NFPROTO_INET, data) : \
	 ((zonefw_conncount_destroy2)(void *)(fn))(net, data))

/*
 * get_unaligned() is in <linux/unaligned.h> since 6.12, skb_gso_validate_network_len()
 * in <net/gso.h> since 6.5. May go with 6.1.
 */
#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
#if __has_include(<net/gso.h>)
#include <net/gso.h>
#endif

/* Large and written before it is read: not to be zeroed under CONFIG_INIT_STACK_ALL_ZERO.
 * The kernel has no name for it.
 */
#if __has_attribute(__uninitialized__)
#define ZONEFW_UNSET __attribute__((__uninitialized__))
#else
#define ZONEFW_UNSET
#endif

#endif
