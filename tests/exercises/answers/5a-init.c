/*
 * init PROGRAM [ARGS...]: to be process 1 of a pid namespace. A signal that is
 * blocked waits until sigwait(3) fetches it, so none comes too early or too
 * late, and process 1 gets those that it has no handler for.
 */
#include <err.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	sigset_t all, before;
	int signal, status;
	pid_t program, ended;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	program = argc > 1 ? fork() : -1;
	if (program < 0)
		err(125, "init PROGRAM [ARGS...]");
	if (program == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	for (;;) {
		sigwait(&all, &signal);
		if (signal != SIGCHLD)
			kill(program, signal);
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == program && WIFEXITED(status))
				return WEXITSTATUS(status);
			else if (ended == program)
				return 128 + WTERMSIG(status);
	}
}
