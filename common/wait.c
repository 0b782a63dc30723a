/*
 * Signals, and waiting for the child. See process.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"
#include "wait.h"

/* What the caller gave us and PROGRAM is to find again. */
static sigset_t callers_mask;
static struct sigaction callers_sigchld;

/*
 * The process group that the terminal is to go to when a shell gives it to
 * ours: one of PROGRAM's had it, if PROGRAM is a shell. Known while we have it.
 */
static pid_t programs_group;
static bool in_foreground;

bool child_is_process_1;

/* Returns the process group that has the terminal, and gives it to another. */
static pid_t pass_terminal(pid_t group)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	pid_t before = tcgetpgrp(terminal);

	if (group > 0)
		tcsetpgrp(terminal, group);
	if (terminal >= 0)
		close(terminal);
	return before;
}

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
	programs_group = getpgrp();
	in_foreground = pass_terminal(0) == programs_group;
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

/* Reaps. Returns true, and its status, if child has ended or stopped. */
static bool reap(pid_t child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG | WUNTRACED)) > 0)
		if (pid == child)
			return true;
	if (pid < 0)
		die("waitpid(-1, WNOHANG|WUNTRACED)");
	return false;
}

/*
 * SIGCHLD is ours, and so is a signal from ourselves: a SIGPIPE, of what nobody
 * reads.
 */
int await_change(pid_t child, void (*take)(pid_t child, const siginfo_t *info))
{
	sigset_t all;
	siginfo_t info;
	int got, status;

	sigfillset(&all);
	while (!reap(child, &status)) {
		got = sigwaitinfo(&all, &info);
		if (got < 0 && errno != EINTR)
			die("sigwaitinfo");
		if (got < 0 || got == SIGCHLD)
			continue;
		if (info.si_code > 0 || info.si_pid != getpid())
			take(child, &info);
	}
	return status;
}

/*
 * si_code says where a signal comes from. One from a process is for us alone.
 * So is, of the kernel's, what an alarm(2) of the caller brings, and the
 * terminal's hang-up where we lead the session. The others are of the terminal,
 * and all of the foreground process group has had those.
 */
static bool has_reached(pid_t child, const siginfo_t *info)
{
	if (info->si_signo == SIGALRM)
		return false;
	if (info->si_signo == SIGHUP && getsid(0) == getpid())
		return false;
	return info->si_code > 0 && getpgid(child) == getpgrp();
}

void pass_on(pid_t child, const siginfo_t *info)
{
	if (!has_reached(child, info))
		kill(child, info->si_signo);
}

int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

void narrate_end(pid_t child, int status)
{
	if (WIFSIGNALED(status))
		narrate("waitpid(%d) = signal %d", child, WTERMSIG(status));
	else
		narrate("waitpid(%d) = exit status %d", child,
			WEXITSTATUS(status));
}

/* Lets one signal, which is blocked otherwise, act on isolate now. */
static void suffer(int number)
{
	void (*callers)(int) = signal(number, SIG_DFL);
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	signal(number, callers);
}

/*
 * Stops isolate, so that the shell gets its terminal back. By SIGTSTP, which
 * the kernel drops where there is no shell to continue us, setpgid(2). It would
 * also undo a SIGCONT that is pending, signal(7): then isolate goes on.
 */
static void stop(void)
{
	sigset_t pending;

	if (in_foreground)
		programs_group = pass_terminal(0);
	sigpending(&pending);
	if (!sigismember(&pending, SIGCONT))
		suffer(SIGTSTP);
	in_foreground = pass_terminal(0) == getpgrp();
	if (in_foreground)
		pass_terminal(programs_group);
}

/* By force: as process 1, PROGRAM would ignore Ctrl-Z. */
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

/* For wait_child(), if expect_init() has opened it: see init.c. */
int init_reports = -1;
static int last_report = -1; /* is none: no macro of wait(2) takes it for one */

/* The last one counts: what has stopped may have been continued since. */
static bool read_reports(void)
{
	bool found = false;

	while (read(init_reports, &last_report, sizeof(last_report)) ==
	       sizeof(last_report))
		found = true;
	return found;
}

static void take_signal(pid_t child, const siginfo_t *info)
{
	bool has_init = init_reports >= 0;

	if (has_init && info->si_signo == SIGIO && info->si_code > 0) {
		if (read_reports() && WIFSTOPPED(last_report))
			stop();
	} else if (child_is_process_1 && !has_init && is_stop(info)) {
		stop_both(child);
	} else {
		/* Who stops of it, tells by SIGCHLD. */
		pass_on(child, info);
		if (has_init && info->si_signo == SIGCONT)
			sigqueue(child, SIGRTMAX, (union sigval){ 0 });
	}
}

int wait_child(pid_t child)
{
	int status;

	while (WIFSTOPPED(status = await_change(child, take_signal)))
		stop();
	reporting.clean_up = NULL;
	narrate_end(child, status);
	if (init_reports >= 0)
		read_reports();
	return WIFSIGNALED(last_report) ? last_report : status;
}

/*
 * A shell ends a script where a command dies of Ctrl-C, but not where it exits
 * with 130. The core dump, if there is one, is PROGRAM's.
 */
void exit_like(int status)
{
	if (WIFSIGNALED(status)) {
		prctl(PR_SET_DUMPABLE, 0);
		suffer(WTERMSIG(status));
	}
	/* Process 1 of a container does not die of it. */
	exit(shell_status(status));
}
