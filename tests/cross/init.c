// SPDX-License-Identifier: GPL-2.0
/* The only program of the guest: loads the module that has the unit tests in it, runs them, and powers off. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int tests(void)
{
	int fd = open("/zonefw.ko", O_RDONLY);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
		perror("not ok the module loads");
		return 1;
	}
	close(fd);
	fd = open("/sys/module/zonefw/parameters/kunit", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1) {
		perror("not ok the suites run");
		return 1;
	}
	close(fd);
	if (syscall(SYS_delete_module, "zonefw", O_NONBLOCK)) {
		perror("not ok the module goes");
		return 1;
	}
	return 0;
}

int main(void)
{
	int fd;

	mkdir("/sys", 0755);
	mkdir("/proc", 0755);
	mount("sysfs", "/sys", "sysfs", 0, "");
	mount("proc", "/proc", "proc", 0, "");
	fd = open("/dev/console", O_RDWR);
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
	}
	if (!tests())
		dprintf(1, "ZONEFW-GUEST-DONE\n");
	sync();
	sleep(1);	/* for the console */
	reboot(RB_POWER_OFF);
	return 0;
}
