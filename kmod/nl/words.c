// SPDX-License-Identifier: GPL-2.0
/*
 * What a string of a message may be. Whatever is shown to people or logged must not be able to
 * forge a line, or to talk to a terminal. Called by the policies of gen.c, which have seen that
 * the string ends within its attribute.
 */
#include <linux/ctype.h>
#include "gen.h"

/**
 * zonefw_name_check() - a name by the language's rule
 * @at: string attribute
 * @extack: refusal
 *
 * Return: 0 for a letter, then letters, digits, _ - and full stops; else -EINVAL with a sentence.
 */
int zonefw_name_check(const struct nlattr *at, struct netlink_ext_ack *extack)
{
	const char *s = nla_data(at);
	bool ok = isalpha(*s);

	for (; *s && ok; s++)	/* the kernel's letters are those of Latin-1 */
		ok = isascii(*s) && (isalnum(*s) || strchr("_-.", *s));
	if (ok)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, at, "not a name: a letter, then letters, digits, _ - .");
	return -EINVAL;
}

static int clean(const struct nlattr *at, bool lines, struct netlink_ext_ack *extack)
{
	const u8 *s = nla_data(at);

	while (*s && ((*s >= ' ' && *s != 0x7f) || (*s == '\n' && lines)))
		s++;
	if (!*s)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, at, "a control character in a text");
	return -EINVAL;
}

/**
 * zonefw_line_check() - text that stands in one line, as a log prefix does
 * @at: string attribute
 * @extack: refusal
 *
 * Return: 0, or -EINVAL with a sentence when it holds a control character.
 */
int zonefw_line_check(const struct nlattr *at, struct netlink_ext_ack *extack)
{
	return clean(at, false, extack);
}

/**
 * zonefw_lines_check() - text of several lines
 * @at: string attribute
 * @extack: refusal
 *
 * Return: 0, or -EINVAL with a sentence when it holds another control character than newlines.
 */
int zonefw_lines_check(const struct nlattr *at, struct netlink_ext_ack *extack)
{
	return clean(at, true, extack);
}
