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
	if (bind->target[strspn(bind->target, "/")] == '\0')
		reject("--bind %s: for another root there is --rootfs", value);
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

/*
 * For Linux before 5.12: one mount after the other. What is listed before the
 * last mount on path is covered by that.
 */
static void remount_each_read_only(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	size_t length = strlen(path), top = 0;
	struct mntent *mount;

	if (!mounts)
		die("setmntent(\"/proc/self/mounts\")");
	for (size_t i = 0; (mount = getmntent(mounts)) != NULL; i++)
		if (strcmp(mount->mnt_dir, path) == 0)
			top = i;
	rewind(mounts);
	for (size_t i = 0; (mount = getmntent(mounts)) != NULL; i++)
		if (i >= top && strncmp(mount->mnt_dir, path, length) == 0 &&
		    (mount->mnt_dir[length] == '/' ||
		     mount->mnt_dir[length] == '\0'))
			remount_read_only(mount);
	endmntent(mounts);
}

/*
 * The path is not looked up again: on the way, somebody may have put something
 * else there. That was CVE-2021-30465.
 */
void make_read_only(int fd)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	char link[64], path[PATH_MAX] = "";
	int result = mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE,
				   &read_only, sizeof(read_only));

	if (result < 0 && errno == ENOSYS) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, path, sizeof(path) - 1) < 0)
			die("readlink(\"%s\")", link);
		remount_each_read_only(path);
		return;
	}
	check(result, "mount_setattr(%d, AT_RECURSIVE, MOUNT_ATTR_RDONLY)", fd);
}
