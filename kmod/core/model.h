/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plain structs of zone, rule and cell: what the classifier reads. All of it
 * is immutable once published. Lists point into the attribute block in which
 * the rule arrived, so a rule is stored once.
 */
#ifndef ZONEFW_MODEL_H
#define ZONEFW_MODEL_H

#include "port.h"
#include <linux/zonefw.h>

struct sk_buff;
struct zonefw_ident;
struct zonefw_table;	/* core/table.h */
struct zonefw_patch;	/* core/patch.h */
struct zonefw_live;

#define ZONEFW_DEVNAME	16	/* IFNAMSIZ */
#define ZONEFW_TABLES_MAX	4	/* tables that a cell looks into */
#define ZONEFW_TREES_MAX	3	/* trees of a table */
#define ZONEFW_DIMS	11	/* dimensions of an IPv6 packet */

/**
 * struct zonefw_key - the facts of one packet
 * @family: 4 or 6
 * @flags: ZONEFW_K_*
 * @in: ingress device name or NULL (from this host)
 * @out: egress device name or NULL (to this host)
 */
struct zonefw_key {
	u8 family, proto, flags, dscp;
	u8 type, code;
	u16 sport, dport;	/* host order, valid with K_PORTS */
	u8 mac[6];		/* valid with K_MAC */
	u32 mark;
	u8 src[16], dst[16];	/* v4 in the first four bytes */
	u8 odst[16];		/* destination before translation, valid with K_DNAT */
	u16 odport, ozone;	/* likewise; the zone it would have gone to */
	u16 ofrom, oat;		/* ingress zone; zone of the device that has odst */
	const char *in, *out;
	bool guessed;		/* out: a fact that a reply does not show was asked for */
	u8 ask;			/* who asks: ZONEFW_ASK_* */
	u8 view;		/* of the policy that is asked, on its sets */
	struct sk_buff *skb;	/* with ASK_NEW */
};

#define ZONEFW_ASK_EXPLAIN	0	/* limit and conns hold */
#define ZONEFW_ASK_NEW		1	/* a packet that opens a flow: they are tested */
#define ZONEFW_ASK_FLOW		2	/* a flow that was let in: they have been */

#define ZONEFW_K_PORTS	1u	/* ports are known */
#define ZONEFW_K_TYPE	2u	/* ICMP type and code are known */
#define ZONEFW_K_MAC	4u	/* source hardware address is known */
#define ZONEFW_K_REPLY	8u	/* made from a flow, seen from a reply: mac, mark, dscp unknown */
#define ZONEFW_K_DNAT	16u	/* the destination has been translated */
#define ZONEFW_K_OLOCAL	32u	/* the destination as it came is an address of this router */
#define ZONEFW_K_EARLY	64u	/* before destination NAT: the way out is not known yet */

/**
 * struct zonefw_rule - a rule; immutable, and shared by the policies that have it
 * @ident: id and counters, shared by policies
 * @digest: over its attributes, but for id and place
 * @packed: it lies on a shelf: what stands behind @len is not there; see pack.h
 * @draft: its lists are in the message that it came with, and it is not in force
 * @named: it has a name; @name_hash: few rules with another name have this
 * @back: of a packed rule: how far the shelf begins before it, in units of 8 bytes
 * @len: of a packed rule: bytes that follow
 * @ref: policies, and who is about to make one
 */
struct zonefw_rule {
	struct zonefw_ident *ident;
	u64 digest;
	u8 action;
	u8 packed : 1, draft : 1, named : 1, name_hash : 5;
	u16 arg, back, len;
	refcount_t ref;
	bool has_mark, has_dscp;
	u8 family, dscp;
	const struct zonefw_l4 *l4;
	const struct zonefw_addr *src, *dst;
	const char (*in)[ZONEFW_DEVNAME], (*out)[ZONEFW_DEVNAME];
	const u8 (*mac)[6];
	const u16 *from, *to;
	const char *log;		/* prefix, or NULL: do not log */
	u16 nl4, nsrc, ndst, nin, nout, nmac, nfrom, nto;
	u32 flags, mark, mask;
	struct zonefw_live *live;	/* what only the moment can tell, or NULL */
	const struct zonefw_nat *nat;	/* publish, redirect, snat: see core/nat.c */
	const struct zonefw_addr *on;	/* publish: published addresses; none: the router's */
	const u16 *hairpin;
	const u8 *also_from;		/* hairpin: by zone: ZONEFW_HAIRPIN_* */
	const u8 *tozone;		/* redirect: by zone: may packets be on their way there? */
	u16 nnat, non, nhairpin;
	void *blob;			/* struct nlattr as it came */
};

struct zonefw_celldef {
	u16 from, to;
	u8 action;
	u32 options;			/* ZONEFW_CELL_OPTIONS */
	bool has_default;
	u32 arg;
	const char *log;
	void *blob;
};

struct zonefw_cell {
	struct zonefw_ident *ident;	/* counters of the cell */
	/* compiled rules, up to NULL; may be shared */
	const struct zonefw_table *tables[ZONEFW_TABLES_MAX + 1];
	u32 nrules;
	u16 from, to;
	const u16 *parent;		/* not NULL: rules are asked for their zones, too */
	const struct zonefw_patch *patch; /* not NULL: changes since its rules were compiled */
	const struct zonefw_celldef *def; /* NULL: drop */
	u8 ntables;
	bool live;			/* verdicts may change under one policy: see epoch.c */
	u32 options;			/* ZONEFW_CELL_OPTIONS of all blocks that cover it */
};

/* One leaf on the way: boxes that a packet may be in, and where their places count from. */
struct zonefw_strand {
	const void *from;
	const u32 *at;
};

/* Where a walk through a cell's matching rules stands. */
struct zonefw_cursor {
	u32 slot;	/* the rule found last: its index in the policy + 1 */
	u32 base;	/* the compiled rule found last: its index + 1 */
	u32 n;		/* strands */
	u32 added;	/* of a patch: rules that were tried */
	bool started, waits;	/* waits: a compiled rule was found, and its turn has not come */
	u32 v[ZONEFW_DIMS];	/* the packet as a point */
	struct zonefw_strand strand[ZONEFW_TABLES_MAX * ZONEFW_TREES_MAX];
};

static inline void zonefw_cursor_init(struct zonefw_cursor *cur)
{
	cur->slot = 0;
	cur->n = 0;
	cur->started = false;
	cur->waits = false;
}

bool zonefw_addr_in(const struct zonefw_addr *a, u8 family, const u8 *x);
bool zonefw_dev_match(const char *pattern, const char *name);
bool zonefw_rule_plain(const struct zonefw_rule *r);
bool zonefw_rule_match(const struct zonefw_rule *r, struct zonefw_key *k);
bool zonefw_conditions_match(const struct zonefw_rule *r, struct zonefw_key *k);
bool zonefw_addrs_match(const struct zonefw_addr *a, u16 n, bool neg, u8 family, const u8 *x);
const struct zonefw_rule *zonefw_cell_next(struct zonefw_rule *const *rules,
					   const struct zonefw_cell *cell,
					   struct zonefw_key *key, struct zonefw_cursor *cur);
int zonefw_prefix_match(const struct zonefw_net *n, u32 count, u8 family, const u8 *addr);
bool zonefw_zone_covers(const u16 *parent, const u16 *list, u32 n, u16 zone);
void zonefw_defaults_fill(const struct zonefw_celldef *defs, u32 n, const u16 *parent, u16 nz,
			  const struct zonefw_celldef **exact, struct zonefw_cell *cells);

#define ZONEFW_HAIRPIN_ADDED	1u	/* the rule stands in the zone's cells, too */
#define ZONEFW_HAIRPIN_FROM	2u	/* the zone is of FROM */

/* nat.c */
static inline bool zonefw_is_dnat(const struct zonefw_rule *r)
{
	return r->action == ZONEFW_PUBLISH || r->action == ZONEFW_REDIRECT;
}

/* Does the action let a packet pass? */
static inline bool zonefw_lets_pass(u8 action)
{
	return action == ZONEFW_ACCEPT || action == ZONEFW_PUBLISH || action == ZONEFW_REDIRECT;
}

/* Does the classifier go on behind the rule? */
static inline bool zonefw_goes_on(u8 action)
{
	return action == ZONEFW_CONTINUE || action == ZONEFW_SNAT;
}

bool zonefw_rule_between(const u16 *parent, const struct zonefw_rule *r, u16 from, u16 to);
const struct zonefw_nat *zonefw_nat_of(const struct zonefw_rule *r, u8 family);
u16 zonefw_nat_port(const struct zonefw_rule *r, const struct zonefw_nat *n, u16 port);
bool zonefw_nat_selects(const struct zonefw_rule *r, struct zonefw_key *k);
bool zonefw_nat_explains(const struct zonefw_rule *r, struct zonefw_key *k);

#endif
