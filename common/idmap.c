/*
 * Reads, makes up and writes id maps. See idmap.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "idmap.h"

#define DIGITS "0123456789"

/*
 * The ids of plain root's PROGRAM. 2^30 is above all that adduser(8) hands out,
 * and in the range that systemd keeps for containers: they are nobody's.
 */
enum { ROOT_START = 1 << 30, ROOT_COUNT = 1 << 16 };

/*
 * sscanf(3) alone would take signs and blanks too. The last id of all,
 * 4294967295, is (uid_t)-1 and means "no id".
 */
void add_id_range(void *target, const char *value)
{
	struct id_map *map = target;
	unsigned long long inside, outside, count;
	char more;

	if (value[strspn(value, DIGITS ":")] ||
	    sscanf(value, "%llu:%llu:%llu%c", &inside, &outside, &count,
		   &more) != 3 ||
	    inside > UINT32_MAX || outside > UINT32_MAX || count > UINT32_MAX)
		reject("id map \"%s\": not INSIDE:OUTSIDE:COUNT", value);
	if (count == 0)
		reject("id map \"%s\": COUNT is 0", value);
	if (inside + count > UINT32_MAX || outside + count > UINT32_MAX)
		reject("id map \"%s\": ids end at 4294967294", value);
	if (map->length == MOST_RANGES)
		reject("id map \"%s\": more than %d ranges", value,
		       MOST_RANGES);
	map->ranges[map->length++] =
		(struct id_range){ (unsigned int)inside, (unsigned int)outside,
				   (unsigned int)count };
}

/* Says if the user namespace that we are in has all these ids. */
static bool exists_here(const char *file, const struct id_range *range)
{
	unsigned int inside, outside, count;
	char path[64];
	FILE *map;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	map = fopen(path, "re");
	if (!map)
		die("open(\"%s\")", path);
	while (!found &&
	       fscanf(map, "%u %u %u", &inside, &outside, &count) == 3)
		found = range->outside >= inside && range->count <= count &&
			range->outside - inside <= count - range->count;
	if (ferror(map))
		die("read(\"%s\")", path);
	fclose(map);
	return found;
}

unsigned int sudo_id(const char *variable)
{
	const char *text = getenv(variable);
	unsigned long long id;

	if (!text || text[strspn(text, DIGITS)] ||
	    sscanf(text, "%llu", &id) != 1 || id > UINT32_MAX)
		return 0;
	return (unsigned int)id;
}

void default_id_map(struct id_map *map, const char *file)
{
	bool uids = strcmp(file, "uid_map") == 0;
	unsigned int sudo = sudo_id(uids ? "SUDO_UID" : "SUDO_GID");
	const struct id_range person = { 0, sudo, 1 };
	const struct id_range range = { 0, ROOT_START, ROOT_COUNT };
	const struct id_range own = { 0, uids ? geteuid() : getegid(), 1 };
	bool is_root = geteuid() == 0;

	if (map->length > 0)
		return;
	map->length = 1;
	if (is_root && sudo != 0 && exists_here(file, &person))
		map->ranges[0] = person;
	else if (is_root && exists_here(file, &range))
		map->ranges[0] = range;
	else
		map->ranges[0] = own;
}

unsigned int inside_id(const struct id_map *map)
{
	for (size_t i = 0; i < map->length; i++)
		if (map->ranges[i].inside == 0)
			return 0;
	return map->ranges[0].inside;
}

void format_id_map(char text[MAP_SIZE], const struct id_map *map)
{
	for (size_t i = 0; i < map->length; i++)
		text += sprintf(text, "%s%u %u %u", i ? "\n" : "",
				map->ranges[i].inside, map->ranges[i].outside,
				map->ranges[i].count);
}

void write_id_map(pid_t pid, const char *file, const struct id_map *map)
{
	char text[MAP_SIZE];

	format_id_map(text, map);
	write_proc(pid, file, text);
}
