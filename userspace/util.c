// SPDX-License-Identifier: GPL-2.0
/* Small parsing: numbers, names, patterns, addresses as numbers, files. */
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <linux/zonefw.h>
#include <stdlib.h>
#include <sys/stat.h>

int edit_distance(const char *a, const char *b)
{
	int la = strlen(a), lb = strlen(b), row[66];

	if (la > 64 || lb > 64)
		return 99;
	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		int diag = row[0];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int up = row[j], best = diag + (a[i - 1] != b[j - 1]);

			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diag = up;
			row[j] = best;
		}
	}
	return row[lb];
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
