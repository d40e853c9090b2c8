/* SPDX-License-Identifier: GPL-2.0 */
/* From words to the model: values, statements, rules. Included by model.h, whose structs it fills. */
#ifndef ZFW_PARSE_H
#define ZFW_PARSE_H
/* parse_val.c */
bool parse_addr_word(struct model *m, struct tok *t, addrvec *out, struct sbuf *text);
bool parse_port_word(struct model *m, struct tok *t, prvec *out, struct sbuf *text);
bool parse_net(struct model *m, struct tok *t, struct zonefw_net *n);
void lets_keep(struct model *m);
void lets_check(struct model *m);
bool looks_addr(const char *s);
bool looks_port(const char *s);
int port_by_name(const char *s);
const char *foreign_word(const char *s, const strvec *cand);
const char *foreign_action(const char *s, const strvec *cand);
const char *foreign_statement(const char *s, const strvec *cand);
bool parse_ip(const char *s, int *family, u128 *v);
char *fmt_ip(int family, u128 v);
void sb_ip(struct sbuf *b, int family, u128 v);
char *fmt_net(const struct zonefw_net *n);
bool parse_duration(const char *s, uint64_t *sec);
bool parse_rate(const char *s, uint32_t *n, uint32_t *per);
int proto_number(const char *s);
const char *proto_meant(const char *s);
const char *type_meant(const char *s);
const char *proto_name(int n);
int icmp_type(int proto, const char *s);
bool service_boxes(struct model *m, struct service *s, l4vec *out);
struct zonefw_l4 l4_full(int proto);
bool nest_enter(struct model *m, struct pos pos, const char *kind, const char *name, bool busy);

/* parser.c, parse_rule.c */
struct parser { struct model *m; struct lexer lx; int pass; bool builtin; struct pos stmt; };
bool parse_file(struct model *m, const char *path);
bool parse_text(struct model *m, const char *name, const char *text);
struct rule *parse_rule(struct parser *p);
struct rule *parse_match(struct parser *p, bool times);
void parse_celldef(struct parser *p, struct cell *c);
bool parse_cell_options(struct parser *p, struct cell *c);
bool parse_zone_body(struct parser *p, struct zone *z, bool braces);
bool zone_list(struct parser *p, zrefvec *out);
void pnext(struct parser *p);
bool pword(struct parser *p, const char *w);
bool pend(struct parser *p);
void perr(struct parser *p, const char *what);
bool parse_packet(struct parser *p, struct pkt *k);
bool set_head(struct parser *p, struct set *s);
bool set_list(struct parser *p, struct set *s, elemvec *out);
bool parse_services(struct model *m);
bool l4_restrict(struct parser *p, struct rule *r, struct pos pos);
struct rule *parse_rule_text(struct model *m, const char *from, const char *to, const char *text);
void parser_open(struct parser *p, struct model *m, struct src *s);
#endif
