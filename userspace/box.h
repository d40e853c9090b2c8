/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_BOX_H
#define ZONEFW_BOX_H
#include "model.h"

/* Packets of one family: addresses, protocol, ports, ICMP type, all inclusive. */
struct box { int fam; u128 slo, shi, dlo, dhi; int plo, phi, spl, sph, dpl, dph, tlo, thi; };
typedef VEC(struct box) boxvec;
typedef VEC(int) intvec;

void rule_boxes(const struct rule *r, boxvec *out);
bool box_cut(const struct box *a, const struct box *b, struct box *o);
void boxes_minus(boxvec *set, const boxvec *sub);
struct pkt box_packet(const struct box *b);
bool rule_exact(const struct rule *r);
bool rule_unreachable(struct model *m, int i, intvec *by);
bool rule_covers(struct model *m, const struct rule *a, const struct rule *b);

bool router_is_mute(struct model *m);	/* check.c */
#endif
