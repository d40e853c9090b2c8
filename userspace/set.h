/* SPDX-License-Identifier: GPL-2.0 */
/* Named sets as statements hold them; included by model.h. */
#ifndef ZFW_SET_H
#define ZFW_SET_H
struct parser;
#define KIND_SET 2			/* struct zonefw_addr from parse_addr_word(): lo holds a struct set * */
bool set_take(struct model *m, struct set *s, struct tok *t, elemvec *out);
bool set_timeout(struct parser *p, uint32_t *sec);
bool set_has(const struct set *s, int fam, u128 v);
void elems_tidy(elemvec *v);
bool elem_in(const elemvec *v, const struct zonefw_elem *e);
char *elem_text(const elemvec *v, int *i);
char *set_head_text(const struct set *s);
char *set_text(const struct set *s);
char *fmt_duration(uint64_t sec);
#endif
