/*
 * Id maps: which ids inside a user namespace are which ids outside.
 *
 * A map is a list of ranges, written once to /proc/PID/uid_map or gid_map by a
 * process of the parent user namespace; user_namespaces(7) has the rules.
 */
#ifndef COMMON_IDMAP_H
#define COMMON_IDMAP_H

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
};

/*
 * For an option: appends the range "INSIDE:OUTSIDE:COUNT" to a struct id_map.
 * Calls reject() where value is anything else, where COUNT is 0, or where the
 * range leaves the ids there are, 0 to 4294967294.
 */
void add_id_range(void *map, const char *value);

/*
 * Fill in the map, if it is empty, with what the caller is entitled to: one
 * range from 0 inside on. 0 inside is not root outside: it is the caller itself
 * for an ordinary user, the person who typed sudo, and for plain root the first
 * range that /etc/subuid (/etc/subgid) gives root, else 100000 and on.
 */
void default_uid_map(struct id_map *map);
void default_gid_map(struct id_map *map);

/* Writes text to /proc/PID/FILE in one write(2), as the kernel wants it. */
void write_proc(pid_t pid, const char *file, const char *text);

/* Writes the map to /proc/PID/FILE, "uid_map" or "gid_map". */
void write_id_map(pid_t pid, const char *file, const struct id_map *map);

#endif
