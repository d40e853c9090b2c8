/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files that parse statements. */
#ifndef ZFW_STMT_H
#define ZFW_STMT_H
#include "model.h"

bool at_word(struct parser *p, const char *w);
bool open_block(struct parser *p);
bool block(struct parser *p, struct pos start, bool (*one)(struct parser *, void *), void *arg);
bool list_more(struct parser *p);
bool st_let(struct parser *p);
bool st_zone(struct parser *p);
bool st_set(struct parser *p);
bool st_service(struct parser *p);
bool option_line(struct parser *p, void *arg);
bool st_assert(struct parser *p);
bool st_cell(struct parser *p);
bool statement(struct parser *p);
bool before_arrow(const struct parser *p);
#endif
