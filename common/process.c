/*
 * The life of the child, from clone(2) to waitpid(2). See process.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC                              \
	(1U << 2) /* Linux 5.11, newer than some headers \
		   */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

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

/* "CLONE_NEWUSER|CLONE_NEWUTS|SIGCHLD" */
static void describe_flags(int flags, char *text)
{
	static const struct {
		int flag;
		const char *name;
	} names[] = {
		{ CLONE_NEWUSER, "CLONE_NEWUSER|" },
		{ CLONE_NEWUTS, "CLONE_NEWUTS|" },
		{ CLONE_NEWIPC, "CLONE_NEWIPC|" },
		{ CLONE_NEWNET, "CLONE_NEWNET|" },
		{ CLONE_NEWPID, "CLONE_NEWPID|" },
		{ CLONE_NEWNS, "CLONE_NEWNS|" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			text = stpcpy(text, names[i].name);
	strcpy(text, "SIGCHLD");
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

static void give_back_signals(void)
{
	if (sigaction(SIGCHLD, &callers_sigchld, NULL) < 0)
		die("sigaction(SIGCHLD)");
	if (sigprocmask(SIG_SETMASK, &callers_mask, NULL) < 0)
		die("sigprocmask(SIG_SETMASK)");
}

/*
 * The system call itself and not glibc's clone(3): without a stack it works as
 * fork(2), the child goes on here with a copy of all the parent has.
 */
pid_t clone_child(int flags, void (*run)(void *), void *argument)
{
	char names[128];

	occupy_standard_descriptors();
	take_over_signals();
	if (pipe2(sync_pipe, O_CLOEXEC) < 0)
		die("pipe2(O_CLOEXEC)");
	describe_flags(flags, names);
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

/* SIGPIPE is blocked: if the child is gone, that is EPIPE. */
void send_to_child(const void *data, size_t size)
{
	if (write(sync_pipe[WRITE_END], data, size) < 0)
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

/*
 * Returns true and the status if the child has ended. If it has only stopped,
 * so does the parent: the shell that waits for the parent then gets its
 * terminal back. The SIGCONT that wakes the parent is passed on to the child.
 */
static bool has_ended(pid_t child, int *status)
{
	while (waitpid(child, status, WNOHANG | WUNTRACED) > 0) {
		if (!WIFSTOPPED(*status))
			return true;
		raise(SIGSTOP);
	}
	return false;
}

/*
 * Signals from processes are passed on, si_code says so. Those from the
 * terminal are not: all of the foreground process group gets them, and the
 * child is part of it.
 */
int wait_child(pid_t child)
{
	sigset_t all;
	siginfo_t info;
	int status, signal;

	sigfillset(&all);
	for (;;) {
		signal = sigwaitinfo(&all, &info);
		if (signal == SIGCHLD && has_ended(child, &status))
			break;
		if (signal > 0 && signal != SIGCHLD && info.si_code <= 0)
			kill(child, signal);
	}
	before_dying(NULL);
	if (WIFSIGNALED(status)) {
		narrate("waitpid(%d): ended by signal %d", (int)child,
			WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	narrate("waitpid(%d): exit status %d", (int)child, WEXITSTATUS(status));
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

/* What close_range(2) does, for Linux before 5.11. */
static void close_each_on_exec(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		die("opendir(\"/proc/self/fd\")");
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			die("fcntl(%d, F_SETFD, FD_CLOEXEC)", fd);
	}
	closedir(dir);
}

static void close_others_on_exec(void)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U,
		    CLOSE_RANGE_CLOEXEC) < 0)
		close_each_on_exec();
}

void exec_program(char *program[])
{
	join_new_session_keyring();
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
	      "prctl(PR_SET_NO_NEW_PRIVS, 1)");
	close_others_on_exec();
	narrate("execvp(\"%s\")", program[0]);
	give_back_signals();
	execvp(program[0], program);
	die_with(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
		 "execvp(\"%s\")", program[0]);
}
