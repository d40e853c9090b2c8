/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that lives as long as the process, vectors, string buffers. */
#ifndef ZFW_UTIL_H
#define ZFW_UTIL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;

#define VEC(T) struct { T *v; int n, cap; }
#define PUSH(vec, x) do {						\
	if ((vec).n == (vec).cap)					\
		(vec).v = vec_grow((vec).v, &(vec).cap, sizeof(*(vec).v)); \
	(vec).v[(vec).n++] = (x);					\
} while (0)
#define ARRAY_SIZE(a) (int)(sizeof(a) / sizeof((a)[0]))

struct sbuf { char *s; size_t n, cap; };

/* mem.c */
_Noreturn void no_memory(void);
void *xalloc(size_t n);
void mem_forget(void);
void *vec_grow(void *old, int *cap, size_t size);
char *xstrndup(const char *s, size_t n);
char *xstrdup(const char *s);
char *xcat(const char *a, const char *b, const char *c);
char *xfmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sb_room(struct sbuf *b, size_t more);
void sb_putn(struct sbuf *b, const char *s, size_t n);
void sb_put(struct sbuf *b, const char *s);
void sb_num(struct sbuf *b, unsigned long long v);
char *xnum(unsigned long long v);
void sb_fmt(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sb_sep(struct sbuf *b);
void sb_item(struct sbuf *b, const char *s);
void sb_json(struct sbuf *b, const char *key, const char *s);
char *sb_str(struct sbuf *b);

/* util.c */
int edit_distance(const char *a, const char *b);
bool parse_u64(const char *s, uint64_t max, uint64_t *out);
bool name_valid(const char *s);
bool utf8_valid(const char *s);
char *printable(char *s);
bool glob_match(const char *pat, const char *s);
u128 load_be(const uint8_t *p, int n);
void store_be(uint8_t *p, int n, u128 v);
char *read_all(const char *path, size_t *len);
#endif
