/*
 * Id maps: which ids inside a user namespace are which ids outside.
 *
 * A map is a list of ranges, written once to /proc/PID/uid_map or gid_map by a
 * process of the parent user namespace; user_namespaces(7) has the rules.
 */
#ifndef COMMON_IDMAP_H
#define COMMON_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* COUNT ids from INSIDE on are COUNT ids from OUTSIDE on. */
struct id_range {
	unsigned int inside;
	unsigned int outside;
	unsigned int count;
};

/*
 * The kernel reads a map in one write(2) of less than a page, 4096 bytes: room
 * for this many ranges, however long their numbers.
 */
enum { MOST_RANGES = 120 };

struct id_map {
	struct id_range ranges[MOST_RANGES];
	size_t length;
	bool subordinate; /* has ids of /etc/subuid or /etc/subgid */
};

/*
 * For an option: appends the range "INSIDE:OUTSIDE:COUNT" to a struct id_map.
 * Calls reject() where value is anything else, where COUNT is 0, or where the
 * range leaves the ids there are, 0 to 4294967294.
 */
void add_id_range(void *target, const char *value);

/*
 * Fills in the map for file, "uid_map" or "gid_map", if it is empty.
 *
 * 0 inside is the caller: an ordinary user, or the person who typed sudo. With
 * all, 1 and on are the ranges that /etc/subuid (/etc/subgid) gives this user;
 * reject() if it gives none. For plain root 0 and on are the first range that
 * it gives root (with all: all of them), else 100000 and on, so that root
 * inside is not root outside.
 */
void default_id_map(struct id_map *map, const char *file, bool all);

/* The id that PROGRAM has by the map: 0 if that is mapped, else the first. */
unsigned int inside_id(const struct id_map *map);

/*
 * Writes text to /proc/PID/FILE in one write(2), as the kernel wants it, or
 * calls die().
 */
void write_proc(pid_t pid, const char *file, const char *text);

/*
 * Writes the map to /proc/PID/FILE, "uid_map" or "gid_map", or calls die().
 * Subordinate ids are written by newuidmap(1) or newgidmap(1) if the caller may
 * not map them itself.
 */
void write_id_map(pid_t pid, const char *file, const struct id_map *map);

#endif
