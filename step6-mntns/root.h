/*
 * --rootfs DIR: a root of PROGRAM's own, with a /dev and a /sys.
 *
 * In the child, in this order, and between the first two a new /proc: the
 * kernel mounts one only where one can be seen already, as in the old root.
 *
 *	pivot_to()		DIR is the root, the old one is still there
 *	set_up_dev(), set_up_sys()
 *	detach_old_root()	it is not
 *	set_default_path()
 */
#pragma once

/* For an option: stores DIR, a char *, as an absolute path, or reject(). */
void set_rootfs(void *rootfs, const char *value);

/* Makes DIR the root and the working directory, or die(). */
void pivot_to(const char *dir);

/* Mounts a new /dev with devices of the old root's, or die(). */
void set_up_dev(void);

/* Mounts a new /sys, read-only, or die(). */
void set_up_sys(void);

/* Lets go of the old root, or die(). The working directory is the new one. */
void detach_old_root(void);

/*
 * Sets PATH, which may mean nothing in the new root, to a default if program,
 * which has no slash in it, is not found by the old one. Or die().
 */
void set_default_path(const char *program);
