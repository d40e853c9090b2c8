// SPDX-License-Identifier: GPL-2.0
/* What people write who come from another firewall, and what it is called here: for error messages only. */
#include "ruleparse.h"

#include <ctype.h>

static const struct { const char *word, *here; } words[] = {
	{ "port", "dport" }, { "from", "src" }, { "source", "src" }, { "saddr", "src" },
	{ "destination", "dst" }, { "daddr", "dst" }, { "iif", "in" }, { "iifname", "in" }, { "oif", "out" },
	{ "oifname", "out" }, { "inet", "ipv4" }, { "inet6", "ipv6" }, { "label", "name" }, { "rate", "limit" },
	{ "connlimit", "conns" },
}, actions[] = {
	{ "allow", "accept" }, { "permit", "accept" }, { "pass", "accept" }, { "deny", "drop" }, { "block", "drop" },
	{ "discard", "drop" }, { "dnat", "publish" }, { "rdr", "publish" }, { "forward", "publish" }, { "policy", "default" },
	{ "nat", "masquerade" }, { "count", "continue" }, { "log", "continue log" },
}, statements[] = {
	{ "default", "any -> any { default ... }" }, { "policy", "any -> any { default ... }" },
	{ "masquerade", "FROM -> TO { masquerade }" }, { "nat", "FROM -> TO { masquerade }" },
	{ "allow", "FROM -> TO { accept ... }" }, { "accept", "FROM -> TO { accept ... }" },
	{ "deny", "FROM -> TO { drop ... }" }, { "drop", "FROM -> TO { drop ... }" }, { "block", "FROM -> TO { drop ... }" },
	{ "pass", "FROM -> TO { accept ... }" }, { "rule", "FROM -> TO { ... }" },
};

#define FIND(table, s)						\
	for (int i = 0; i < ARRAY_SIZE(table); i++)		\
		if (!strcmp(table[i].word, s))			\
			return xfmt("; here it is %s", table[i].here)

/* of a word in a rule's place of matches: "; here it is ...", or what it is like of @cand; the others likewise */
const char *foreign_word(const char *s, const strvec *cand)
{
	FIND(words, s);
	if (!strcmp(s, "any") || !strcmp(s, "all"))
		return "; leave it away: a rule without a match is for every packet";
	if (looks_port(s))
		return xfmt("; did you mean 'dport %s'?", s);
	if (looks_addr(s))
		return xfmt("; did you mean 'src %s' or 'dst %s'?", s, s);
	if (icmp_type(1, s) >= 0 || icmp_type(58, s) >= 0)
		return xfmt("; did you mean 'type %s'?", s);
	return suggest(s, cand);
}

const char *foreign_action(const char *s, const strvec *cand)
{
	FIND(actions, s);
	return suggest(s, cand);
}

const char *foreign_statement(const char *s, const strvec *cand)
{
	FIND(statements, s);
	return suggest(s, cand);
}
