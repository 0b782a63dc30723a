/*
 * Mounts and says so. See mounts.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "error.h"
#include "mounts.h"

void add_bind(void *target, const char *value)
{
	struct binds *binds = target;
	char *rest = strdup(value);
	struct bind *bind;
	char *option;

	if (!rest)
		die("strdup");
	if (binds->length == MOST_BINDS)
		reject("--bind %s: more than %d", value, MOST_BINDS);
	bind = &binds->list[binds->length++];
	bind->source = strsep(&rest, ":");
	bind->target = strsep(&rest, ":");
	option = strsep(&rest, ":");
	bind->read_only = option;
	if (!bind->target || rest || (option && strcmp(option, "ro") != 0))
		reject("--bind %s: not SRC:DEST or SRC:DEST:ro", value);
	if (bind->target[0] != '/')
		reject("--bind %s: DEST is not an absolute path", value);
	if (access(bind->source, F_OK) < 0)
		die("--bind %s: SRC", value);
}

static const struct flag_name mount_flags[] = {
	{ MS_REMOUNT, "MS_REMOUNT" },
	{ MS_BIND, "MS_BIND" },
	{ MS_REC, "MS_REC" },
	{ MS_PRIVATE, "MS_PRIVATE" },
	{ MS_RDONLY, "MS_RDONLY" },
	{ MS_NOSUID, "MS_NOSUID" },
	{ MS_NODEV, "MS_NODEV" },
	{ MS_NOEXEC, "MS_NOEXEC" },
	{ MS_NOSYMFOLLOW, "MS_NOSYMFOLLOW" },
	{ 0 },
};

/* A pointer argument as it stands in C. */
static const char *quote(const char *text, char quoted[PATH_MAX])
{
	if (!text)
		return "NULL";
	snprintf(quoted, PATH_MAX, "\"%s\"", text);
	return quoted;
}

void do_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const char *data)
{
	char names[128], text[3][PATH_MAX];

	name_flags(names, flags, mount_flags);
	check(mount(source, target, type, flags, data),
	      "mount(%s, \"%s\", %s, %s, %s)", quote(source, text[0]), target,
	      quote(type, text[1]), names, quote(data, text[2]));
}

/*
 * A remount takes away the flags that it does not name. Those that a user
 * namespace has inherited are locked, mount_namespaces(7): to leave out one of
 * them is EPERM.
 */
static void remount_read_only(const struct mntent *mount)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;

	if (hasmntopt(mount, "nosuid"))
		flags |= MS_NOSUID;
	if (hasmntopt(mount, "nodev"))
		flags |= MS_NODEV;
	if (hasmntopt(mount, "noexec"))
		flags |= MS_NOEXEC;
	if (hasmntopt(mount, "nosymfollow"))
		flags |= MS_NOSYMFOLLOW;
	do_mount(NULL, mount->mnt_dir, NULL, flags, NULL);
}

/* For Linux before 5.12: one mount after the other. */
static void remount_each_read_only(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char *top = realpath(path, NULL);
	struct mntent *mount;
	size_t length;

	if (!mounts || !top)
		die("make \"%s\" read-only", path);
	length = strlen(top);
	while ((mount = getmntent(mounts)) != NULL)
		if (strncmp(mount->mnt_dir, top, length) == 0 &&
		    (mount->mnt_dir[length] == '/' ||
		     mount->mnt_dir[length] == '\0'))
			remount_read_only(mount);
	endmntent(mounts);
	free(top);
}

void make_read_only(const char *path)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	int result = mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &read_only,
				   sizeof(read_only));

	if (result < 0 && errno == ENOSYS)
		remount_each_read_only(path);
	else
		check(result,
		      "mount_setattr(\"%s\", AT_RECURSIVE, MOUNT_ATTR_RDONLY)",
		      path);
}
