/*
 * Hints: the known causes of failures, and what to do about each. What failed
 * is known from the error message, which is in the notation of the system call.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "caps.h"
#include "error.h"

/* Most hosts mount this. It hides nothing: below is an empty directory. */
#define BINFMT_MISC "/proc/sys/fs/binfmt_misc"
#define APPARMOR_SYSCTL "kernel/apparmor_restrict_unprivileged_userns"

static __attribute__((format(printf, 1, 2))) void hint(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "hint: %s\n", text);
}

/* The number in /proc/sys/NAME, or -1 if there is no such file. */
static long read_sysctl(const char *name)
{
	char path[128];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/*
 * Finds the first mount point that begins with a path, or, where whole is true,
 * is that path.
 */
static bool find_mount_point(const char *path, bool whole, char found[256])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	size_t length = strlen(path) + whole; /* with its final null byte? */
	struct mntent *mount = NULL;

	if (!mounts)
		return false;
	while ((mount = getmntent(mounts)) != NULL)
		if (strncmp(mount->mnt_dir, path, length) == 0 &&
		    strcmp(mount->mnt_dir, BINFMT_MISC) != 0)
			break;
	if (mount)
		snprintf(found, 256, "%s", mount->mnt_dir);
	endmntent(mounts);
	return mount;
}

static void hint_limit_reached(const char *clone)
{
	static const char *const limits[][2] = {
		{ "CLONE_NEWUSER", "user/max_user_namespaces" },
		{ "CLONE_NEWUTS", "user/max_uts_namespaces" },
		{ "CLONE_NEWIPC", "user/max_ipc_namespaces" },
		{ "CLONE_NEWNET", "user/max_net_namespaces" },
		{ "CLONE_NEWPID", "user/max_pid_namespaces" },
		{ "CLONE_NEWNS", "user/max_mnt_namespaces" },
	};
	const char *lowest = limits[0][1];

	for (size_t i = 1; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strstr(clone, limits[i][0]) &&
		    read_sysctl(limits[i][1]) < read_sysctl(lowest))
			lowest = limits[i][1];
	hint("a limit is reached, namespaces(7): the lowest is %ld, in "
	     "/proc/sys/%s; or there are 32 user namespaces one in another",
	     read_sysctl(lowest), lowest);
}

static void hint_userns_refused(void)
{
	char path[256];

	if (read_sysctl("kernel/unprivileged_userns_clone") == 0)
		hint("set sysctl kernel.unprivileged_userns_clone to 1");
	else if (!find_mount_point("/", true, path))
		hint("nothing is mounted on /, so this is a chroot(2): the "
		     "kernel creates no user namespace in one");
	else if (prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER)
		hint("a seccomp filter is in force, as in Docker: start that "
		     "container with --security-opt seccomp=unconfined");
	else
		hint("the caller's own ids must be mapped in the user "
		     "namespace it is in, see /proc/self/uid_map and gid_map");
}

static void hint_map_refused(const char *write)
{
	cap_value_t needed = strstr(write, "uid_map") ? CAP_SETUID : CAP_SETGID;

	if (has_capability(needed) && !has_capability(CAP_SETFCAP))
		hint("to map 0 outside takes CAP_SETFCAP, user_namespaces(7)");
	else if (has_capability(needed))
		hint("the OUTSIDE ids must be mapped in the caller's own user "
		     "namespace, see /proc/self/uid_map and gid_map");
	else
		hint("without CAP_SETUID and CAP_SETGID one may map one id, "
		     "one's own, here %u and group %u, user_namespaces(7)",
		     geteuid(), getegid());
}

static void hint_proc_masked(void)
{
	char path[256];

	if (find_mount_point("/proc/", false, path))
		hint("%s is mounted over, as in Docker: the kernel refuses a "
		     "new /proc, which would show what is below it",
		     path);
}

void print_hint(const char *what, int error)
{
	bool clone = strncmp(what, "clone(", 6) == 0;
	bool map = strncmp(what, "write(\"/proc/", 13) == 0;
	bool proc = strncmp(what, "mount(\"proc\"", 12) == 0;
	bool sys = strncmp(what, "mount(\"sysfs\"", 13) == 0;
	bool bind = strncmp(what, "move_mount(", 11) == 0;
	bool link = strncmp(what, "RTM_NEWLINK(", 12) == 0;
	bool key = strncmp(what, "keyctl(", 7) == 0;
	bool helper = strncmp(what, "new", 3) == 0;
	bool exec = strncmp(what, "execvp(", 7) == 0;
	bool refused = error == EPERM || error == EACCES;

	if (clone && error == ENOSPC)
		hint_limit_reached(what);
	else if (clone && error == EPERM)
		hint_userns_refused();
	else if (refused && !exec && read_sysctl(APPARMOR_SYSCTL) == 1)
		hint("AppArmor takes the capabilities away, sysctl "
		     "kernel.apparmor_restrict_unprivileged_userns is 1: set "
		     "it to 0, or give isolate a profile, see README.md");
	else if (map && error == EPERM)
		hint_map_refused(what);
	else if (map && error == EINVAL)
		hint("two ranges of a map must not overlap, neither inside nor "
		     "outside, user_namespaces(7)");
	else if (helper && error == ENOENT)
		hint("newuidmap and newgidmap are in Debian's package uidmap");
	else if (helper)
		hint("/etc/subuid and /etc/subgid must give the caller these "
		     "ids, subuid(5)");
	else if (proc && error == EPERM)
		hint_proc_masked();
	else if (sys && error == EPERM)
		hint("part of /sys may be mounted over, as in Docker: a new "
		     "one would show what is below, and is refused");
	else if (bind && error != EACCES)
		hint("DEST of --bind must be there, a directory if SRC is one "
		     "and a file if not");
	else if (link && error == EOPNOTSUPP)
		hint("this kernel has no veth: modprobe veth");
	else if (key && error == EDQUOT)
		hint("each isolate takes a key, and a user may have %ld: raise "
		     "/proc/sys/kernel/keys/maxkeys, keyrings(7)",
		     read_sysctl("kernel/keys/maxkeys"));
	else if (error == EACCES && strchr(what, '(')) /* the child's */
		hint("outside, root is one of the ids of the map: that one "
		     "needs search permission on every directory of a path, "
		     "and execute permission on a program");
}
