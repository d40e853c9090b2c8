/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_BOX_H
#define ZONEFW_BOX_H
#include "model.h"

/*
 * Packets of one family: addresses, protocol, ports, ICMP type, all inclusive. Of an address also the suffix that it
 * has; of addresses and ports the sets that they are in, and the rules whose negated lists, with sets or suffixes,
 * they meet (of two boxes that were cut, one each; more are forgotten).
 */
struct box {
	u128 slo, shi, dlo, dhi;
	int fam, plo, phi, spl, sph, dpl, dph, tlo, thi;
	const struct zonefw_addr *ssfx, *dsfx;
	const struct set *in[2][PICKS];
	const struct rule *not[2][PICKS];
};
typedef VEC(struct box) boxvec;		/* on the heap: boxes_free() */
typedef VEC(int) intvec;

#define BOXES_MOST	65536		/* in one vector */
#define BOXES_WORK	200000000L	/* pairs that are looked at between boxes_begin() and the refusal of all others */

/* box.c; false: too many, and what is in the vector is worth nothing */
bool rule_boxes(const struct rule *r, boxvec *out);
bool rule_boxes_in(const struct rule *a, const struct rule *b);
bool boxes_minus(boxvec *set, const boxvec *sub);
bool boxes_and(boxvec *set, const boxvec *with);
void boxes_free(boxvec *v);
void boxes_begin(void);
bool boxes_spent(void);
bool boxes_gave_up(void);
bool box_cut(const struct box *a, const struct box *b, struct box *o);
enum take { TAKES_ALL, TAKES_SOME, TAKES_IN_SET } box_takes(const struct box *a, const struct box *b, struct box *both);
struct pkt box_packet(const struct box *b);
bool rule_exact(const struct rule *r);

/* fact.c */
struct facts { const struct rule *r[2]; };	/* what is known of a packet: it matches these, NULL: no more */
int facts_tell(const struct facts *f, const struct rule *b);
bool facts_vague(const struct rule *a, const struct rule *b);

/* cover.c */
struct hull { struct box b[2]; bool any[2]; };
struct hull *rule_hulls(struct model *m);
bool rule_covers(struct model *m, const struct hull *h, int a, int b);
bool rule_unreachable(struct model *m, const struct hull *h, int i, intvec *by);

/* prove.c */
enum proof { HOLDS, FAILS, UNSURE, TOO_LARGE };
struct never {
	struct model *m;
	const struct assertion *a;
	struct zone *f, *t;
	struct pkt pkt;			/* the packet that shows it */
	const struct rule *by;		/* what accepts it, NULL: the default */
};
enum proof prove_never(struct never *n);

bool router_is_mute(struct model *m);	/* check.c */
#endif
