/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands share: global options, the socket, the codec. */
#ifndef ZFW_CMD_H
#define ZFW_CMD_H
#include <jansson.h>
#include <netlink/netlink.h>
#include <netlink/msg.h>
#include <netlink/attr.h>
#include "model.h"

enum { EX_DONE, EX_REFUSED, EX_NOMODULE, EX_VERDICT, EX_SESSION };
struct gopts { bool json, pretty, stats, quiet, color; };
extern struct gopts g;
struct command { const char *name; int (*run)(int argc, char **argv); const char *help; };
extern const struct command commands[];
extern const int ncommands;

/* nlsock.c */
typedef void (*reply_fn)(struct nlattr **tb, void *arg);
int nl_connect_zfw(void);
int nl_do(struct nl_msg *msg, reply_fn fn, void *arg);
struct nl_msg *nl_new(int cmd, int flags, size_t size);
int nl_failed(int err);
char *nl_ip(struct nlattr *a);
int nl_listen(const char *group, void (*fn)(int cmd, struct nlattr **tb));
extern bool nl_hush;		/* say nothing: somebody is only trying */
extern bool nl_lost;		/* no answer came: what was asked for may have been done, and is not to be tried again */
extern char nl_extmsg[512];
extern int nl_badoff, nl_len;
extern struct nlattr *nl_head;

/* nlnames_gen.c: what an answer's attributes have to look like */
extern struct nla_policy nl_attr[], nl_attr_set[], nl_attr_setelems[], nl_attr_zone[], nl_attr_rule[], nl_attr_celldef[];

/* codec.c */
struct nl_msg *codec_apply(struct model *m);
struct pos codec_where(struct model *m, struct nl_msg *msg, int off);
struct model *codec_running(int *err);
struct model *codec_saved(int *err);
int codec_moved(int err);
void codec_match(struct nl_msg *m, struct rule *r);
int codec_candidate(struct model *m, struct model *old);
struct model *codec_texts(int *err);
struct model *codec_edit(int *err);
struct model *codec_frame(int *err);
void codec_put_rule(struct nl_msg *m, int attr, struct rule *r);
size_t codec_rule_size(const struct rule *r);
int codec_cells(struct model *m, void *vec);
struct done { uint32_t gen, first; };	/* what the kernel answers: generation, first new id */
int codec_send(struct model *m, struct done *done);
typedef VEC(struct cellstat) cellvec;

/* codec_set.c */
void codec_put_sets(struct nl_msg *msg, struct model *m);
void codec_put_live(struct nl_msg *msg, struct rule *r);
size_t codec_sets_size(struct model *m);
size_t codec_live_size(const struct rule *r);
int codec_sets(struct model *m);
int codec_setelems(struct model *m);
int codec_members(struct set *s);
int codec_set_change(int cmd, const struct set *s, elemvec *v, uint32_t *count);
int codec_set_flush(const char *name);

struct info { uint32_t abi, gen, nzones, nrules; int state; uint64_t stats[64]; int nstats; uint8_t digest[8]; char *opt, *extra; uint32_t confirm; };
int codec_info(struct info *i);

/* reuse.c */
void codec_reuse(struct model *m, struct model *old);

/* out.c */
void out_json(json_t *j);
void out_json_text(const char *s);
const char *plain(const char *s);
void out_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *col(const char *code);
struct table { VEC(char **) rows; int ncols; bool letters; };
void table_row(struct table *t, int n, char **cells);
void table_stat_row(struct table *t, int n, char **cells, int stats);
void table_print(struct table *t);
int table_width(struct table *t);
int out_width(void);
json_t *jstrs(const strvec *v);
int out_done(void);
#define DEFAULT_CONF "/etc/zonefw/zonefw.conf"

/* commands */
int cmd_apply(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
char *failsafe_why(void);
void failsafe_over(void);
int cmd_dump(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_flush(int argc, char **argv);
int cmd_panic(int argc, char **argv);
int cmd_zone(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_rule(int argc, char **argv);
int cmd_rule_edit(int argc, char **argv);
void added_id(uint32_t id);
int cmd_confirm(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_set(int argc, char **argv);
int show_sets(void);
int cmd_set_edit(int argc, char **argv);
int cmd_help(int argc, char **argv);
int show_nat(struct model *m);
int show_rules(int argc, char **argv, int words);

/* usage.c: arguments; all of them return EX_REFUSED */
int show_drops(struct model *m);
int show_flows(struct model *m);
int cmd_flow(int argc, char **argv);
struct rule *rule_by_id(struct model *m, uint32_t id);
const char *verdict_word(int a);
const char *reason_word(int r);
int cmd_simple(int cmd, int attr, int val);
int usage_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
strvec device_names(void);
int usage_at(const char *word, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int usage_unknown(const char *word, const char *what, char **known, int n);
int usage_no_command(const char *word);
int usage_extra(const char *object, const char *word);
int usage_file(const char *path);
int usage_no_zone(struct model *m, char *name);
bool help_asked(int argc, char **argv);
void typed_set(int argc, char **argv);
struct src *cmdline_src(struct model *m, int argc, char **argv);
int session_cut(struct model *m, struct model *old);
int diff_flows(struct model *m, struct model *old, json_t *out);
extern char **g_argv;
extern int g_argc;
#endif
