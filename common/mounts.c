/*
 * Mounts and says so. See mounts.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "error.h"
#include "mounts.h"

void add_bind(void *target, const char *value)
{
	struct binds *binds = target;
	struct bind *bind = &binds->list[binds->length];
	char *rest = strdup(value);
	char *option;

	if (!rest)
		die("strdup");
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
	if (++binds->length == MOST_BINDS)
		reject("--bind %s: that is one too many", value);
}

static void describe_flags(unsigned long flags, char *text)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} names[] = {
		{ MS_REMOUNT, "|MS_REMOUNT" }, { MS_BIND, "|MS_BIND" },
		{ MS_REC, "|MS_REC" },	       { MS_PRIVATE, "|MS_PRIVATE" },
		{ MS_RDONLY, "|MS_RDONLY" },   { MS_NOSUID, "|MS_NOSUID" },
		{ MS_NODEV, "|MS_NODEV" },     { MS_NOEXEC, "|MS_NOEXEC" },
	};

	strcpy(text, "0");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(flags & names[i].flag))
			continue;
		if (*text == '0')
			strcpy(text, names[i].name + 1);
		else
			strcat(text, names[i].name);
	}
}

/* A pointer argument, in quotation marks unless it is NULL. */
static const char *quote(const char *text, char buffer[PATH_MAX + 3])
{
	if (!text)
		return "NULL";
	snprintf(buffer, PATH_MAX + 3, "\"%s\"", text);
	return buffer;
}

void do_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const char *data)
{
	char names[128], text[3][PATH_MAX + 3];

	describe_flags(flags, names);
	check(mount(source, target, type, flags, data),
	      "mount(%s, \"%s\", %s, %s, %s)", quote(source, text[0]), target,
	      quote(type, text[1]), names, quote(data, text[2]));
}

/*
 * The flags that a mount has must be named again in a remount, or it would lose
 * them. Some cannot be lost, in a user namespace: to leave one out is EPERM,
 * mount_namespaces(7).
 */
static void remount_read_only(const char *path)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs info;

	if (statvfs(path, &info) < 0)
		die("statvfs(\"%s\")", path);
	if (info.f_flag & ST_NOSUID)
		flags |= MS_NOSUID;
	if (info.f_flag & ST_NODEV)
		flags |= MS_NODEV;
	if (info.f_flag & ST_NOEXEC)
		flags |= MS_NOEXEC;
	do_mount(NULL, path, NULL, flags, NULL);
}

/* In /proc/self/mountinfo a blank in a path is "\040", proc(5). */
static void decode_octal(char *path)
{
	char *end = path;

	for (; *path; path++) {
		if (path[0] == '\\' && path[1] && path[2] && path[3]) {
			*end++ = (char)((path[1] - '0') * 64 +
					(path[2] - '0') * 8 + path[3] - '0');
			path += 3;
		} else {
			*end++ = *path;
		}
	}
	*end = '\0';
}

void make_read_only(const char *path)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2 * PATH_MAX], top[PATH_MAX], mounted[PATH_MAX];
	size_t length;

	if (!file)
		die("fopen(\"/proc/self/mountinfo\")");
	if (!realpath(path, top))
		die("realpath(\"%s\")", path);
	length = strlen(top);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %*s %*s %4095s", mounted) != 1)
			continue;
		decode_octal(mounted);
		if (strncmp(mounted, top, length) == 0 &&
		    (mounted[length] == '/' || mounted[length] == '\0'))
			remount_read_only(mounted);
	}
	fclose(file);
}
