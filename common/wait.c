/*
 * Signals, and waiting for the child. See process.h.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

/* What the caller gave us and PROGRAM is to find again. */
static sigset_t callers_mask;
static struct sigaction callers_sigchld;

/*
 * The parent keeps all signals blocked and takes them with sigwaitinfo(2).
 * SIGCHLD may have been inherited as ignored, and then waitpid(2) would find no
 * child.
 */
void take_over_signals(void)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &callers_mask) < 0)
		die("sigprocmask(SIG_SETMASK)");
	if (sigaction(SIGCHLD, &by_default, &callers_sigchld) < 0)
		die("sigaction(SIGCHLD)");
}

/*
 * A SIGPIPE that this process sent itself is from the narration, which nobody
 * reads: it is not PROGRAM's. One from elsewhere is.
 */
static void drop_own_sigpipe(void)
{
	struct timespec now = { 0 };
	sigset_t pipe_only;
	siginfo_t info;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (sigtimedwait(&pipe_only, &info, &now) == SIGPIPE &&
	    info.si_pid != getpid())
		kill(getpid(), SIGPIPE);
}

void give_back_signals(void)
{
	drop_own_sigpipe();
	if (sigaction(SIGCHLD, &callers_sigchld, NULL) < 0)
		die("sigaction(SIGCHLD)");
	if (sigprocmask(SIG_SETMASK, &callers_mask, NULL) < 0)
		die("sigprocmask(SIG_SETMASK)");
}

/* Reaps all that has ended. Returns true, and its status, if child has. */
static bool reap(pid_t child, int *status, bool *stopped)
{
	pid_t pid;
	int got;

	*stopped = false;
	while ((pid = waitpid(-1, &got, WNOHANG | WUNTRACED)) > 0) {
		if (pid != child)
			continue;
		*status = got;
		*stopped = WIFSTOPPED(got);
		if (!*stopped)
			return true;
	}
	return false;
}

/*
 * Stops isolate, that the shell get its terminal back. By SIGTSTP, which the
 * kernel drops where there is no shell to continue us, setpgid(2). Not for
 * process 1: that cannot stop, and to try would discard a pending SIGCONT.
 */
static void stop(void)
{
	sigset_t stop_only;

	sigemptyset(&stop_only);
	sigaddset(&stop_only, SIGTSTP);
	kill(getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop_only, NULL);
	sigprocmask(SIG_BLOCK, &stop_only, NULL);
}

/* The child is stopped by force: as process 1 it would ignore Ctrl-Z. */
static void stop_both(pid_t child)
{
	kill(child, SIGSTOP);
	stop();
	kill(child, SIGCONT);
}

static bool is_stop(const siginfo_t *info)
{
	struct sigaction action;

	return (info->si_signo == SIGTSTP || info->si_signo == SIGTTIN ||
		info->si_signo == SIGTTOU) &&
	       sigaction(info->si_signo, NULL, &action) == 0 &&
	       action.sa_handler == SIG_DFL;
}

/*
 * si_code says where a signal comes from. One from a process is for us alone.
 * So is, of the kernel's, what an alarm(2) of the caller brings, and the
 * terminal's hang-up where we lead the session. The others are of the terminal,
 * and all of the foreground process group has had those.
 */
static bool has_reached_child(const siginfo_t *info)
{
	if (info->si_signo == SIGALRM)
		return false;
	if (info->si_signo == SIGHUP && getsid(0) == getpid())
		return false;
	return info->si_code > 0;
}

/*
 * SIGCHLD is ours, and so is a signal from ourselves: a SIGPIPE, of what nobody
 * reads. A process 1 that waits in this way, --init, does not stop: see stop().
 */
int wait_child(pid_t child)
{
	int got, status;
	sigset_t all;
	siginfo_t info;
	bool stopped;

	sigfillset(&all);
	for (;;) {
		got = sigwaitinfo(&all, &info);
		if (got < 0 || (got != SIGCHLD && info.si_pid == getpid()))
			continue;
		if (got == SIGCHLD) {
			if (reap(child, &status, &stopped))
				break;
			if (stopped && getpid() != 1)
				stop();
		} else if (is_stop(&info) && getpid() != 1) {
			stop_both(child);
		} else if (!has_reached_child(&info)) {
			kill(child, got);
		}
	}
	reporting.clean_up = NULL;
	if (WIFSIGNALED(status)) {
		narrate("waitpid(%d) = signal %d", child, WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	narrate("waitpid(%d) = exit status %d", child, WEXITSTATUS(status));
	return WEXITSTATUS(status);
}
