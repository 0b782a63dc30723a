/*
 * Binds. See binds.h.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/error.h"
#include "binds.h"

void add_bind(void *target, const char *value)
{
	struct binds *binds = target;
	char *rest = strdup(value);
	struct bind *bind;
	char *option;

	if (!rest)
		die("strdup");
	if (binds->length == MOST_BINDS)
		reject("--bind %s: more than %d", value, MOST_BINDS);
	bind = &binds->list[binds->length++];
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
}

void open_binds(struct binds *binds)
{
	for (size_t i = 0; i < binds->length; i++) {
		struct bind *bind = &binds->list[i];

		bind->fd = open_tree(AT_FDCWD, bind->source,
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					     AT_RECURSIVE);
		check(bind->fd, "open_tree(\"%s\", OPEN_TREE_CLONE) = %d",
		      bind->source, bind->fd);
	}
}

/*
 * By the descriptor: if the path were looked up again, somebody might have put
 * something else there. That was CVE-2021-30465.
 */
static void make_read_only(int fd)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };

	check(mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &read_only,
			    sizeof(read_only)),
	      "mount_setattr(%d, AT_RECURSIVE, MOUNT_ATTR_RDONLY)", fd);
}

/*
 * What is mounted over the root is below it, and found by nobody: not by "/",
 * nor by "/." or "/tmp/..".
 */
static void reject_root(const char *target)
{
	const unsigned int mask = STATX_INO | STATX_MNT_ID;
	struct statx root, found;

	if (statx(AT_FDCWD, "/", 0, mask, &root) < 0)
		die("statx(\"/\")");
	if (statx(AT_FDCWD, target, 0, mask, &found) < 0)
		return; /* move_mount() says why */
	if (found.stx_mnt_id == root.stx_mnt_id &&
	    found.stx_ino == root.stx_ino)
		reject("--bind to %s: for another root there is --rootfs",
		       target);
}

void mount_binds(const struct binds *binds)
{
	for (size_t i = 0; i < binds->length; i++) {
		const struct bind *bind = &binds->list[i];

		reject_root(bind->target);
		check(move_mount(bind->fd, "", AT_FDCWD, bind->target,
				 MOVE_MOUNT_F_EMPTY_PATH |
					 MOVE_MOUNT_T_SYMLINKS),
		      "move_mount(%d, \"%s\")", bind->fd, bind->target);
		if (bind->read_only)
			make_read_only(bind->fd);
	}
}
