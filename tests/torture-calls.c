/*
 * The system calls: how each can fail, and what may follow. See torture.h.
 *
 * A call that is not in the table fails with EIO.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "torture.h"

#define SPAWNED "getsubids|newuidmap|newgidmap"

/* CALL(NAME, WORDS, PATH, ERRORS...) */
#define CALL(name, words, path, ...)            \
	{                                       \
		SYS_##name, #name, words, path, \
		{                               \
			__VA_ARGS__             \
		}                               \
	}

static const struct call calls[] = {
	CALL(access, "--bind", 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(bind, "bind", -1, EADDRINUSE, ENOMEM),
	CALL(capget, "cap_get_proc", 1, EPERM, EINVAL),
	CALL(capset, "cap_set_proc", -1, EPERM, EINVAL),
	CALL(chdir, "chdir", 0, EACCES, EIO, ENOENT, ENOMEM),
	CALL(clone, "clone|fork", -1, EAGAIN, ENOMEM, ENOSPC, EPERM, EUSERS),
	CALL(clone3, SPAWNED, -1, EAGAIN, ENOMEM),
	CALL(close, "", -1, EIO),
	CALL(close_range, "close", -1, EMFILE, ENOMEM),
	CALL(connect, "connect", -1, EACCES, ECONNREFUSED, EAGAIN),
	CALL(dup2, "dup2", -1, EBADF, EBUSY, EMFILE),
	CALL(execve, "exec", 0, E2BIG, EACCES, ENOENT, ENOMEM, EIO),
	CALL(fchdir, "fchdir", -1, EACCES, EIO),
	CALL(fcntl, "fcntl|fdopen", -1, EBADF),
	CALL(getrandom, "", -1, EAGAIN, ENOSYS),
	CALL(getsockname, "bind", -1, ENOBUFS),
	CALL(ioctl, "ioctl", -1, ENODEV, EPERM, ENOTTY),
	CALL(keyctl, "keyctl", -1, EDQUOT, ENOMEM, ENOSYS, EPERM),
	CALL(lseek, "getpwuid", -1, ESPIPE),
	CALL(mkdir, "mkdir", 0, EACCES, EDQUOT, ENOSPC, EROFS),
	CALL(mknodat, "mknod", 1, EACCES, EDQUOT, ENOSPC, EROFS, EEXIST),
	CALL(mmap, SPAWNED, -1, ENOMEM),
	CALL(mount, "mount", 1, EACCES, EBUSY, EINVAL, ENOMEM, EPERM),
	CALL(mount_setattr, "mount_setattr", -1, EPERM, EBUSY, ENOSYS),
	CALL(move_mount, "move_mount", 3, EPERM, ENOENT, EINVAL),
	CALL(newfstatat, "stat|--rootfs|getpwuid", 1, EACCES, ENOMEM, ENOENT),
	CALL(open_tree, "open_tree", 1, EPERM, EMFILE, ENOENT, ENOSYS),
	CALL(openat, "open|getpwuid", 1, EMFILE, EACCES, ENFILE, ENOENT,
	     ENOMEM),
	CALL(pipe2, "pipe2", -1, EMFILE, ENFILE),
	CALL(pivot_root, "pivot_root", -1, EPERM, EBUSY, EINVAL),
	CALL(poll, "poll", -1, ENOMEM),
	CALL(prctl, "prctl", -1, EINVAL, EPERM),
	CALL(prlimit64, "", -1, EPERM),
	CALL(read, "read|getpwuid", -1, EIO),
	CALL(readlink, "--rootfs", 0, EACCES, EIO, ENOENT, ENOMEM),
	CALL(recvmsg, "RTM_", -1, ENOBUFS, ENOMEM),
	CALL(rt_sigaction, "sigaction", -1, EINVAL),
	CALL(rt_sigprocmask, "sigprocmask", -1, EINVAL),
	CALL(rt_sigtimedwait, "sig", -1, EINTR),
	CALL(sendto, "RTM_", -1, ENOBUFS, ENOMEM, EPERM),
	CALL(set_robust_list, "", -1, EINVAL),
	CALL(setgroups, "setgroups", -1, ENOMEM, EPERM),
	CALL(sethostname, "sethostname", -1, EPERM),
	CALL(setns, "setns", -1, ENOMEM, EINVAL, EPERM),
	CALL(setresgid, "setresgid", -1, EAGAIN, EPERM),
	CALL(setresuid, "setresuid", -1, EAGAIN, EPERM),
	CALL(setsid, "setsid", -1, EPERM),
	CALL(setsockopt, "setsockopt", -1, ENOPROTOOPT, ENOMEM),
	CALL(socket, "socket", -1, EMFILE, ENFILE, ENOBUFS, EACCES,
	     EAFNOSUPPORT),
	CALL(statx, "stat", 1, EACCES, ENOMEM, ENOENT),
	CALL(symlink, "symlink", 1, EACCES, EDQUOT, ENOSPC, EROFS, EEXIST),
	CALL(umount2, "umount2", 0, EBUSY, EPERM),
	CALL(unshare, "unshare", -1, ENOSPC, ENOMEM, EPERM),
	CALL(wait4, "waitpid", -1, ECHILD),
	CALL(write, "write", -1, EPERM, EIO, EINVAL),
};

const struct call *find_call(long number)
{
	static const struct call unknown = { 0, "a call", "", -1, { EIO } };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return &calls[i];
	return &unknown;
}

bool cannot_fail(const struct moment *moment)
{
	switch (moment->call) {
	case SYS_brk: /* malloc(3) takes mmap(2) instead */
	case SYS_exit:
	case SYS_exit_group:
	case SYS_getegid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getpgrp:
	case SYS_getpid:
	case SYS_getppid:
	case SYS_getsid:
	case SYS_gettid:
	case SYS_getuid:
	case SYS_munmap:
		return true;
	case SYS_rt_sigaction: /* posix_spawn(3) does not look at these */
	case SYS_rt_sigprocmask:
		return moment->role >= HELPER ||
		       (moment->role == PARENT && moment->spawns_helpers);
	default:
		return false;
	}
}

/* When it is that a failure is tolerated. */
enum { EVER, BEFORE_CLONE, ONCE_RELEASED };

static const struct tolerated {
	long call;
	int error;	  /* or 0 for any */
	int role;	  /* or -1 for any */
	const char *path; /* as for fnmatch(3) */
	int when;
} tolerated[] = {
	/* The descriptor is closed all the same, close(2). */
	{ SYS_close, 0, -1, "*", EVER },
	/* malloc(3) wants a number that cannot be guessed, or else the time. */
	{ SYS_getrandom, 0, -1, "*", EVER },
	/* stdio asks how large a buffer a file likes: it has a size of its own.
	 */
	{ SYS_newfstatat, 0, -1, "", EVER },
	/* libcap asks for the version that the kernel has; it knows of one. */
	{ SYS_capget, 0, -1, "NULL", EVER },
	/* closefrom(3) reads /proc/self/fd instead. */
	{ SYS_close_range, 0, -1, "*", EVER },
	/* It is made again; or there was no signal, as it mostly is. */
	{ SYS_rt_sigtimedwait, EINTR, -1, "*", EVER },
	/* fork(2): glibc does not look; the list is for mutexes of threads. */
	{ SYS_set_robust_list, 0, PROGRAM, "*", EVER },
	/* posix_spawn(3) asks how many descriptors there may be. */
	{ SYS_prlimit64, 0, PARENT, "*", EVER },
	/* The name service does without its cache, and with its defaults. */
	{ SYS_socket, 0, PARENT, "*", BEFORE_CLONE },
	{ SYS_connect, 0, PARENT, "*", BEFORE_CLONE },
	{ SYS_newfstatat, 0, PARENT, "/etc/nsswitch.conf", BEFORE_CLONE },
	{ SYS_newfstatat, 0, PARENT, "/", BEFORE_CLONE },
	{ SYS_openat, 0, PARENT, "/etc/nsswitch.conf", BEFORE_CLONE },
	/* PATH gets a default, and then execvp(3) looks for PROGRAM itself. */
	{ SYS_access, 0, CHILD, "*", EVER },
	/* DEST: move_mount(2) looks it up too, and says what is wrong. */
	{ SYS_statx, 0, CHILD, "/?*", EVER },
	/* The caller ignores SIGCHLD: what getsubids has printed counts. */
	{ SYS_wait4, ECHILD, PARENT, "*", BEFORE_CLONE },
	/* We are above the user namespace that owns the network. */
	{ SYS_setns, EPERM, PARENT, "*", BEFORE_CLONE },
	/* No terminal is known then, and none is given back to PROGRAM. */
	{ SYS_openat, 0, PARENT, "/dev/tty", EVER },
	{ SYS_ioctl, 0, PARENT, "*", BEFORE_CLONE },
	/* Where there is no /dev, there is no terminal. */
	{ SYS_openat, ENOENT, CHILD, "/dev/tty", EVER },
	/* The groups stay where setgroups(2) is denied. */
	{ SYS_setgroups, EPERM, CHILD, "*", EVER },
	/* A kernel may have no keys, and no IPv6. */
	{ SYS_keyctl, ENOSYS, -1, "*", EVER },
	{ SYS_socket, EAFNOSUPPORT, -1, "*", EVER },
	/* PROGRAM may have ended, and its link be gone: keep_connected(). */
	{ SYS_sendto, 0, PARENT, "*", ONCE_RELEASED },
	{ SYS_recvmsg, 0, PARENT, "*", ONCE_RELEASED },
};

bool is_tolerated(const struct moment *moment, int error)
{
	for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++) {
		const struct tolerated *row = &tolerated[i];

		if (row->call == moment->call &&
		    (row->error == 0 || row->error == error) &&
		    (row->role == -1 || row->role == moment->role) &&
		    (row->when != BEFORE_CLONE || moment->before_clone) &&
		    (row->when != ONCE_RELEASED || moment->released) &&
		    fnmatch(row->path, moment->path, 0) == 0)
			return true;
	}
	return false;
}
