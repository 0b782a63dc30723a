/*
 * The life of the child, from clone(2) to waitpid(2). See process.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const struct flag_name clone_flags[] = {
	{ CLONE_NEWUSER, "CLONE_NEWUSER" },
	{ CLONE_NEWUTS, "CLONE_NEWUTS" },
	{ CLONE_NEWIPC, "CLONE_NEWIPC" },
	{ CLONE_NEWNET, "CLONE_NEWNET" },
	{ CLONE_NEWPID, "CLONE_NEWPID" },
	{ CLONE_NEWNS, "CLONE_NEWNS" },
	{ SIGCHLD, "SIGCHLD" },
	{ 0 },
};

enum { READ_END, WRITE_END };

static int sync_pipe[2];
static pid_t child_pid;

/* What the caller gave us and PROGRAM is to find again. */
static sigset_t callers_mask;
static struct sigaction callers_sigchld;

static void kill_child(void)
{
	kill(child_pid, SIGKILL);
	waitpid(child_pid, NULL, 0);
}

/*
 * Occupies the standard descriptors that the caller left closed: else the sync
 * pipe would get their numbers, and messages would end up in it. PROGRAM finds
 * them closed again.
 */
static void occupy_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			die("open(\"/dev/null\")");
	} while (fd <= STDERR_FILENO);
	close(fd);
}

/*
 * All signals are blocked until PROGRAM runs: one that arrived earlier would
 * end one of the two in the middle of its work. The parent keeps them blocked
 * and takes them with sigwaitinfo(2). SIGCHLD may have been inherited as
 * ignored, and then waitpid(2) would find no child.
 */
static void take_over_signals(void)
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

static void give_back_signals(void)
{
	drop_own_sigpipe();
	if (sigaction(SIGCHLD, &callers_sigchld, NULL) < 0)
		die("sigaction(SIGCHLD)");
	if (sigprocmask(SIG_SETMASK, &callers_mask, NULL) < 0)
		die("sigprocmask(SIG_SETMASK)");
}

/*
 * The system call itself and not glibc's clone(): without a stack it works as
 * fork(2), the child goes on here with a copy of all the parent has.
 */
pid_t clone_child(int flags, void (*run)(void *), void *argument)
{
	char names[128];

	occupy_standard_descriptors();
	take_over_signals();
	if (pipe2(sync_pipe, O_CLOEXEC) < 0)
		die("pipe2(O_CLOEXEC)");
	name_flags(names, (unsigned long)flags, clone_flags);
	child_pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (child_pid == 0) {
		set_role("child");
		run(argument);
		_exit(EXIT_SUCCESS);
	}
	if (child_pid < 0)
		die("clone(%s)", names);
	narrate("clone(%s) = %d", names, (int)child_pid);
	before_dying(kill_child);
	close(sync_pipe[READ_END]);
	return child_pid;
}

/* EPIPE: the child is gone. It has said why, and wait_child() has its status.
 */
void send_to_child(const void *data, size_t size)
{
	if (write(sync_pipe[WRITE_END], data, size) < 0 && errno != EPIPE)
		die("write to the child");
}

void release_child(void)
{
	narrate("write(sync_pipe): go");
	send_to_child("", 1);
}

void receive_from_parent(void *data, size_t size)
{
	/* End of file: the parent has died. So does the child, in silence. */
	if (read(sync_pipe[READ_END], data, size) != (ssize_t)size)
		_exit(EXIT_ISOLATE);
}

/*
 * The child's copy of the write end must go: while it is open, the child can
 * not see the end of file that tells of the parent's death.
 */
void await_release(void)
{
	char go;

	close(sync_pipe[WRITE_END]);
	receive_from_parent(&go, 1);
}

/*
 * The parent may have died before the prctl(2). getppid(2) could tell, but not
 * in a new pid namespace, where it is 0 in any case. The pipe can: the parent
 * never closes its end.
 */
void die_with_parent(void)
{
	struct pollfd parent = { .fd = sync_pipe[READ_END] };

	check(prctl(PR_SET_PDEATHSIG, SIGKILL),
	      "prctl(PR_SET_PDEATHSIG, SIGKILL)");
	if (poll(&parent, 1, 0) < 0)
		die("poll");
	if (parent.revents & POLLHUP)
		_exit(EXIT_ISOLATE);
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
	before_dying(NULL);
	if (WIFSIGNALED(status)) {
		narrate("waitpid(%d) = signal %d", child, WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	narrate("waitpid(%d) = exit status %d", child, WEXITSTATUS(status));
	return WEXITSTATUS(status);
}

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

static bool is_in_path(const char *program)
{
	const char *variable = getenv("PATH");
	char *dirs = strdup(variable ? variable : "");
	bool found = false;
	char path[PATH_MAX];

	if (!dirs)
		die("strdup");
	for (char *dir = strtok(dirs, ":"); dir; dir = strtok(NULL, ":")) {
		snprintf(path, sizeof(path), "%s/%s", dir, program);
		found = found || access(path, F_OK) == 0;
	}
	free(dirs);
	return found;
}

void set_default_path(const char *program)
{
	if (!strchr(program, '/') && !is_in_path(program) &&
	    setenv("PATH", DEFAULT_PATH, 1) < 0)
		die("setenv(\"PATH\")");
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
