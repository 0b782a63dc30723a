/*
 * Id maps: which ids inside a user namespace are which ids outside.
 *
 * A map is a list of ranges, written once to /proc/PID/uid_map or gid_map by a
 * process of the parent user namespace; user_namespaces(7) has the rules.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The COUNT ids from INSIDE on are the COUNT ids from OUTSIDE on. */
struct id_range {
	unsigned int inside;
	unsigned int outside;
	unsigned int count;
};

enum {
	/*
	 * The kernel reads a map in one write(2) of less than a page, 4096
	 * bytes: room for this many ranges, however long their numbers.
	 */
	MOST_RANGES = 120,
	MAP_SIZE = MOST_RANGES * sizeof("4294967295 4294967295 4294967295")
};

struct id_map {
	struct id_range ranges[MOST_RANGES];
	size_t length;
};

/*
 * For an option: appends the range "INSIDE:OUTSIDE:COUNT" to a struct id_map.
 * Calls reject() where value is anything else, where COUNT is 0, or where the
 * range leaves the ids there are, 0 to 4294967294.
 */
void add_id_range(void *target, const char *value);

/*
 * Fills in the map for file, "uid_map" or "gid_map", if it is empty; in the
 * parent, before clone_child().
 *
 * 0 inside is the caller: an ordinary user, or the person who typed sudo. For
 * plain root 0 and on are 1073741824 and on, which are nobody else's, so that
 * root inside is not root outside; for root of a user namespace that does not
 * have these, 0 is that root.
 */
void default_id_map(struct id_map *map, const char *file);

/* The id of the person behind sudo by SUDO_UID or SUDO_GID, or 0. */
unsigned int sudo_id(const char *variable);

/* The id that PROGRAM has by the map: 0 if that is mapped, else the first. */
unsigned int inside_id(const struct id_map *map);

/* The map as /proc/PID/uid_map has it: a line "INSIDE OUTSIDE COUNT" a range.
 */
void format_id_map(char text[MAP_SIZE], const struct id_map *map);

/*
 * In the parent, before release_child(): writes the map to /proc/PID/FILE,
 * "uid_map" or "gid_map", or calls die().
 */
void write_id_map(pid_t pid, const char *file, const struct id_map *map);
