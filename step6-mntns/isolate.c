/*
 * isolate - run a program in an isolated environment
 *
 * Step 1, the user namespace: PROGRAM is root inside, an ordinary user outside.
 * Step 2, the UTS namespace: PROGRAM has a hostname of its own.
 * Step 3, the IPC namespace: PROGRAM has System V objects and POSIX message
 * queues of its own. It starts empty, and there is nothing to set up in it.
 * Step 4, the network namespace: PROGRAM has network links, addresses, routes
 * and ports of its own, and a veth pair between it and the host.
 * Step 5, the pid namespace: PROGRAM is process 1, or a child of it. It knows
 * no processes but its own, and all of these end with process 1.
 * Step 6, the mount namespace: PROGRAM has a mount table of its own, a /proc
 * that shows its own processes, and, if asked for, a root of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/caps.h"
#include "../common/error.h"
#include "../common/idmap.h"
#include "../common/mounts.h"
#include "../common/netlink.h"
#include "../common/options.h"
#include "../common/process.h"

#define HOST_ADDRESS ((struct address){ inet_addr("10.11.12.13"), 32 })
#define PEER_ADDRESS ((struct address){ inet_addr("10.11.12.14"), 24 })

/* What the parent keeps of the host's side of the veth pair. */
struct host_side {
	struct netlink netlink;
	struct link link;
	struct address peer_address;
};

struct options {
	struct id_map uid_map;
	struct id_map gid_map;
	bool map_auto;
	uint64_t dropped_caps;
	const char *hostname;
	bool loopback;
	bool init;
	char *rootfs;
	struct binds binds;
	char **program;
};

static void set_hostname(void *hostname, const char *value)
{
	if (strlen(value) < 1 || strlen(value) > HOST_NAME_MAX)
		reject("--hostname: not 1 to %d bytes long", HOST_NAME_MAX);
	*(const char **)hostname = value;
}

static void set_net(void *loopback, const char *value)
{
	*(bool *)loopback = strcmp(value, "loopback") == 0;
	if (!*(bool *)loopback && strcmp(value, "veth") != 0)
		reject("--net %s: not veth or loopback", value);
}

/* A directory on descriptor 0, 1 or 2 would be a way out of the new root. */
static void set_rootfs(void *rootfs, const char *value)
{
	struct stat info;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
			reject("--rootfs: descriptor %d is a directory", fd);
	*(char **)rootfs = realpath(value, NULL);
	if (!*(char **)rootfs)
		die("--rootfs %s", value);
	if (stat(value, &info) < 0 || !S_ISDIR(info.st_mode))
		reject("--rootfs %s: not a directory", value);
	if (strcmp(*(char **)rootfs, "/") == 0)
		reject("--rootfs %s: that is the root already", value);
}

static void parse_options(struct options *options, int argc, char *argv[])
{
	const struct option_row rows[] = {
		{ 'u', "uid-map", "INSIDE:OUTSIDE:COUNT",
		  "map these user ids (repeatable)", add_id_range,
		  &options->uid_map },
		{ 'g', "gid-map", "INSIDE:OUTSIDE:COUNT",
		  "map these group ids (repeatable)", add_id_range,
		  &options->gid_map },
		{ 0, "map-auto", NULL,
		  "map all subordinate ids too, /etc/subuid and /etc/subgid",
		  set_flag, &options->map_auto },
		{ 0, "cap-drop", "LIST",
		  "capabilities that PROGRAM must not have, or all",
		  add_capabilities, &options->dropped_caps },
		{ 0, "hostname", "NAME", "the hostname inside (isolated)",
		  set_hostname, &options->hostname },
		{ 0, "net", "veth|loopback",
		  "a veth pair to the host (default), or lo alone", set_net,
		  &options->loopback },
		{ 0, "init", NULL,
		  "run PROGRAM under a process 1 that reaps and passes signals",
		  set_flag, &options->init },
		{ 0, "rootfs", "DIR", "make DIR the root", set_rootfs,
		  &options->rootfs },
		{ 0, "bind", "SRC:DEST[:ro]",
		  "show SRC at DEST, inside (repeatable)", add_bind,
		  &options->binds },
		{ 0 },
	};

	options->hostname = "isolated";
	options->program = parse_command_line(argc, argv, rows);
	default_id_map(&options->uid_map, "uid_map", options->map_auto);
	default_id_map(&options->gid_map, "gid_map", options->map_auto);
}

/*
 * User namespace, from outside: says which ids inside are which ids outside.
 *
 * Until this is done all ids inside are the overflow id 65534. setgroups comes
 * first: a member of a group may have fewer rights than others (a file of mode
 * 0604), so leaving the group must not become possible in a user namespace.
 * Without CAP_SETGID the kernel therefore takes no gid_map until setgroups(2)
 * is denied: CVE-2014-8989, user_namespaces(7). newgidmap(1) sees to it itself.
 */
static void map_ids(pid_t child, const struct options *options)
{
	if (!has_capability(CAP_SETGID) && !options->gid_map.subordinate)
		write_proc(child, "setgroups", "deny");
	write_id_map(child, "gid_map", &options->gid_map);
	write_id_map(child, "uid_map", &options->uid_map);
}

/*
 * User namespace, from inside: becomes root, or, where a map has no 0, its
 * first id. The groups go first, since only root may change them.
 */
static void take_ids(const struct options *options)
{
	uid_t uid = inside_id(&options->uid_map);
	gid_t gid = inside_id(&options->gid_map);

	/* EPERM: setgroups is denied, the groups stay. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		die("setgroups(0, NULL)");
	check(setresgid(gid, gid, gid), "setresgid(%u, %u, %u)", gid, gid, gid);
	check(setresuid(uid, uid, uid), "setresuid(%u, %u, %u)", uid, uid, uid);
}

/* UTS namespace: it starts as a copy of the caller's, then changes alone. */
static void set_up_uts(const struct options *options)
{
	const char *name = options->hostname;

	check(sethostname(name, strlen(name)), "sethostname(\"%s\")", name);
}

/*
 * Network namespace, from outside: an ordinary user may not change the host's.
 * So the parent joins the child's user namespace, in which it may do anything,
 * having created it, and takes a network namespace there: a private host side.
 */
static void take_private_network(pid_t child, const struct options *options)
{
	char path[64];
	int userns;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", child);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	check(userns, "open(\"%s\") = %d", path, userns);
	check(setns(userns, CLONE_NEWUSER), "setns(%d, CLONE_NEWUSER)", userns);
	/* Root in there may ptrace(2) us now: fine only if that is us. */
	if (geteuid() != inside_id(&options->uid_map))
		check(prctl(PR_SET_DUMPABLE, 0), "prctl(PR_SET_DUMPABLE, 0)");
	check(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
	close(userns);
}

/*
 * ip link add peer0 up netns CHILD type veth peer name NAME. peer0 is born
 * inside, since moving it takes longer, and up: the end that comes up last can
 * send at once, the other a moment later, and the child can wait for its own.
 * Unless told, veth makes send queues for all processors, and then undoes it.
 */
static void create_veth(struct netlink *netlink, const char *name, pid_t child)
{
	struct nlmsghdr *request =
		start_request(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *link =
		mnl_nlmsg_put_extra_header(request, sizeof(*link));
	struct nlattr *info, *data, *peer;

	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_strz(request, IFLA_IFNAME, "peer0");
	mnl_attr_put_u32(request, IFLA_NET_NS_PID, (uint32_t)child);
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	check(send_request(netlink, request),
	      "RTM_NEWLINK(peer0 up netns %d, veth, peer %s)", child, name);
}

/* A name for each: other isolates have host ends, or had, not yet gone. */
static void connect_host(struct host_side *host, pid_t child,
			 const struct options *options)
{
	char name[IF_NAMESIZE];

	if (!owns_network())
		take_private_network(child, options);
	open_netlink(&host->netlink);
	snprintf(name, sizeof(name), "veth%d", child);
	create_veth(&host->netlink, name, child);
	host->link = find_link(name);
	set_link_up(&host->netlink, &host->link);
	add_address(&host->netlink, HOST_ADDRESS, &host->link);
	host->peer_address =
		claim_address(&host->netlink, PEER_ADDRESS, &host->link);
}

/* Network namespace, from inside: lo is there, but down. */
static void set_up_net(const struct options *options)
{
	struct netlink netlink;
	struct address address;
	struct link link = find_link("lo");

	open_netlink(&netlink);
	set_link_up(&netlink, &link);
	if (!options->loopback) {
		receive_from_parent(&address, sizeof(address));
		link = find_link("peer0");
		add_address(&netlink, address, &link);
		await_carrier(&netlink, &link);
	}
	close_netlink(&netlink);
}

/*
 * Pid namespace: kill(2) with pid 0 signals a process group, and that reaches
 * out of it. So PROGRAM gets a session of its own, with a group in it. But a
 * terminal has one session: where there is one, PROGRAM needs the caller's.
 */
static void leave_process_group(void)
{
	int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC);

	if (terminal >= 0)
		close(terminal);
	else if (setsid() < 0)
		die("setsid()");
}

/*
 * Pid namespace: to be process 1 is a duty, pid_namespaces(7). All orphans
 * become its children, and stay zombies until it waits for them. And it gets no
 * signal that it has no handler for: a PROGRAM that relies on the default, as
 * most do for SIGTERM, would not end. So this process 1 waits and passes
 * signals on; PROGRAM is its child, and goes on from here.
 */
static void become_init(void)
{
	pid_t program;

	/* No way through /proc/1 to isolate's files, see CVE-2019-5736. */
	check(prctl(PR_SET_DUMPABLE, 0), "prctl(PR_SET_DUMPABLE, 0)");
	closefrom(STDERR_FILENO + 1);
	program = fork();
	if (program < 0)
		die("fork()");
	if (program == 0)
		return;
	set_role("init");
	narrate("fork() = %d", program);
	_exit(wait_child(program));
}

/*
 * Makes dir the root, and the working directory. pivot_root(2) wants a mount
 * point, which dir becomes when it is bound to itself. It mounts the old root
 * over the new one; the descriptor returned leads to it until it is detached.
 */
static int pivot_to(const char *dir)
{
	int old_root = open("/", O_PATH | O_CLOEXEC);

	check(old_root, "open(\"/\") = %d", old_root);
	do_mount(dir, dir, NULL, MS_BIND | MS_REC, NULL);
	check(chdir(dir), "chdir(\"%s\")", dir);
	check((int)syscall(SYS_pivot_root, ".", "."),
	      "pivot_root(\".\", \".\")");
	return old_root;
}

/* A symbolic link will not do: while the old root is there, ".." leads to it.
 */
static void make_directory(const char *path)
{
	struct stat info;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die("mkdir(\"%s\")", path);
	if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode))
		reject("%s: not a directory", path);
}

/* In a user namespace there is no mknod(2) for devices: the host's are bound.
 */
static void set_up_dev(int old_root)
{
	static const char *const devices[] = { "null",	 "zero",    "full",
					       "random", "urandom", "tty" };
	static const char *const links[][2] = {
		{ "pts/ptmx", "/dev/ptmx" },
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};
	char outside[64], inside[64];

	make_directory("/dev");
	do_mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(outside, sizeof(outside), "/proc/self/fd/%d/dev/%s",
			 old_root, devices[i]);
		snprintf(inside, sizeof(inside), "/dev/%s", devices[i]);
		check(mknod(inside, S_IFREG, 0), "mknod(\"%s\", S_IFREG)",
		      inside);
		do_mount(outside, inside, NULL, MS_BIND, NULL);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		check(symlink(links[i][0], links[i][1]),
		      "symlink(\"%s\", \"%s\")", links[i][0], links[i][1]);
	make_directory("/dev/pts");
	make_directory("/dev/shm");
	make_directory("/dev/mqueue");
	do_mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620");
	do_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
		 "mode=1777");
	do_mount("mqueue", "/dev/mqueue", "mqueue",
		 MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* Takes copies of the mounts to bind, which outlive the old root. */
static void open_binds(struct binds *binds)
{
	for (size_t i = 0; i < binds->length; i++) {
		struct bind *bind = &binds->list[i];

		bind->fd = open_tree(AT_FDCWD, bind->source,
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					     AT_RECURSIVE);
		check(bind->fd, "open_tree(\"%s\", OPEN_TREE_CLONE) = %d",
		      bind->source, bind->fd);
	}
}

static void mount_binds(const struct binds *binds)
{
	for (size_t i = 0; i < binds->length; i++) {
		const struct bind *bind = &binds->list[i];

		check(move_mount(bind->fd, "", AT_FDCWD, bind->target,
				 MOVE_MOUNT_F_EMPTY_PATH |
					 MOVE_MOUNT_T_SYMLINKS),
		      "move_mount(%d, \"%s\")", bind->fd, bind->target);
		if (bind->read_only)
			make_read_only(bind->fd);
	}
}

/*
 * Mount namespace: it starts as a copy of the caller's. Where the caller's
 * mounts are shared, as systemd makes them, what is mounted there later would
 * still appear here. The old root goes after the new /proc has come, which
 * the kernel mounts only where one can be seen already, and before the binds:
 * no symbolic link in DIR leads out then.
 */
static void set_up_mounts(struct options *options)
{
	int old_root = -1;

	do_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	open_binds(&options->binds);
	if (options->rootfs) {
		old_root = pivot_to(options->rootfs);
		make_directory("/proc");
	}
	do_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		 NULL);
	if (options->rootfs) {
		set_up_dev(old_root);
		make_directory("/sys");
		do_mount("sysfs", "/sys", "sysfs",
			 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
		check(fchdir(old_root), "fchdir(%d)", old_root);
		check(umount2(".", MNT_DETACH), "umount2(\".\", MNT_DETACH)");
		check(chdir("/"), "chdir(\"/\")");
		set_default_path(options->program[0]);
	}
	mount_binds(&options->binds);
}

/* What the child does, from the moment the parent has set it up. */
static void run_child(void *argument)
{
	struct options *options = argument;

	await_release();
	take_ids(options);
	die_with_parent();
	leave_process_group();
	set_up_uts(options);
	set_up_net(options);
	set_up_mounts(options);
	drop_capabilities(options->dropped_caps);
	if (options->init)
		become_init();
	exec_program(options->program);
}

int main(int argc, char *argv[])
{
	static struct options options;
	int flags = SIGCHLD;
	struct host_side host;
	pid_t child;
	int status;

	parse_options(&options, argc, argv);
	flags |= CLONE_NEWUSER;
	flags |= CLONE_NEWUTS;
	flags |= CLONE_NEWIPC;
	flags |= CLONE_NEWNET;
	flags |= CLONE_NEWPID;
	flags |= CLONE_NEWNS;

	child = clone_child(flags, run_child, &options);
	map_ids(child, &options);
	if (!options.loopback)
		connect_host(&host, child, &options);
	release_child();
	if (!options.loopback)
		send_to_child(&host.peer_address, sizeof(host.peer_address));

	status = wait_child(child);
	if (!options.loopback) {
		free_address(&host.netlink, host.peer_address, &host.link);
		close_netlink(&host.netlink);
	}
	return status;
}
