// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a program: fail-nth is on only inside its socket calls, so that it meets what the kernel does for a
 * request, and no page of the program itself. NTH: the place, counted over all calls; NTH_OUT: a file for "LEFT CALL",
 * the places left and the call that met it. With NTH_QUIT the program ends where it would wait for something to come.
 * With NTH_TASK the whole process is one whose allocations fail by the odds of failslab and fail_page_alloc.
 * NL_RECORD: a file that the program's own messages are appended to (its questions to the controller go by sendmsg).
 */
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "nth.h"

static unsigned int left;
static const char *met = "-";
static bool counts;

static void __attribute__((constructor)) begin(void)
{
	const char *n = getenv("NTH");
	int fd = getenv("NTH_TASK") ? open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		if (write(fd, "1", 1) < 0)
			perror("make-it-fail");
		close(fd);
	}
	counts = n && *n;
	if (counts)
		left = strtoul(n, NULL, 10);
}

static void __attribute__((destructor)) end(void)
{
	const char *out = getenv("NTH_OUT");
	FILE *f = counts && out ? fopen(out, "w") : NULL;

	if (f) {
		fprintf(f, "%u %s\n", left, met);
		fclose(f);
	}
}

static void on(void)
{
	if (left)
		nth_arm(left);
}

static long off(const char *call, long ret)
{
	if (!left)
		return ret;
	left = nth_left();	/* keeps errno */
	if (!left)
		met = call;
	return ret;
}

static void stay(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	if (getenv("NTH_QUIT") && !poll(&p, 1, 100))
		exit(0);
}

static void record(const void *b, size_t n)
{
	const char *name = getenv("NL_RECORD");
	FILE *f = name ? fopen(name, "a") : NULL;

	if (f) {
		fwrite(b, n, 1, f);
		fclose(f);
	}
}

ssize_t send(int fd, const void *b, size_t n, int flags)
{
	record(b, n);
	on();
	return off("send", syscall(SYS_sendto, fd, b, n, flags, NULL, 0));
}

ssize_t sendto(int fd, const void *b, size_t n, int flags, const struct sockaddr *to, socklen_t len)
{
	on();
	return off("send", syscall(SYS_sendto, fd, b, n, flags, to, len));
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	on();
	return off("sendmsg", syscall(SYS_sendmsg, fd, m, flags));
}

ssize_t recv(int fd, void *b, size_t n, int flags)
{
	stay(fd);
	on();
	return off("recv", syscall(SYS_recvfrom, fd, b, n, flags, NULL, NULL));
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	on();
	return off("recvmsg", syscall(SYS_recvmsg, fd, m, flags));
}

int setsockopt(int fd, int level, int name, const void *v, socklen_t len)
{
	on();
	return off("setsockopt", syscall(SYS_setsockopt, fd, level, name, v, len));
}
