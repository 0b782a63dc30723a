/*
 * The least that a program can do to start another in the six namespaces of
 * isolate: one clone(2), nothing set up. What isolate costs is measured by it.
 */
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	const long flags = CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC |
			   CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
	pid_t child;
	int status;

	if (argc < 2)
		errx(EXIT_FAILURE, "usage: bare PROGRAM [ARGS...]");
	child = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (child == 0) {
		execvp(argv[1], argv + 1);
		err(EXIT_FAILURE, "%s", argv[1]);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(EXIT_FAILURE, "clone");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
