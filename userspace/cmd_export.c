// SPDX-License-Identifier: GPL-2.0
/*
 * export: the running policy as a file, unless it is the failsafe policy that packaging/boot
 * put in force because the file was wrong: saved over the file, it would hide the mistake.
 */
#include "cmd.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILSAFE_MARK "/run/zonefw/failsafe"	/* the network namespace's inode, and a line that says why */

/* Why the failsafe policy is in force in this namespace; NULL: it is not. */
char *failsafe_why(void)
{
	FILE *f = fopen(FAILSAFE_MARK, "r");
	unsigned long long inode = 0;
	char line[256] = "";
	struct stat st;
	int n;

	if (!f)
		return NULL;
	n = fscanf(f, "%20llu\n%255[^\n]", &inode, line);
	fclose(f);
	if (n < 1 || stat("/proc/self/ns/net", &st) || st.st_ino != inode)
		return NULL;
	return printable(xstrdup(line));
}

/* Another policy was applied: the mark has served. */
void failsafe_over(void)
{
	if (failsafe_why())
		unlink(FAILSAFE_MARK);
}

int cmd_export(int argc, char **argv)
{
	bool force = argc == 2 && !strcmp(argv[1], "--force");
	const char *why = failsafe_why();
	struct model *m;
	int err;

	if (argc > 1 + force)
		return usage_extra("export", argv[1 + force]);
	if (why && !force) {
		fprintf(stderr, "zonefw: error: this is the failsafe policy, in force because of\n%s\n"
			"Mend the file and apply it, or export --force.\n", why);
		return EX_REFUSED;
	}
	m = codec_saved(&err);
	if (!m)
		return err;
	if (g.json)
		out_json(json_pack("{s:s}", "policy", model_text(m)));
	else
		out_text("%s", model_text(m));
	return 0;
}
