/*
 * --bind SRC:DEST[:ro]: files and directories of the host, shown to PROGRAM.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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
 * reject() where value is anything else, or where DEST is not an absolute path,
 * and die() where SRC does not exist.
 */
void add_bind(void *target, const char *value);

/*
 * In the child, before pivot_to(): takes copies of the mounts at SRC, which
 * outlive the old root, or calls die().
 */
void open_binds(struct binds *binds);

/*
 * In the child, after detach_old_root(), so that no symbolic link in the new
 * root leads out of it: attaches the copies at DEST, or calls die(), and
 * reject() where DEST is the root.
 */
void mount_binds(const struct binds *binds);
