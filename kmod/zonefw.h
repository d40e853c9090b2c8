/* SPDX-License-Identifier: GPL-2.0 */
/*
 * zonefw's private state per network namespace, and its locks.
 *
 * Locks, in the order in which they are taken:
 *   rtnl            devices do not come, go or get renamed meanwhile
 *   zonefw_ns.lock  mutex: the one writer; policy, panic, hooks
 *   partial_lock    mutex in ident.c: which chunk of identities has a free place
 *   RCU             the packet path reads zonefw_ns.policy, zonefw_ns.fast and policy->devs
 *   tracer.lock     spinlock (bh): one tracer's token bucket; see trace.c
 *   drops.lock      spinlock (bh): the ring of recent drops and its token bucket; see drops.c
 *   zonefw_set.lock spinlock (bh): members of a set come and go, by command or packet
 *   ct->lock        spinlock: conntrack's own; the window of an offloaded TCP flow, see path.c
 *   zonefw_offload.lock spinlock (bh): paths of the flow table come and go; see offload.c
 *   log_lock        spinlock (bh): the log's token bucket, written per logged packet
 * Per-CPU counters and the verdict cache need no lock.
 */
#ifndef ZONEFW_H
#define ZONEFW_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include "core/pack.h"
#include "core/share.h"
#include "devhook.h"
#include "sweep.h"

/* Plain words: 64-bit machines count with one instruction, others under syncp. */
struct zonefw_count {
	u64 packets, bytes, flows;
	struct u64_stats_sync syncp;
};

/* What outlives a policy: an id and its counters. */
struct zonefw_ident {
	refcount_t ref;
	u32 id;
	u32 first, last;	/* seconds since 1970 of packets judged anew by it, 0: never */
	struct zonefw_count __percpu *count;
};

struct zonefw_zone {
	char name[ZONEFW_NAME_MAX + 1];
	char (*dev)[ZONEFW_DEVNAME];
	u32 *group;
	const struct zonefw_net *net;
	u32 ndev, ngroup, nnet, flags;
	void *blob;
};

struct zonefw_devs;

struct zonefw_options {
	u8 log, invalid_accept, rematch, tag_shift;
	u16 nflog_group;
	u32 log_rate, log_per, tag_mask;
	void *blob;
};

/**
 * struct zonefw_policy - one immutable policy
 * @ref: held by the namespace and by dumps
 * @stem: the policy that came whole and owns all but the rules, or this one; see fork.c
 * @kin: of a stem: policies that borrow from it, itself included
 * @gen: generation, unique in the namespace; @view: how it looks at its sets, see setuse.c
 * @nz: zones including self, which is 0
 * @max_blob: bytes of the largest stored attribute, for dumps
 * @devs: device placement; the only part that changes (with devices)
 */
struct zonefw_policy {
	refcount_t ref, kin;
	struct zonefw_policy *stem;
	u32 gen;
	u16 nz, view;
	u32 nrules, ndefs, max_blob;	/* nrules: slots, see book.h */
	u64 digest, frame_digest;	/* of all, of all but the rules */
	struct zonefw_zone *zones;
	u16 *parent;
	struct zonefw_rule **rules;	/* of the book, up to @nrules */
	struct zonefw_book *book;
	struct zonefw_patch *patch;	/* or NULL; see book.h */
	struct zonefw_celldef *defs;
	struct zonefw_cell *cells;	/* nz * nz */
	struct zonefw_devs __rcu *devs;
	struct zonefw_options opt;
	void *extra;			/* ZONEFW_A_EXTRATEXT */
	bool loggers;			/* reference on nf_log's logger */
	struct zonefw_setuse *sets;	/* setuse.c */
	struct zonefw_elems *elems;
	u32 nsets, nelems, ntimed;	/* ntimed: rules that watch a clock */
	bool dnat, snat, redirect, clamp, offload; /* some rule or option does so */
	bool hairpins;			/* of a publish, for whatever zones may reach TO */
	unsigned long *reach;		/* while it is compiled: nz * nz bits: may anything pass? */
	struct zonefw_early *early;	/* by ingress zone, or NULL: see early.c */
	u32 *dnat_at, *dnat_list;	/* by ingress zone: rules that translate destinations */
};

#define ZONEFW_EPOCH_HOSTS	3	/* of a flow: source, destination, and that before translation */

struct zonefw_offload;
struct zonefw_vcache;
struct zonefw_drops;
#define ZONEFW_HOOKS	8

struct zonefw_stats {
	u64 known;		/* packets of known flows: accepted and established */
	u64 v[__ZONEFW_S_MAX];
	struct u64_stats_sync syncp;
};

/* A commit that waits for its confirmation; see pending.c */
struct zonefw_pending {
	bool on, closed;
	struct zonefw_policy *before;	/* what to go back to, NULL: none */
	unsigned long deadline;
	struct delayed_work timer;
};

struct zonefw_ns {
	struct net *net;
	struct zonefw_devs __rcu *fast;	/* those of the policy, or of nobody: no short way */
	struct zonefw_vcache *vcache;	/* set before hooks go on, freed after */
	struct zonefw_stats __percpu *stats;
	struct zonefw_policy __rcu *policy;
	struct list_head candidates;	/* under lock; see candidate.c */
	u32 ncandidates;
	struct list_head tracers;	/* written under lock, read by RCU; see trace.c */
	struct zonefw_drops *drops;	/* set before hooks first go on, freed with the namespace */
	struct mutex lock;		/* see the top of this file */
	u32 gen, next_id;
	struct zonefw_pending pending;	/* under lock */
	bool panic, closed, hooks, nat;
	bool ingress;			/* the hooks before conntrack are on, too */
	struct nf_hook_ops ops[ZONEFW_HOOKS];
	spinlock_t log_lock;		/* tokens, stamp */
	u64 log_tokens, log_stamp;
	struct zonefw_sweep sweep;	/* under lock, but for its state */
	struct delayed_work clock, place;	/* clock.c; devzone.c: once more, with memory */
	u64 clock_state;
	u32 clock_expired;
	atomic_t epoch;			/* epoch.c; likewise changes */
	atomic64_t changes;
	struct zonefw_epochs *epochs;	/* from the first set on */
	struct zonefw_offload __rcu *offload;	/* while the policy offloads; see offload.c */
	struct zonefw_devhooks guard;	/* see guard.c */
};

extern unsigned int zonefw_net_id;
extern bool zonefw_boot_closed;
extern bool zonefw_userns;

static inline u16 zonefw_cell_at(const struct zonefw_policy *p, u16 from, u16 to)
{
	return from * p->nz + to;
}

static inline struct zonefw_cell *zonefw_cell(const struct zonefw_policy *p, u16 from, u16 to)
{
	return &p->cells[(u32)from * p->nz + to];
}

struct zonefw_ns *zonefw_ns(const struct net *net);

#include "counters.h"
#include "devzone.h"

/* policy.c */
struct zonefw_policy *zonefw_policy_alloc(u32 nzones, u32 nrules, u32 ndefs);
u64 zonefw_mix(u64 h, u64 v);
void zonefw_policy_digest(struct zonefw_policy *p);
void zonefw_rule_put(struct zonefw_rule *r);
int zonefw_policy_compile(struct zonefw_policy *p, struct zonefw_rule *const *rules,
			  struct netlink_ext_ack *extack);
int zonefw_policy_build(struct zonefw_policy *p, const struct zonefw_policy *old, u32 *want,
			u32 *next_id, struct netlink_ext_ack *extack);
void zonefw_policy_put(struct zonefw_policy *p);
struct zonefw_policy *zonefw_policy_get(struct zonefw_ns *zn);

/* publish.c */
int zonefw_publish(struct zonefw_ns *zn, struct zonefw_policy *p, struct netlink_ext_ack *extack);
void zonefw_withdraw(struct zonefw_ns *zn, bool closed);
int zonefw_panic_set(struct zonefw_ns *zn, bool on, struct netlink_ext_ack *extack);
int zonefw_hooks_update(struct zonefw_ns *zn, bool want);
int zonefw_devices_prepare(struct zonefw_ns *zn, const struct zonefw_policy *p);
void zonefw_devices_settle(struct zonefw_ns *zn, const struct zonefw_policy *p);

#endif
