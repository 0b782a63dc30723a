/*
 * Reads, makes up and writes id maps. See idmap.h.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "error.h"
#include "idmap.h"

enum { MAP_SIZE = MOST_RANGES * sizeof("4294967295 4294967295 4294967295") };

/* What differs between user ids and group ids. */
static const struct id_kind {
	const char *file;
	const char *own_map;
	const char *subordinate;
	const char *sudo_variable;
	const char *helper;
	cap_value_t capability;
	unsigned int (*own_id)(void);
} kinds[] = {
	{ "uid_map", "/proc/self/uid_map", "/etc/subuid", "SUDO_UID",
	  "newuidmap", CAP_SETUID, geteuid },
	{ "gid_map", "/proc/self/gid_map", "/etc/subgid", "SUDO_GID",
	  "newgidmap", CAP_SETGID, getegid },
};

static const struct id_kind *kind_of(const char *file)
{
	return strcmp(file, kinds[0].file) == 0 ? &kinds[0] : &kinds[1];
}

/*
 * Reads a decimal number and the character behind it. strtoul(3) alone would
 * take signs and blanks too.
 */
static bool read_number(const char **text, unsigned int *number, char behind)
{
	char *end;
	unsigned long long value;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	value = strtoull(*text, &end, 10);
	if (errno || value > UINT32_MAX || *end != behind)
		return false;
	*number = (unsigned int)value;
	*text = end + 1;
	return true;
}

/* The last id of all, 4294967295, is (uid_t)-1 and means "no id". */
static bool in_range(unsigned int first, unsigned int count)
{
	return count <= UINT32_MAX - first;
}

void add_id_range(void *target, const char *value)
{
	struct id_map *map = target;
	struct id_range range;
	const char *text = value;

	if (!read_number(&text, &range.inside, ':') ||
	    !read_number(&text, &range.outside, ':') ||
	    !read_number(&text, &range.count, '\0'))
		reject("id map \"%s\": not INSIDE:OUTSIDE:COUNT", value);
	if (range.count == 0)
		reject("id map \"%s\": COUNT is 0", value);
	if (!in_range(range.inside, range.count) ||
	    !in_range(range.outside, range.count))
		reject("id map \"%s\": ids end at 4294967294", value);
	if (map->length == MOST_RANGES)
		reject("id map \"%s\": more than %d ranges", value,
		       MOST_RANGES);
	map->ranges[map->length++] = range;
}

/* The range of plain root where nothing else is said. */
enum { DEFAULT_START = 100000, DEFAULT_COUNT = 65536 };

static void append(struct id_map *map, unsigned int outside, unsigned int count)
{
	struct id_range *last = &map->ranges[map->length];
	unsigned int inside =
		map->length ? last[-1].inside + last[-1].count : 0;

	*last = (struct id_range){ inside, outside, count };
	map->length++;
}

/*
 * Appends the ranges that a file in the format of subuid(5), USER:START:COUNT,
 * has for the user, by name or by id: all or the first. Says if there is one. A
 * range that cannot be is passed over, and one that holds root too.
 */
static bool append_subordinate(struct id_map *map, const char *path, uid_t user,
			       bool all)
{
	const struct passwd *entry = getpwuid(user);
	unsigned int start, count;
	FILE *file = fopen(path, "re");
	char line[256], id[16];

	snprintf(id, sizeof(id), "%u", user);
	while (file && fgets(line, sizeof(line), file) &&
	       map->length < MOST_RANGES && (all || !map->subordinate)) {
		const char *name = strtok(line, ":");
		const char *text = strtok(NULL, "\n");

		if (!name || !text ||
		    (strcmp(name, id) != 0 &&
		     (!entry || strcmp(name, entry->pw_name) != 0)))
			continue;
		if (!read_number(&text, &start, ':') || start == 0 ||
		    !read_number(&text, &count, '\0') || count == 0 ||
		    !in_range(start, count))
			continue;
		append(map, start, count);
		map->subordinate = true;
	}
	if (file)
		fclose(file);
	return map->subordinate;
}

/* Says if the user namespace that we are in has all these ids. */
static bool exists_here(const char *own_map, const struct id_range *range)
{
	unsigned int inside, outside, count;
	FILE *file = fopen(own_map, "re");
	bool found = false;

	if (!file)
		die("fopen(\"%s\")", own_map);
	while (!found &&
	       fscanf(file, "%u %u %u", &inside, &outside, &count) == 3)
		found = range->outside >= inside && range->count <= count &&
			range->outside - inside <= count - range->count;
	fclose(file);
	return found;
}

/* The id of the person behind sudo, or 0. */
static unsigned int sudo_id(const char *variable)
{
	const char *text = getenv(variable);
	unsigned int id;

	return text && read_number(&text, &id, '\0') ? id : 0;
}

void default_id_map(struct id_map *map, const char *file, bool all)
{
	const struct id_kind *kind = kind_of(file);
	bool is_root = geteuid() == 0;
	unsigned int id =
		is_root ? sudo_id(kind->sudo_variable) : kind->own_id();
	bool is_plain_root = is_root && id == 0;
	uid_t user = is_root ? sudo_id("SUDO_UID") : geteuid();

	if (map->length > 0)
		return;
	if (!is_plain_root)
		append(map, id, 1);
	if ((is_plain_root || all) &&
	    !append_subordinate(map, kind->subordinate, user, all)) {
		if (!is_plain_root)
			reject("--map-auto: no line USER:START:COUNT for user "
			       "%u in %s",
			       user, kind->subordinate);
		append(map, DEFAULT_START, DEFAULT_COUNT);
	}
	/* Root of another user namespace has other ids, or none but its own. */
	if (is_root && !exists_here(kind->own_map, &map->ranges[0])) {
		*map = (struct id_map){ 0 };
		append(map, DEFAULT_START, DEFAULT_COUNT);
	}
	if (is_root && !exists_here(kind->own_map, &map->ranges[0])) {
		map->length = 0;
		append(map, kind->own_id(), 1);
	}
}

unsigned int inside_id(const struct id_map *map)
{
	for (size_t i = 0; i < map->length; i++)
		if (map->ranges[i].inside == 0)
			return 0;
	return map->ranges[0].inside;
}

/*
 * stdio would put the error off until fclose(3), and might split the text: the
 * kernel takes a map whole, in the first write, or not at all.
 */
void write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		die("open(\"%s\")", path);
	written = write(fd, text, strlen(text));
	check(written < 0 ? -1 : 0, "write(\"%s\", \"%s\")", path, text);
	close(fd);
}

/*
 * The map as arguments: newuidmap PID INSIDE OUTSIDE COUNT... Our signals are
 * blocked, see process.c. The helper's are not: Ctrl-C is to end it.
 */
static void run_helper(const char *helper, pid_t pid, const char *map)
{
	char pid_text[16], map_copy[MAP_SIZE];
	char *arguments[2 + 3 * MOST_RANGES + 1] = { (char *)helper, pid_text };
	char **next = arguments + 2;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t child;
	int status;

	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	strcpy(map_copy, map);
	for (char *word = strtok(map_copy, " \n"); word;
	     word = strtok(NULL, " \n"))
		*next++ = word;
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	errno = posix_spawnp(&child, helper, NULL, &attributes, arguments,
			     environ);
	if (errno)
		die("%s %d \"%s\"", helper, pid, map);
	if (waitpid(child, &status, 0) < 0)
		die("waitpid(%d)", child);
	errno = EPERM; /* it has said why */
	check(status == 0 ? 0 : -1, "%s %d \"%s\"", helper, pid, map);
}

void write_id_map(pid_t pid, const char *file, const struct id_map *map)
{
	const struct id_kind *kind = kind_of(file);
	char text[MAP_SIZE];
	char *end = text;

	for (size_t i = 0; i < map->length; i++)
		end += sprintf(end, "%s%u %u %u", i ? "\n" : "",
			       map->ranges[i].inside, map->ranges[i].outside,
			       map->ranges[i].count);
	if (map->subordinate && !has_capability(kind->capability))
		run_helper(kind->helper, pid, text);
	else
		write_proc(pid, file, text);
}
