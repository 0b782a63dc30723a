/*
 * bare STEP PROGRAM: the least that a program can do to start another in the
 * namespaces of that step: one clone(2), nothing set up. STEP 0 has none of its
 * own. What isolate costs is measured by it.
 */
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int namespaces[] = { 0,
				  CLONE_NEWUSER,
				  CLONE_NEWUTS,
				  CLONE_NEWIPC,
				  CLONE_NEWNET,
				  CLONE_NEWPID,
				  CLONE_NEWNS };

int main(int argc, char *argv[])
{
	int step = argc > 2 ? atoi(argv[1]) : -1;
	long flags = SIGCHLD;
	pid_t child;
	int status;

	if (step < 0 || step > 6)
		errx(EXIT_FAILURE, "usage: bare STEP PROGRAM [ARGS...]");
	for (; step > 0; step--)
		flags |= namespaces[step];
	child = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (child == 0) {
		execvp(argv[2], argv + 2);
		err(EXIT_FAILURE, "%s", argv[2]);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(EXIT_FAILURE, "clone");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
