/*
 * Reads, makes up and writes id maps. See idmap.h.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "idmap.h"

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

/*
 * Finds the first range of user in a file of subuid(5)'s format, "USER:START:
 * COUNT". No file and no such line are the same to the caller.
 */
static bool find_subordinate(const char *path, const char *user,
			     struct id_range *range)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(user);
	bool found = false;
	char line[256];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		const char *text = line + length + 1;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, user, length) != 0 || line[length] != ':')
			continue;
		found = read_number(&text, &range->outside, ':') &&
			read_number(&text, &range->count, '\0');
	}
	fclose(file);
	return found;
}

/* Says if our own user namespace has these ids: inside another one, few are. */
static bool exist_here(const char *path, const struct id_range *wanted)
{
	FILE *file = fopen(path, "re");
	unsigned int inside, outside, count;
	bool found = false;

	if (!file)
		die("fopen(\"%s\")", path);
	while (!found &&
	       fscanf(file, "%u %u %u", &inside, &outside, &count) == 3)
		found = wanted->outside >= inside && wanted->count <= count &&
			wanted->outside - inside <= count - wanted->count;
	fclose(file);
	return found;
}

/* The id of the person behind sudo(8), or 0. */
static unsigned int sudo_id(const char *variable)
{
	const char *text = getenv(variable);
	unsigned int id;

	return text && read_number(&text, &id, '\0') ? id : 0;
}

static void fill_in(struct id_map *map, unsigned int own_id,
		    const char *sudo_variable, const char *subordinate_path,
		    const char *own_map_path)
{
	struct id_range range = { 0, 100000, 65536 };
	struct id_range own = { 0, own_id, 1 };

	if (map->length > 0)
		return;
	if (geteuid() != 0) {
		range = own;
	} else if (sudo_id(sudo_variable) != 0) {
		range.outside = sudo_id(sudo_variable);
		range.count = 1;
	} else {
		find_subordinate(subordinate_path, "root", &range);
		if (!exist_here(own_map_path, &range))
			range = own;
	}
	map->ranges[map->length++] = range;
}

void default_uid_map(struct id_map *map)
{
	fill_in(map, geteuid(), "SUDO_UID", "/etc/subuid",
		"/proc/self/uid_map");
}

void default_gid_map(struct id_map *map)
{
	fill_in(map, getegid(), "SUDO_GID", "/etc/subgid",
		"/proc/self/gid_map");
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

void write_id_map(pid_t pid, const char *file, const struct id_map *map)
{
	char text[MOST_RANGES * sizeof("4294967295 4294967295 4294967295")];
	char *end = text;

	for (size_t i = 0; i < map->length; i++)
		end += sprintf(end, "%s%u %u %u", i ? "\n" : "",
			       map->ranges[i].inside, map->ranges[i].outside,
			       map->ranges[i].count);
	write_proc(pid, file, text);
}
