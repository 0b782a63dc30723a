/*
 * Mounts and says so. See mounts.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../common/error.h"
#include "mounts.h"

static const struct flag_name mount_flags[] = {
	{ MS_BIND, "MS_BIND" },	      { MS_REC, "MS_REC" },
	{ MS_PRIVATE, "MS_PRIVATE" }, { MS_RDONLY, "MS_RDONLY" },
	{ MS_NOSUID, "MS_NOSUID" },   { MS_NODEV, "MS_NODEV" },
	{ MS_NOEXEC, "MS_NOEXEC" },   { 0 },
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

void make_directory(const char *path)
{
	struct stat info;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die("mkdir(\"%s\")", path);
	if (lstat(path, &info) < 0)
		die("lstat(\"%s\")", path);
	if (!S_ISDIR(info.st_mode))
		reject("%s: not a directory", path);
}
