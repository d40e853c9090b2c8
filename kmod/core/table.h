/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The compiled form of a list of rules: which of them can match a packet.
 *
 * Theory. A rule is cut into boxes, one interval per dimension: protocol and
 * ICMP type, the two ports, and the addresses, those of IPv6 by their halves. What
 * a box cannot say (a negated list, a mask with holes, a device, a mark) is left
 * wide, and the rule itself is asked; a box that says all of its rule is exact, and
 * the rule is not read at all.
 *
 * Boxes are found by a few trees over the same array. A node looks at a field
 * of up to 12 bits of one dimension and goes on at the child of that number; a
 * leaf is a list of boxes in rule order, which are tested one by one. Fields
 * are picked for the boxes at hand (fewest left per child, fewest copies), so
 * bits that all rules share cost nothing. A box that spans several children is
 * copied into each: to keep that in bounds, boxes with a narrow destination,
 * those with a narrow source only, and those with neither have trees of their
 * own, and copies and nodes have a budget in proportion to the boxes. Where no
 * cut pays, or the budget is spent, the leaf is simply longer: slower, never
 * wrong, never larger.
 *
 * Example: 10,000 rules "tcp dport 443 dst 10.1.X.Y". The root looks at the low
 * 12 bits of the destination, a child (2 or 3 boxes) is a leaf: one node, three
 * boxes, whatever the number of rules.
 *
 * All of it is written once, by zonefw_table_build(), and only read after.
 * docs/classifier.md has what else was tried, and figures.
 */
#ifndef ZONEFW_TABLE_H
#define ZONEFW_TABLE_H

#include "model.h"

/* Dimensions; addresses follow, destination before source, in words of 32 bits, the lowest first. */
#define ZONEFW_D_PROTO	0u	/* protocol << 8 | ICMP type */
#define ZONEFW_D_DPORT	1u
#define ZONEFW_D_SPORT	2u
#define ZONEFW_D_ADDR	3u

/**
 * struct zonefw_box - intervals of one family that a rule may match in
 * @lo: first value of the dimensions before ZONEFW_D_ADDR
 * @len: last value - first value
 * @need: ZONEFW_K_* that the packet must have
 * @exact: whatever is in the box matches the rule
 * @rule: index of the rule
 * @addr: first value and length of the destination and of the source; of IPv6 of the lower half
 *	of each before the higher, in two words each: see zonefw_wide_at()
 */
struct zonefw_box {
	u16 lo[ZONEFW_D_ADDR], len[ZONEFW_D_ADDR];
	u8 need, exact, pad[2];
	u32 rule;
	u32 addr[];
};

/* 64 bits, the lower ones first. */
static inline u64 zonefw_wide_at(const u32 *p)
{
	return p[0] | (u64)p[1] << 32;
}

#define ZONEFW_WORDS4	2u	/* dimensions of addresses */
#define ZONEFW_WORDS6	8u
#define ZONEFW_BOX4	(5u + 2 * ZONEFW_WORDS4)	/* size of a box in u32 */
#define ZONEFW_BOX6	(5u + 2 * ZONEFW_WORDS6)

static inline u32 zonefw_box_size(u8 family)
{
	return family == 4 ? ZONEFW_BOX4 : ZONEFW_BOX6;
}

/**
 * struct zonefw_node - where to go on
 * @base: first child, or with @mask 0 the leaf's place
 * @mask: bits of the field
 * @shift: where in the dimension it lies
 * @dim: dimension
 */
struct zonefw_node {
	u32 base;
	u16 mask;
	u8 shift, dim;
};

/**
 * struct zonefw_parts - the boxes of one family and the trees over them, when they are made
 * @nodes: @ntrees roots first, then the rest
 * @items: leaves: boxes' places, ascending, then 0; the first leaf has none
 * @boxes: the end, a box behind the last rule, and @nboxes boxes; places count from here
 */
struct zonefw_parts {
	const struct zonefw_node *nodes;
	const u32 *items, *boxes;
	u32 nboxes, nnodes, nitems, ntrees;
};

/**
 * struct zonefw_side - the same in one block: nodes, leaves, the end and the boxes
 * @nodes: the block; a place is the distance from here in u32
 * @boxes: place of the first box
 *
 * Each leaf ends with the place of the end, whose rule is behind all others: who looks for
 * a rule before the best one so far stops there by itself.
 */
struct zonefw_side {
	const struct zonefw_node *nodes;
	u32 ntrees, nboxes, boxes;
};

struct zonefw_table {
	size_t bytes;
	struct zonefw_side side[2];	/* IPv4, IPv6 */
};

/* A list of rules as it goes in: indexes into the policy's rules, ascending. */
struct zonefw_list {
	struct zonefw_rule *const *rules;
	const u32 *index;
	u32 n;
};

#define ZONEFW_END	(~0u)	/* the rule of the end */

static inline const struct zonefw_box *zonefw_box_at(const void *from, u32 place)
{
	return (const struct zonefw_box *)((const u32 *)from + place);
}

/* box.c */
u32 zonefw_boxes_count(const struct zonefw_rule *r, u8 family);
u32 *zonefw_boxes_fill(const struct zonefw_rule *r, u8 family, u32 rule, u32 *to);

/* tree.c */
int zonefw_trees_build(struct zonefw_parts *p, u32 words);

/* walk.c */
void zonefw_point(const struct zonefw_key *k, u32 *v);
const struct zonefw_box *zonefw_cell_first4(const struct zonefw_cell *cell, const u32 *v);
const struct zonefw_box *zonefw_cell_first6(const struct zonefw_cell *cell, const u32 *v);

/* table.c */
struct zonefw_table *zonefw_table_build(const struct zonefw_list *l);
void zonefw_table_free(const struct zonefw_table *t);

#endif
