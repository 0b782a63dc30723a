/*
 * A root of PROGRAM's own. See root.h.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/error.h"
#include "../common/process.h"
#include "mounts.h"
#include "root.h"

#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Leads to the old root until that is detached. */
static int old_root;

/* A directory on descriptor 0, 1 or 2 would be a way out of the new root. */
void set_rootfs(void *rootfs, const char *value)
{
	struct stat info;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
			reject("--rootfs: descriptor %d is a directory", fd);
	*(char **)rootfs = realpath(value, NULL);
	if (!*(char **)rootfs)
		die("--rootfs %s", value);
	if (stat(value, &info) < 0)
		die("stat(\"%s\")", value);
	if (!S_ISDIR(info.st_mode))
		reject("--rootfs %s: not a directory", value);
	if (strcmp(*(char **)rootfs, "/") == 0)
		reject("--rootfs %s: that is the root already", value);
}

/*
 * pivot_root(2) wants a mount point, which dir becomes when it is bound to
 * itself. It mounts the old root over the new one.
 */
void pivot_to(const char *dir)
{
	old_root = open("/", O_PATH | O_CLOEXEC);
	check(old_root, "open(\"/\") = %d", old_root);
	do_mount(dir, dir, NULL, MS_BIND | MS_REC, NULL);
	check(chdir(dir), "chdir(\"%s\")", dir);
	check((int)syscall(SYS_pivot_root, ".", "."),
	      "pivot_root(\".\", \".\")");
	make_directory("/proc");
}

/* In a user namespace there is no mknod(2) for devices: the host's are bound.
 */
static void bind_device(const char *name)
{
	char outside[64], inside[64];

	snprintf(outside, sizeof(outside), "/proc/self/fd/%d/dev/%s", old_root,
		 name);
	snprintf(inside, sizeof(inside), "/dev/%s", name);
	check(mknod(inside, S_IFREG, 0), "mknod(\"%s\", S_IFREG)", inside);
	do_mount(outside, inside, NULL, MS_BIND, NULL);
}

static void link_to(const char *target, const char *link)
{
	check(symlink(target, link), "symlink(\"%s\", \"%s\")", target, link);
}

void set_up_dev(void)
{
	static const char *const devices[] = { "null",	 "zero",    "full",
					       "random", "urandom", "tty" };

	make_directory("/dev");
	do_mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		bind_device(devices[i]);
	link_to("pts/ptmx", "/dev/ptmx");
	link_to("/proc/self/fd", "/dev/fd");
	link_to("/proc/self/fd/0", "/dev/stdin");
	link_to("/proc/self/fd/1", "/dev/stdout");
	link_to("/proc/self/fd/2", "/dev/stderr");
	make_directory("/dev/pts");
	make_directory("/dev/shm");
	make_directory("/dev/mqueue");
	do_mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620");
	do_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
		 "mode=1777");
	do_mount("mqueue", "/dev/mqueue", "mqueue",
		 MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

void set_up_sys(void)
{
	make_directory("/sys");
	do_mount("sysfs", "/sys", "sysfs",
		 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

void detach_old_root(void)
{
	check(fchdir(old_root), "fchdir(%d)", old_root);
	check(umount2(".", MNT_DETACH), "umount2(\".\", MNT_DETACH)");
	check(chdir("/"), "chdir(\"/\")");
}

void set_default_path(const char *program)
{
	char path[PATH_MAX];

	if (strchr(program, '/') ||
	    (getenv("PATH") && find_program(program, path)))
		return;
	if (setenv("PATH", DEFAULT_PATH, 1) < 0)
		die("setenv(\"PATH\")");
}
