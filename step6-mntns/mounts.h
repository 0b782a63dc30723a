/*
 * What surrounds mount(2): naming what it is given, and places to mount on.
 *
 * In the child, after await_release(): all of it needs a mount namespace of
 * one's own, and CAP_SYS_ADMIN over it.
 */
#pragma once

/* mount(2), or die(). The flags are those that the narration can name. */
void do_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const char *data);

/*
 * Makes a directory unless there is one, or calls die(). A symbolic link will
 * not do: while the old root is there, ".." leads to it.
 */
void make_directory(const char *path);
