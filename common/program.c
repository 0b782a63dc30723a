/*
 * The execution of PROGRAM. See process.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

bool find_program(const char *program, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");

	snprintf(path, PATH_MAX, "%s", program);
	if (strchr(program, '/'))
		return access(path, F_OK) == 0;
	if (!dirs)
		dirs = "/bin:/usr/bin"; /* as execvp(3) */
	/* A directory without a name is the working directory. */
	while (dirs) {
		int length = (int)strcspn(dirs, ":");

		snprintf(path, PATH_MAX, "%.*s%s%s", length, dirs,
			 length > 0 ? "/" : "", program);
		if (access(path, F_OK) == 0)
			return true;
		dirs = dirs[length] ? dirs + length + 1 : NULL;
	}
	return false;
}

void exec_program(char *program[])
{
	char path[PATH_MAX];
	int error;

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
	      "prctl(PR_SET_NO_NEW_PRIVS, 1)");
	closefrom(STDERR_FILENO + 1);
	narrate("execvp(\"%s\")", program[0]);
	give_back_signals();
	execvp(program[0], program);
	error = errno;
	/* EACCES may be that of a directory in PATH: then it was not found. */
	if (error == EACCES && !find_program(program[0], path) &&
	    !strchr(program[0], '/'))
		error = ENOENT;
	errno = error;
	die_with(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
		 "execvp(\"%s\")", program[0]);
}
