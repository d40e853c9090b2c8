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

/* nlsock.c */
typedef void (*reply_fn)(struct nlattr **tb, void *arg);
int nl_connect_zfw(void);
int nl_do(struct nl_msg *msg, reply_fn fn, void *arg);
struct nl_msg *nl_new(int cmd, int flags, size_t size);
int nl_failed(int err);
int nl_listen(const char *group, void (*fn)(int cmd, struct nlattr **tb));
extern char nl_extmsg[512];
extern int nl_badoff, nl_len;
extern struct nlattr *nl_head;

/* codec.c */
struct nl_msg *codec_apply(struct model *m);
struct pos codec_where(struct model *m, struct nl_msg *msg, int off);
struct model *codec_running(int *err);
void codec_reuse(struct model *m, struct model *old);
int codec_cells(struct model *m, void *vec);
int codec_send(struct model *m, uint32_t *gen);
typedef VEC(struct cellstat) cellvec;

struct info { uint32_t abi, gen, nzones, nrules; int state; uint64_t stats[64]; int nstats; uint8_t digest[8]; char *opt, *extra; };
int codec_info(struct info *i);
struct zone *zone_by_id(struct model *m, int id);
const char *zone_name(struct model *m, int id);

/* out.c */
void out_json(json_t *j);
void out_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *col(const char *code);
struct table { VEC(char **) rows; int ncols; };
void table_row(struct table *t, int n, char **cells);
void table_print(struct table *t);
json_t *jstrs(const strvec *v);

/* commands */
int cmd_apply(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
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
int cmd_later(int argc, char **argv);
int cmd_help(int argc, char **argv);
int show_rules(struct model *m, struct parser *filter);
int usage_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct src *cmdline_src(struct model *m, int argc, char **argv);
int own_session_cut(struct model *m);
extern struct src *cmdline_src_global;
extern char **g_argv;
extern int g_argc;
#endif
