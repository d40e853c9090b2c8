// SPDX-License-Identifier: GPL-2.0
/* confirm and rollback: the two ends of apply --confirm. */
#include "cmd.h"

static int end(int argc, char **argv, int cmd)
{
	return argc > 1 ? usage_extra(argv[0], argv[1]) : cmd_simple(cmd, 0, 0);
}

int cmd_confirm(int argc, char **argv)
{
	return end(argc, argv, ZONEFW_CMD_CONFIRM);
}

int cmd_rollback(int argc, char **argv)
{
	return end(argc, argv, ZONEFW_CMD_ROLLBACK);
}
