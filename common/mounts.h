/*
 * What surrounds mount(2): naming its flags, reading --bind, and making whole
 * trees of mounts read-only.
 */
#ifndef COMMON_MOUNTS_H
#define COMMON_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

/* SRC:DEST[:ro] */
struct bind {
	char *source;
	char *target;
	bool read_only;
	int fd; /* the source, once it is opened */
};

enum { MOST_BINDS = 64 };

struct binds {
	struct bind list[MOST_BINDS];
	size_t length;
};

/*
 * For an option: appends "SRC:DEST" or "SRC:DEST:ro" to a struct binds. Calls
 * reject() where value is anything else, where SRC does not exist, or where
 * DEST is not an absolute path, or is the root.
 */
void add_bind(void *target, const char *value);

/* mount(2), or die(). The flags are those that the narration can name. */
void do_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const char *data);

/*
 * Makes the mount that fd is the root of, and all those below it, read-only, or
 * calls die(). It must be attached.
 */
void make_read_only(int fd);

#endif
