/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's fail-nth: the n-th place where this task could meet a failing allocation (or copy from or to user space)
 * fails, once. What arms and looks is a system call itself and may be what fails; that is told apart here.
 */
#ifndef NTH_H
#define NTH_H
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int nth_fd = -1;

static inline void nth_arm(unsigned int n)
{
	char b[16];
	int saved = errno;

	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	snprintf(b, sizeof(b), "%u", n);
	if (nth_fd < 0 || pwrite(nth_fd, b, strlen(b), 0) < 0) {
		perror("fail-nth");
		_exit(99);
	}
	errno = saved;
}

/* How many places are left before the one that fails; 0: one has failed. Switches it off. */
static inline unsigned int nth_left(void)
{
	char b[16] = "";
	int saved = errno;
	ssize_t n = pread(nth_fd, b, sizeof(b) - 1, 0);
	unsigned int left = n < 0 ? 1 : strtoul(b, NULL, 10);	/* this look met it: it was the next place */

	while (pwrite(nth_fd, "0", 1, 0) < 0 && errno == EFAULT)
		;
	errno = saved;
	return left;
}
#endif
