// SPDX-License-Identifier: GPL-2.0
/* Small parsing: numbers, names, patterns, addresses as numbers, files. */
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <linux/zonefw.h>
#include <stdlib.h>
#include <sys/stat.h>

/* letters put in, left out, changed or swapped with their neighbour */
int edit_distance(const char *a, const char *b)
{
	int la = strlen(a), lb = strlen(b), rows[3][66];

	if (la > 64 || lb > 64)
		return 99;
	for (int j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= la; i++) {
		int *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[la % 3][lb];
}

bool parse_u64(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	return !errno && !*end && end != s && *out <= max;
}

bool name_valid(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > ZONEFW_NAME_MAX || !isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.", *s))
			return false;
	return true;
}

/* UTF-8 without overlong forms and surrogates */
bool utf8_valid(const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		int n = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : (*p & 0xf0) == 0xe0 ? 2 :
			*p >= 0xf0 && *p < 0xf5 ? 3 : -1;

		if (n < 0 || (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
		    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
			return false;
		for (p++; n--; p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* for a terminal: no control characters, and what is not UTF-8 as question marks; changes s */
char *printable(char *s)
{
	bool utf8 = utf8_valid(s);

	for (char *p = s; *p; p++)
		if (((unsigned char)*p < 32 && *p != '\t') || *p == 127 || (*p & 0x80 && !utf8))
			*p = '?';
	return s;
}

bool glob_match(const char *pat, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*pat == '*') {
			star = pat++;
			back = s;
		} else if (*pat == '?' || *pat == *s) {
			pat++;
			s++;
		} else if (star) {
			pat = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*pat == '*')
		pat++;
	return !*pat;
}

u128 load_be(const uint8_t *p, int n)
{
	u128 v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

void store_be(uint8_t *p, int n, u128 v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

char *read_all(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	struct sbuf b = { 0 };
	struct stat st;
	char buf[65536];
	size_t n;

	if (!f)
		return NULL;
	if (!fstat(fileno(f), &st) && S_ISREG(st.st_mode))
		sb_room(&b, (size_t)st.st_size + 1);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sb_putn(&b, buf, n);
	n = ferror(f);
	if (f != stdin)
		fclose(f);
	if (n) {
		errno = errno ? errno : EIO;
		return NULL;
	}
	*len = b.n;
	return sb_str(&b);
}
