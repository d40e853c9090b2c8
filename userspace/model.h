/* SPDX-License-Identifier: GPL-2.0 */
/* What a policy is in userspace, and the passes over it. */
#ifndef ZFW_MODEL_H
#define ZFW_MODEL_H
#include <linux/zonefw.h>
#include "util.h"

struct src { char *name, *text; size_t len, start; bool cmdline; int seq; };
struct pos { struct src *src; int line, col; };
struct diag { struct pos pos; char *text; bool warn; int seq; };

enum tok_kind { T_WORD, T_STR, T_LB, T_RB, T_SEMI, T_COMMA, T_BANG, T_EQ, T_NL, T_EOF };
struct tok { enum tok_kind kind; char *s; struct pos pos; };
/* skim: words are passed over, their text is not wanted */
struct lexer { struct src *src; size_t off; int line, col; struct tok cur; size_t prev_end; bool bad, skim; };

typedef VEC(char *) strvec;
typedef VEC(struct zonefw_addr) addrvec;
typedef VEC(struct zonefw_l4) l4vec;
typedef VEC(struct zonefw_net) netvec;
struct set;
struct prange { uint16_t lo, hi; struct set *set; };
typedef VEC(struct prange) prvec;

struct zone {
	char *name, *pname, *text;
	struct pos pos, ppos;
	struct zone *parent;
	strvec dev, devices;		/* devices: as the kernel placed them */
	VEC(uint32_t) group;
	netvec nets;
	bool antispoof, used, visiting;
	int id;
	uint64_t packets, bytes;
};
struct hwaddr { uint8_t b[6]; };
struct zref { char *name; struct pos pos; struct zone *z; };
typedef VEC(struct zref) zrefvec;

enum clause {
	CL_ACTION, CL_SVC, CL_PROTO, CL_SPORT, CL_DPORT, CL_TYPE, CL_TO, CL_ON, CL_HAIRPIN,
	CL_SRC, CL_DST, CL_IN, CL_OUT, CL_MAC, CL_MARK, CL_DSCP, CL_FAMILY, CL_TIME, CL_DAYS,
	CL_LIMIT, CL_CONNS, CL_HELPER, CL_ADD, CL_EXPIRES, CL_LOG, CL_NAME, CL_COMMENT, CL_MAX
};

/* what the kernel asks of the moment: lists that hold sets */
enum { PICK_SRC, PICK_DST, PICK_SPORT, PICK_DPORT, PICKS };
typedef VEC(struct set *) setvec;
struct live {
	setvec set[PICKS];
	prvec port[PICKS];
	uint32_t flags, rate, per, burst, conns, expires, add_timeout;
	uint8_t limit_by, conns_by, add_by, days;
	uint16_t minutes[2];
	bool any, timed, has_conns;	/* timed: holds at times */
	struct set *add;
	char *helper;
};

struct rule {
	char *name;
	struct pos pos;
	zrefvec from, to;
	char *cl[CL_MAX], *text, *comment, *log, *where;
	int action;
	uint32_t arg, flags, id, mark, mark_mask;
	uint8_t family, dscp;
	bool has_mark, has_dscp, inexact;
	l4vec l4;
	addrvec src, dst;
	strvec in, out;
	struct nlattr *raw;		/* instead of all matches: as the kernel has it */
	VEC(struct hwaddr) mac;
	struct live live;
	VEC(struct zonefw_nat) nat;
	addrvec on;
	zrefvec hairpin;
	uint64_t packets, bytes, flows;
	uint32_t first, last;		/* seconds since 1970 of new connections or refusals, 0: never */
};
struct cell {
	struct pos pos, dpos;
	zrefvec from, to;
	bool has_default, has_log, masq4, masq6, offload, clamp;
	uint8_t action;
	uint32_t arg;
	char *log;
};
struct cellstat { int from, to, action; uint32_t flags, count; uint64_t packets, bytes; };
struct opts {
	bool set, has_log, has_rate, has_invalid, has_rematch, has_tag;
	uint8_t log, invalid, rematch;
	uint16_t group;
	uint32_t rate, per, tag;
	char *text;
	struct pos tag_pos;
};
struct let { char *name, *text; struct pos pos; VEC(struct tok) val; bool used, busy, keep; };
#define NEST_MAX 32		/* lets in lets, services in services */
struct svc_item { char *ref; struct pos pos; struct zonefw_l4 box; };
struct service { char *name, *text; struct pos pos; VEC(struct svc_item) items; bool builtin, used, busy; };
typedef VEC(struct zonefw_elem) elemvec;
struct set { char *name; struct pos pos; bool port, used, filled; uint32_t timeout, max, count, lost; elemvec elems; };	/* filled: by rules that go on */
struct pkt { int family, proto, type; u128 src, dst; int sport, dport; char *in, *out; };
struct match { struct rule r; };
struct assertion {
	struct pos pos;
	char *text;
	int verdict;			/* -1: never */
	zrefvec from, to;
	struct pkt pkt;
	struct rule *match;
	VEC(struct rule *) except;
};
/* an index by name, see names.c; what is indexed begins with its name */
struct names { void **tab; uint32_t cap; int seen; bool latest; };
struct model {
	VEC(struct zone *) zones;
	VEC(struct rule *) rules;
	VEC(struct cell *) cells;
	VEC(struct let *) lets;
	VEC(struct service *) services;
	VEC(struct set *) sets;
	VEC(struct assertion *) asserts;
	VEC(struct diag) diags;
	VEC(struct src *) srcs, stack;
	struct opts opt;
	struct zone self, any;
	struct names zone_ix, let_ix, service_ix, set_ix, rule_ix;
	struct cell **defaults;		/* by pair of zones: the block with their default */
	uint32_t gen, confirm, apply;	/* confirm: seconds the kernel waits for it; apply: ZONEFW_APPLY_* */
	bool timed_off;		/* eval_packet(): rules that hold at times do not */
	bool lenient;		/* names are unknown, not wrong: the kernel could not be asked */
	int errors, depth, work;	/* depth and work of the name being expanded */
};

/* lexer.c */
void lex_init(struct lexer *l, struct src *s);
void lex_next(struct lexer *l, struct model *m);

/* names.c */
void *names_find(struct names *ix, void *const *v, int n, const char *name);

/* model.c */
struct model *model_new(void);
struct src *src_new(struct model *m, const char *name, char *text, size_t len);
void err_at(struct model *m, struct pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void warn_at(struct model *m, struct pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_print(struct model *m, bool warnings);
const char *suggest(const char *word, const strvec *cand);
struct zone *zone_find(struct model *m, const char *name);
struct zone *zone_by_id(struct model *m, int id);
const char *zone_name(struct model *m, int id);
struct service *service_find(struct model *m, const char *name);
struct let *let_find(struct model *m, const char *name);
struct set *set_find(struct model *m, const char *name);
bool model_resolve(struct model *m);
bool zone_covers(struct model *m, const zrefvec *list, const struct zone *z);
/* the zones of the matrix by number: -1 is self */
static inline struct zone *zone_or_self(struct model *m, int i)
{
	return i < 0 ? &m->self : m->zones.v[i];
}
struct cell *cell_default(struct model *m, struct zone *f, struct zone *t, uint8_t *action);
void cells_merge(struct model *m);

/* text.c */
char *quote(const char *s);
char *zrefs_text(const zrefvec *z);
char *rule_text(const struct rule *r);
bool same_block(const struct rule *a, const struct rule *b);
char *zone_text(const struct zone *z);
char *cell_text(const struct cell *c);
char *opts_text(const struct opts *o);
char *rate_text(uint32_t n, uint32_t per);
char *zone_members(const struct zone *z);
char *extra_text(struct model *m);
char *model_text(struct model *m);
extern const char *const reject_words[], *const action_words[], *const reason_words[], *const state_words[];

/* eval.c */
struct verdict { int action; uint32_t arg; struct rule *rule; struct cell *cell; };
struct verdict eval_packet(struct model *m, struct zone *f, struct zone *t, const struct pkt *k);
void eval_asserts(struct model *m);
char *pkt_text(const struct pkt *k);

/* natcheck.c */
bool rule_between(struct model *m, const struct rule *r, struct zone *f, struct zone *t);
struct rule *rule_behind_nat(struct rule *r);
char *nat_sent_to(const struct rule *r, const struct pkt *k);
void nat_conflicts(struct model *m);
void nat_warnings(struct model *m);

/* check.c */
void check_warnings(struct model *m);
extern const char services_conf[];

#include "parse.h"
#include "set.h"
#endif
