/*
 * The life of the child, from clone(2) to the last step before PROGRAM, and the
 * sync pipe. See process.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"
#include "wait.h"

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

/* If the child has failed first, it has said why. */
static void kill_child(void)
{
	int status = -1; /* not known */

	if (waitpid(child_pid, &status, WNOHANG) != child_pid) {
		kill(child_pid, SIGKILL);
		waitpid(child_pid, &status, 0);
	} else if (WIFSIGNALED(status)) {
		reporting.reason = "a signal has killed the child";
	}
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
}

void occupy_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) <= STDERR_FILENO)
		if (fd < 0)
			die("open(\"/dev/null\")");
	close(fd);
}

/*
 * The system call itself and not glibc's clone(): without a stack it works as
 * fork(2), the child goes on here with a copy of all the parent has.
 */
pid_t clone_child(int flags, void (*run)(void *), void *argument)
{
	char names[128];

	child_is_process_1 = flags & CLONE_NEWPID;
	take_over_signals();
	if (pipe2(sync_pipe, O_CLOEXEC) < 0)
		die("pipe2(O_CLOEXEC)");
	name_flags(names, (unsigned long)flags, clone_flags);
	child_pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (child_pid == 0) {
		reporting.role = "child";
		run(argument);
		_exit(EXIT_SUCCESS);
	}
	if (child_pid < 0)
		die("clone(%s)", names);
	narrate("clone(%s) = %d", names, (int)child_pid);
	reporting.clean_up = kill_child;
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
	ssize_t got = read(sync_pipe[READ_END], data, size);

	if (got < 0)
		die("read from the parent");
	/* End of file: the parent has died. So does the child, in silence. */
	if (got != (ssize_t)size)
		_exit(EXIT_ISOLATE);
}

/*
 * PROGRAM would otherwise find the caller's keys in its session keyring, and a
 * key is not part of any namespace. It counts as one of the user who makes it:
 * that is to be the caller, before the ids change, and not an id which all of
 * root's isolates share. A kernel may be built without keys.
 */
static void join_new_session_keyring(void)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	if (id < 0 && errno == ENOSYS)
		return;
	check(id < 0 ? -1 : 0, "keyctl(KEYCTL_JOIN_SESSION_KEYRING)");
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
	join_new_session_keyring();
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
