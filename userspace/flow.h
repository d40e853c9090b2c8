/* SPDX-License-Identifier: GPL-2.0 */
/* A live connection as the kernel shows it. */
#ifndef ZFW_FLOW_H
#define ZFW_FLOW_H
#include "cmd.h"

struct flow {
	int proto, sport, dport, type, from, to, action, reason, pport;
	char *src, *dst, *published;	/* published: where the client sent it, when that is not dst */
	uint32_t id, was, index, expires;
	bool by_route, offloaded;
};
typedef VEC(struct flow) flowvec;
struct fquery { struct model *m; struct zone *from, *to; uint32_t rule; bool by_rule; struct rule *match; };

int flows_get(flowvec *v, struct rule *match, bool candidate);
int flow_words(struct fquery *q, int argc, char **argv, bool packets);
void flow_query_put(struct nl_msg *msg, const struct fquery *q);
char *flow_text(const struct flow *f);
char *flow_rule(const struct rule *r, uint32_t id);
json_t *flow_json(struct model *m, const struct flow *f, const struct rule *r);
#endif
