/*
 * The hints for what step 6 does. See common/hints.h.
 */
#include <errno.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "../common/error.h"
#include "hints.h"
#include "interpreter.h"

#define PACKAGE_HINT \
	"getsubids, newuidmap and newgidmap are in Debian's package uidmap"
#define BIND_HINT                                                             \
	"DEST of --bind must be there, a directory if SRC is one and a file " \
	"if not"

/* Most hosts mount this. It hides nothing: below is an empty directory. */
#define BINFMT_MISC "/proc/sys/fs/binfmt_misc"

/* Finds the first mount point below /proc. */
static bool find_mount_in_proc(char found[256])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount = NULL;

	if (!mounts)
		return false;
	while ((mount = getmntent(mounts)) != NULL)
		if (strncmp(mount->mnt_dir, "/proc/", 6) == 0 &&
		    strcmp(mount->mnt_dir, BINFMT_MISC) != 0)
			break;
	if (mount)
		snprintf(found, 256, "%s", mount->mnt_dir);
	endmntent(mounts);
	return mount;
}

static const char *look_for_mask(const char *mount)
{
	char path[256];

	(void)mount;
	if (!find_mount_in_proc(path))
		return NULL;
	return describe("%s is mounted over, as in Docker: the kernel refuses "
			"a new /proc, which would show what is below it",
			path);
}

static const char *look_at_helper(const char *command)
{
	(void)command;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return "no_new_privs is set on the caller, so newuidmap and "
		       "newgidmap get no privilege, prctl(2)";
	return "/etc/subuid and /etc/subgid must give the caller these ids, "
	       "subuid(5)";
}

const struct hint runtime_hints[] = {
	{ "getsubids ", ENOENT, PACKAGE_HINT, NULL },
	{ "newuidmap ", ENOENT, PACKAGE_HINT, NULL },
	{ "newgidmap ", ENOENT, PACKAGE_HINT, NULL },
	{ "new", EPERM, NULL, look_at_helper },
	{ "execvp(", ENOENT, NULL, look_for_interpreter },
	{ "mount(\"proc\"", EPERM, NULL, look_for_mask },
	{ "mount(\"sysfs\"", EPERM,
	  "part of /sys may be mounted over, as in Docker: a new one would "
	  "show what is below, and is refused",
	  NULL },
	{ "move_mount(", ENOENT, BIND_HINT, NULL },
	{ "move_mount(", ENOTDIR, BIND_HINT, NULL },
	{ "move_mount(", EINVAL, BIND_HINT, NULL },
	{ 0 }
};
