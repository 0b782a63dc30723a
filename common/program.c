/*
 * The execution of PROGRAM. See process.h.
 */
#include <errno.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

/*
 * PROGRAM would otherwise find the caller's keys in its session keyring, and a
 * key is not part of any namespace. A kernel may be built without keys.
 */
static void join_new_session_keyring(void)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	if (id < 0 && errno == ENOSYS)
		return;
	check(id < 0 ? -1 : 0, "keyctl(KEYCTL_JOIN_SESSION_KEYRING)");
}

bool is_in_path(const char *program)
{
	char path[PATH_MAX];

	const char *dirs = getenv("PATH");

	/* A directory without a name is the working directory, execvp(3). */
	while (dirs) {
		int length = (int)strcspn(dirs, ":");

		snprintf(path, sizeof(path), "%.*s%s%s", length, dirs,
			 length > 0 ? "/" : "", program);
		if (access(path, F_OK) == 0)
			return true;
		dirs = dirs[length] ? dirs + length + 1 : NULL;
	}
	return false;
}

void exec_program(char *program[])
{
	join_new_session_keyring();
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
	      "prctl(PR_SET_NO_NEW_PRIVS, 1)");
	closefrom(STDERR_FILENO + 1);
	narrate("execvp(\"%s\")", program[0]);
	give_back_signals();
	execvp(program[0], program);
	/* EACCES may be that of a directory in PATH: then it was not found. */
	if (errno == EACCES && !strchr(program[0], '/') &&
	    !is_in_path(program[0]))
		errno = ENOENT;
	die_with(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
		 "execvp(\"%s\")", program[0]);
}
