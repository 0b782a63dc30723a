/*
 * Subordinate ids. See subids.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/caps.h"
#include "../common/error.h"
#include "spawn.h"
#include "subids.h"

static void append_range(struct id_map *map, unsigned long start,
			 unsigned long count)
{
	struct id_range *last = &map->ranges[map->length];

	if (start == 0 || count == 0 || start > UINT32_MAX ||
	    count > UINT32_MAX - start)
		return;
	for (struct id_range *range = map->ranges; range < last; range++)
		if (start < (unsigned long)range->outside + range->count &&
		    range->outside < start + count)
			reject("--map-auto: %lu:%lu and %u:%u overlap, "
			       "subuid(5)",
			       start, count, range->outside, range->count);
	if (map->length == MOST_RANGES)
		reject("--map-auto: more than %d ranges", MOST_RANGES);
	last->inside = map->length ? last[-1].inside + last[-1].count : 0;
	last->outside = (unsigned int)start;
	last->count = (unsigned int)count;
	map->length++;
}

/* Appends what getsubids(1) prints: "0: user 100000 65536", a line a range. */
static void append_ranges(struct id_map *map, bool uids, const char *user)
{
	char *for_uids[] = { "getsubids", (char *)user, NULL };
	char *for_gids[] = { "getsubids", "-g", (char *)user, NULL };
	unsigned long start_id, count;
	int ends[2];
	pid_t child;
	FILE *lines;

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe2(O_CLOEXEC)");
	child = start_program(uids ? for_uids : for_gids, ends[1]);
	close(ends[1]);
	lines = fdopen(ends[0], "r");
	if (!lines)
		die("fdopen(%d)", ends[0]);
	/* Root, and ids that cannot be, are left out. */
	while (fscanf(lines, "%*u: %*s %lu %lu", &start_id, &count) == 2)
		append_range(map, start_id, count);
	if (ferror(lines))
		die("read from getsubids");
	fclose(lines);
	/* ECHILD: the caller ignores SIGCHLD. What counts is what it printed.
	 */
	if (waitpid(child, NULL, 0) < 0 && errno != ECHILD)
		die("waitpid(%d)", child);
}

/* As subuid(5) knows the user: by name, or else by number. */
static const char *name_of(uid_t uid)
{
	static char number[16];
	const struct passwd *entry;

	errno = 0;
	entry = getpwuid(uid);
	if (entry)
		return entry->pw_name;
	/* These mean that there is no such user, getpwuid(3). */
	if (errno != 0 && errno != ENOENT && errno != ESRCH)
		die("getpwuid(%u)", uid);
	snprintf(number, sizeof(number), "%u", uid);
	return number;
}

void subordinate_id_map(struct id_map *map, const char *file)
{
	bool uids = strcmp(file, "uid_map") == 0, is_root = geteuid() == 0;
	unsigned int own = uids ? geteuid() : getegid();
	unsigned int person =
		is_root ? sudo_id(uids ? "SUDO_UID" : "SUDO_GID") : own;
	uid_t uid = is_root ? sudo_id("SUDO_UID") : geteuid();
	const char *name = name_of(uid);
	size_t length;

	if (map->length > 0)
		reject("--map-auto: not with --uid-map or --gid-map");
	append_range(map, person, 1);
	length = map->length;
	append_ranges(map, uids, name);
	if (map->length == length)
		reject("--map-auto: user %s has no subordinate %s ids: "
		       "getsubids(1) reads none in %s, NAME:FIRST:COUNT",
		       name, uids ? "user" : "group",
		       uids ? "subuid(5)" : "subgid(5)");
}

/* The map as arguments: newuidmap PID INSIDE OUTSIDE COUNT... */
static void run_helper(const char *helper, pid_t pid, const char *map)
{
	char pid_text[16], map_copy[MAP_SIZE];
	char *arguments[2 + 3 * MOST_RANGES + 1] = { (char *)helper, pid_text };
	char **next = arguments + 2;
	pid_t child;
	int status;

	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	for (char *word = strtok(strcpy(map_copy, map), " \n"); word;
	     word = strtok(NULL, " \n"))
		*next++ = word;
	child = start_program(arguments, -1);
	if (waitpid(child, &status, 0) < 0)
		die("waitpid(%d)", child);
	errno = EPERM; /* it has said why */
	check(status == 0 ? 0 : -1, "%s %d \"%s\"", helper, pid, map);
}

bool needs_helper(const struct id_map *map)
{
	return geteuid() != 0 && !has_capability(CAP_SETUID) &&
	       (map->length > 1 || map->ranges[0].count > 1);
}

void write_subordinate_map(pid_t child, const char *file,
			   const struct id_map *map)
{
	bool uids = strcmp(file, "uid_map") == 0;
	char text[MAP_SIZE];

	format_id_map(text, map);
	if (has_capability(uids ? CAP_SETUID : CAP_SETGID))
		write_id_map(child, file, map);
	else
		run_helper(uids ? "newuidmap" : "newgidmap", child, text);
}
