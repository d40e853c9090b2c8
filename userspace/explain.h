/* SPDX-License-Identifier: GPL-2.0 */
/* A packet put to the kernel's classifier, and its answer. */
#ifndef ZFW_EXPLAIN_H
#define ZFW_EXPLAIN_H
#include "cmd.h"

struct query { struct model *m; struct pkt k; char *in, *out, *from, *to, *expect, *file; struct model *cand; };
struct answer { int from, to, action, reason; uint32_t id, index; char *in, *out, *dnat, *snat; };

int explain_ask(struct query *q, bool candidate, struct answer *a);
#endif
