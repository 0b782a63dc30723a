/*
 * isolate PROGRAM [ARGS...], with a supervisor between: isolate starts it, it
 * starts PROGRAM, reaps what it has to reap, and hands the status on.
 *
 * The cable is laid from inside: who enters PROGRAM's network namespace makes
 * the pair there, and hands one end out to the supervisor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void quit(const char *why)
{
	fprintf(stderr, "isolate: %s: %s\n", why, strerror(errno));
	_exit(126);
}

static void put(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		quit(path);
	close(fd);
}

static void enter(pid_t pid, const char *kind, int flag)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, flag))
		quit(path);
	close(fd);
}

static void map_ids(pid_t pid)
{
	char map[64];

	if (getuid() == 0) {
		put(pid, "uid_map", "0 1000000 1000");
		put(pid, "gid_map", "0 1000000 1000");
		return;
	}
	put(pid, "setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1\n", getgid());
	put(pid, "gid_map", map);
	snprintf(map, sizeof(map), "0 %u 1\n", getuid());
	put(pid, "uid_map", map);
}

/* The status that a shell would tell. */
static int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = wait(&status);
		if (got < 0 && errno != EINTR)
			quit("wait");
	} while (got != pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* A command of words, run in PROGRAM's network namespace if that is given. */
static int command(pid_t in, const char *line)
{
	char copy[256], *argv[32], *rest = copy;
	int n = 0;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", line);
	while (n < 31 && (argv[n] = strsep(&rest, " ")))
		n++;
	argv[n] = NULL;
	pid = fork();
	if (pid == 0) {
		if (in)
			enter(in, "net", CLONE_NEWNET);
		execvp(argv[0], argv);
		quit(argv[0]);
	}
	return pid < 0 ? -1 : wait_for(pid);
}

static void lay_cable(pid_t pid)
{
	char line[256];
	int last = 14;

	snprintf(line, sizeof(line),
		 "ip link add peer0 type veth peer name c%d netns %d", pid,
		 getpid());
	if (command(pid, line))
		quit("no pair");
	snprintf(line, sizeof(line), "ip addr add 10.11.12.13/32 dev c%d", pid);
	if (command(0, line))
		quit("no address");
	snprintf(line, sizeof(line), "ip link set c%d up", pid);
	if (command(0, line))
		quit("not up");
	do {
		snprintf(line, sizeof(line),
			 "ip route add 10.11.12.%d/32 dev c%d", last, pid);
		if (last++ > 254)
			quit("no address left");
	} while (command(0, line));
	snprintf(line, sizeof(line), "ip addr add 10.11.12.%d/24 dev peer0",
		 last - 1);
	if (command(pid, line) || command(pid, "ip link set peer0 up") ||
	    command(pid, "ip link set lo up"))
		quit("peer0");
}

static void program(int go, char *argv[])
{
	struct pollfd supervisor = { .fd = go };
	char c;

	if (read(go, &c, 1) != 1)
		_exit(126);
	setgroups(0, NULL);
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		quit("ids");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&supervisor, 1, 0))
		_exit(126);
	if (sethostname("supervised", 10))
		quit("hostname");
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		quit("mount");
	execvp(argv[0], argv);
	fprintf(stderr, "isolate: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int supervise(char *argv[])
{
	int go[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		quit("pipe");
	pid = (pid_t)syscall(SYS_clone,
			     SIGCHLD | CLONE_NEWUSER | CLONE_NEWUTS |
				     CLONE_NEWIPC | CLONE_NEWNET |
				     CLONE_NEWPID | CLONE_NEWNS,
			     NULL, NULL, NULL, NULL);
	if (pid < 0)
		quit("clone");
	if (pid == 0) {
		close(go[1]);
		program(go[0], argv);
	}
	map_ids(pid);
	if (getuid() != 0) {
		enter(pid, "user", CLONE_NEWUSER);
		if (unshare(CLONE_NEWNET))
			quit("unshare");
	}
	lay_cable(pid);
	if (write(go[1], "", 1) != 1)
		quit("write");
	return wait_for(pid);
}

int main(int argc, char *argv[])
{
	pid_t parent = getpid(), pid;

	if (argc < 2) {
		fprintf(stderr, "usage: isolate PROGRAM [ARGS...]\n");
		return 126;
	}
	pid = fork();
	if (pid < 0)
		quit("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			return 126;
		return supervise(argv + 1);
	}
	return wait_for(pid);
}
