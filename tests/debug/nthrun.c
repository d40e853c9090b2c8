// SPDX-License-Identifier: GPL-2.0
/*
 * nthrun N insmod MODULE PARAMETERS    loads a module
 * nthrun N netns                       makes a network namespace, and leaves it
 * with the N-th place of that one call failing (nth.h). Prints "ERRNO LEFT": 0 when the call succeeded, and the places
 * left, 0 when one failed. The exit code is 0 when it could be tried.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include "nth.h"

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned int left;
	int fd = -1, err;

	if (argc == 5 && !strcmp(argv[2], "insmod"))
		fd = open(argv[3], O_RDONLY | O_CLOEXEC);
	if (!n || (fd < 0 && (argc != 3 || strcmp(argv[2], "netns"))))
		return 2;
	errno = 0;
	nth_arm(n);
	if (fd >= 0)
		err = syscall(SYS_finit_module, fd, argv[4], 0) ? errno : 0;
	else
		err = unshare(CLONE_NEWNET) ? errno : 0;
	left = nth_left();
	printf("%d %u\n", err, left);
	return 0;
}
