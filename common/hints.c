/*
 * The hints for what all steps do. See hints.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "error.h"
#include "hints.h"

#define APPARMOR_RESTRICTION "kernel/apparmor_restrict_unprivileged_userns"

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

static const char *look_for_limit(const char *clone)
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
	return describe("a limit is reached, namespaces(7): the lowest is "
			"%ld, in /proc/sys/%s; or there are 32 user "
			"namespaces one in another",
			read_sysctl(lowest), lowest);
}

static const char *look_who_refuses(const char *clone)
{
	struct statx root;

	(void)clone;
	if (read_sysctl("kernel/unprivileged_userns_clone") == 0)
		return "set sysctl kernel.unprivileged_userns_clone to 1";
	if (statx(AT_FDCWD, "/", 0, 0, &root) == 0 &&
	    !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return "nothing is mounted on /, so this is a chroot(2): the "
		       "kernel creates no user namespace in one";
	if (geteuid() == (uid_t)read_sysctl("kernel/overflowuid"))
		return "the caller's own ids must be mapped in the user "
		       "namespace it is in, see /proc/self/uid_map";
	return NULL;
}

static const char *look_for_filter(const char *what)
{
	(void)what;
	if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		return NULL;
	return "a seccomp filter is in force, as in Docker: start that "
	       "container with --security-opt seccomp=unconfined";
}

static const char *give_profile(void)
{
	static char hint[PATH_MAX + 512];
	char path[PATH_MAX] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return NULL;
	snprintf(hint, sizeof(hint),
		 "AppArmor takes the capabilities away, sysctl "
		 "kernel.apparmor_restrict_unprivileged_userns is 1: give "
		 "isolate a profile\n"
		 "echo 'abi <abi/4.0>, profile isolate \"%s\" "
		 "flags=(unconfined) { userns, }' | "
		 "sudo tee /etc/apparmor.d/isolate\n"
		 "sudo apparmor_parser -r /etc/apparmor.d/isolate",
		 describe("%s", path));
	return hint;
}

/*
 * A process can read the profile that confines it: "NAME (enforce)". Ubuntu
 * confines who has made a user namespace, and who is "unconfined" otherwise.
 */
static const char *look_for_apparmor(const char *what)
{
	FILE *file = fopen("/proc/self/attr/apparmor/current", "re");
	bool restricted = read_sysctl(APPARMOR_RESTRICTION) == 1;
	char profile[128] = "";

	if (file) {
		if (fgets(profile, sizeof(profile), file))
			profile[strcspn(profile, "\n")] = '\0';
		fclose(file);
	}
	if (strncmp(what, "execvp(", 7) == 0)
		return NULL;
	if (strncmp(profile, "unprivileged_userns", 19) == 0 ||
	    (restricted && !profile[0]) ||
	    (restricted && strncmp(what, "clone(", 6) == 0))
		return give_profile();
	if (!profile[0] || strstr(profile, "unconfined"))
		return NULL;
	return describe("the AppArmor profile %s confines isolate: it may lack "
			"\"userns,\", \"capability,\" or "
			"flags=(attach_disconnected), see dmesg",
			profile);
}

static const char *look_at_map(const char *write)
{
	bool uids = strstr(write, "uid_map");

	if (!has_capability(uids ? CAP_SETUID : CAP_SETGID))
		return describe("without CAP_SETUID and CAP_SETGID one may "
				"map one id, one's own, here %u and group %u, "
				"user_namespaces(7)",
				geteuid(), getegid());
	if (!has_capability(CAP_SETFCAP))
		return "to map 0 outside takes CAP_SETFCAP, "
		       "user_namespaces(7)";
	return "the OUTSIDE ids must be mapped in the caller's own user "
	       "namespace, see /proc/self/uid_map and gid_map";
}

#define TOO_MANY_HINT                                                       \
	"there are too many processes: see ulimit -u, and pids.max of the " \
	"cgroup"

static const char *look_at_keys(const char *keyctl)
{
	(void)keyctl;
	return describe("each isolate takes a key, and a user may have %ld: "
			"raise /proc/sys/kernel/keys/maxkeys, keyrings(7)",
			read_sysctl("kernel/keys/maxkeys"));
}

/* Of the child's calls: those of the parent are the caller's own affair. */
static const char *look_at_permission(const char *what)
{
	(void)what;
	if (strcmp(reporting.role, "parent") == 0)
		return NULL;
	return "outside, root is one of the ids of the map: that one needs "
	       "search permission on every directory of a path, and execute "
	       "permission on a program";
}

/* The first that fits is printed. */
static const struct hint hints[] = {
	{ "clone(", ENOSPC, NULL, look_for_limit },
	{ "unshare(CLONE_NEWNET)", ENOSPC,
	  "a limit is reached, namespaces(7): this is the second one of two, "
	  "see /proc/sys/user/max_net_namespaces outside",
	  NULL },
	{ "clone(", EPERM, NULL, look_who_refuses },
	{ "clone(", EAGAIN, TOO_MANY_HINT, NULL },
	{ "fork(", EAGAIN, TOO_MANY_HINT, NULL },
	{ "open(\"/proc/sys/net/", EROFS,
	  "/proc/sys is read-only, as in Docker: what the host's end must not "
	  "believe cannot be set, and PROGRAM could redirect the host",
	  NULL },
	{ "write(\"/proc/sys/net/", 0,
	  "without this PROGRAM could redirect the host's traffic", NULL },
	{ "write(\"/proc/", EPERM, NULL, look_at_map },
	{ "write(\"/proc/", EINVAL,
	  "two ranges of a map must not overlap, neither inside nor outside, "
	  "user_namespaces(7)",
	  NULL },
	{ "keyctl(", EDQUOT, NULL, look_at_keys },
	{ "RTM_NEWLINK(", EOPNOTSUPP, "this kernel has no veth: modprobe veth",
	  NULL },
	{ "", EPERM, NULL, look_for_filter },
	{ "", EPERM, NULL, look_for_apparmor },
	{ "", EACCES, NULL, look_for_apparmor },
	{ "", EACCES, NULL, look_at_permission },
	{ 0 }
};

static const struct hint *more_hints = hints;

void add_hints(const struct hint *rows)
{
	more_hints = rows;
}

static const char *find_hint(const struct hint *row, const char *what,
			     int error)
{
	const char *text = NULL;

	for (; row->what && !text; row++)
		if (strncmp(what, row->what, strlen(row->what)) == 0 &&
		    (row->error == error || row->error == 0))
			text = row->look ? row->look(what) : row->text;
	return text;
}

const char *hint_for(const char *what, int error)
{
	const char *text = find_hint(more_hints, what, error);

	return text ? text : find_hint(hints, what, error);
}
