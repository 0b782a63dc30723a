/*
 * isolate PROGRAM [ARGS...], with ip(8) by system(3), and a child that sets up
 * what is inside itself. A helper process lays the cable; for an ordinary user
 * it does so in a network namespace of its own, and stays there until the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES                                                    \
	(CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
	 CLONE_NEWPID | CLONE_NEWNS)

static char stack[1024 * 1024];
static char **program;
static int to_child[2], from_child[2], to_helper[2], from_helper[2];

static void fail(const char *what)
{
	fprintf(stderr, "isolate: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void sh(const char *format, int a, int b)
{
	char command[256];

	snprintf(command, sizeof(command), format, a, b);
	if (system(command) != 0) {
		fprintf(stderr, "isolate: failed: %s\n", command);
		exit(EXIT_FAILURE);
	}
}

static void put(int fd, char c)
{
	if (write(fd, &c, 1) != 1)
		fail("write");
}

/* Who gets an end of file has lost the parent. */
static int get(int fd)
{
	unsigned char c;

	if (read(fd, &c, 1) != 1)
		exit(EXIT_FAILURE);
	return c;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void map_ids(int pid)
{
	char path[64], map[64];
	int root = getuid() == 0;

	if (!root) {
		snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
		write_file(path, "deny");
	}
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 %u 1", root ? 200000 : getuid());
	write_file(path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	snprintf(map, sizeof(map), "0 %u 1", root ? 200000 : getgid());
	write_file(path, map);
}

static int inside(void *unused)
{
	int last;

	(void)unused;
	close(to_child[1]);
	close(to_helper[1]);
	get(to_child[0]); /* the maps are written */
	setgroups(0, NULL);
	if (setgid(0) || setuid(0))
		fail("setuid");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		fail("prctl");
	put(from_child[1], 'r');
	last = get(to_child[0]); /* the cable is laid */
	if (sethostname("container", 9))
		fail("sethostname");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		fail("mount");
	sh("ip link set lo up", 0, 0);
	sh("ip addr add 10.11.%d.%d/16 dev peer0", 12, last);
	sh("ip link set peer0 up", 0, 0);
	execvp(program[0], program);
	fprintf(stderr, "isolate: %s: %s\n", program[0], strerror(errno));
	return 127;
}

static void lay_cable(int pid)
{
	char command[256];
	int last = 14;

	sh("ip link add iso%d type veth peer name peer0 netns %d", pid, pid);
	sh("ip addr add 10.11.12.13/32 dev iso%d", pid, 0);
	sh("ip link set iso%d up", pid, 0);
	for (;; last++) {
		if (last > 254)
			fail("no address left");
		snprintf(command, sizeof(command),
			 "ip route add 10.11.12.%d/32 dev iso%d 2>/dev/null",
			 last, pid);
		if (system(command) == 0)
			break;
	}
	put(from_helper[1], (char)last);
}

/* Lives until the parent closes its pipe, or has ended. */
static int helper(int pid, int root)
{
	char path[64];
	int fd;

	close(to_child[1]);
	close(to_helper[1]);
	if (!root) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWUSER) || unshare(CLONE_NEWNET))
			fail("the host's side");
		close(fd);
	}
	lay_cable(pid);
	get(to_helper[0]);
	return 0;
}

int main(int argc, char *argv[])
{
	int status, pid, helper_pid, last;

	if (argc < 2) {
		fprintf(stderr, "usage: isolate PROGRAM [ARGS...]\n");
		return EXIT_FAILURE;
	}
	program = argv + 1;
	closefrom(3);
	if (pipe2(to_child, O_CLOEXEC) || pipe2(from_child, O_CLOEXEC) ||
	    pipe2(to_helper, O_CLOEXEC) || pipe2(from_helper, O_CLOEXEC))
		fail("pipe");
	pid = clone(inside, stack + sizeof(stack), NAMESPACES | SIGCHLD, NULL);
	if (pid < 0)
		fail("clone");
	close(from_child[1]);
	map_ids(pid);
	helper_pid = fork();
	if (helper_pid < 0)
		fail("fork");
	if (helper_pid == 0)
		return helper(pid, getuid() == 0);
	close(from_helper[1]);
	put(to_child[1], 'm');
	get(from_child[0]);
	last = get(from_helper[0]);
	put(to_child[1], (char)last);
	waitpid(pid, &status, 0);
	close(to_helper[1]);
	waitpid(helper_pid, NULL, 0);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}
