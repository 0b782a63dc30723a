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
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../common/caps.h"
#include "../common/error.h"
#include "../common/file.h"
#include "../common/idmap.h"
#include "../common/netlink.h"
#include "../common/options.h"
#include "../common/process.h"

#define HOST_ADDRESS ((struct address){ inet_addr("10.11.12.13"), 32 })
#define PEER_ADDRESS ((struct address){ inet_addr("10.11.12.14"), 24 })

/* The host's side of the veth pair. */
struct host_side {
	bool is_private; /* where we may not change the host's own network */
	int birthplace;	 /* the network namespace that the child is born in */
	struct netlink netlink;
	char link[IF_NAMESIZE];
	struct address peer; /* of peer0 */
};

struct options {
	struct id_map uid_map;
	struct id_map gid_map;
	const char *hostname;
	struct host_side host;
	bool init;
	char **program;
};

static void set_hostname(void *hostname, const char *value)
{
	if (strlen(value) < 1 || strlen(value) > HOST_NAME_MAX)
		reject("--hostname: not 1 to %d bytes long", HOST_NAME_MAX);
	*(const char **)hostname = value;
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
		{ 0, "hostname", "NAME", "the hostname inside (isolated)",
		  set_hostname, &options->hostname },
		{ 0, "init", NULL,
		  "run PROGRAM below a process 1: else SIGTERM may not end it",
		  set_flag, &options->init },
		{ 0 },
	};

	options->hostname = "isolated";
	options->program = parse_command_line(argc, argv, rows);
	default_id_map(&options->uid_map, "uid_map");
	default_id_map(&options->gid_map, "gid_map");
}

/*
 * User namespace, from outside: says which ids inside are which ids outside.
 * setgroups comes first: a member of a group may have fewer rights than others
 * (a file of mode 0604), so a user namespace must be no way to leave a group.
 * Without CAP_SETGID the kernel takes no gid_map until setgroups(2) is denied:
 * CVE-2014-8989, user_namespaces(7).
 */
static void map_ids(pid_t child, const struct options *options)
{
	if (!has_capability(CAP_SETGID))
		write_proc(child, "setgroups", "deny");
	write_id_map(child, "gid_map", &options->gid_map);
	write_id_map(child, "uid_map", &options->uid_map);
}

/*
 * User namespace, from inside: becomes root, or, where a map has no 0, its
 * first id. The groups go first, since only root may drop them.
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
 * ip link add peer0 up type veth peer name NAME netns HOST, as seen from
 * inside. peer0 comes up first: the last can send at once, the other a moment
 * later, and the child can wait for its own. Unless told, veth has a queue a
 * processor.
 */
static void create_veth(struct netlink *inside, const char *name, int host)
{
	struct nlmsghdr *request =
		start_request(inside, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *link =
		mnl_nlmsg_put_extra_header(request, sizeof(*link));
	struct nlattr *info, *data, *peer;

	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_strz(request, IFLA_IFNAME, "peer0");
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)host);
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	check(send_request(inside, request),
	      "RTM_NEWLINK(peer0 up, veth, peer %s netns %d)", name, host);
}

/* The host's end is named by the namespace inside, so that no two are alike. */
static void connect_host(struct host_side *host, struct netlink *inside)
{
	snprintf(host->link, sizeof(host->link), "veth%lu", netns_id(inside));
	create_veth(inside, host->link, host->netlink.netns);
	if (!host->is_private)
		listen_to_nobody(host->link);
	set_link_up(&host->netlink, host->link);
	add_address(&host->netlink, HOST_ADDRESS, host->link);
	host->peer = claim_address(&host->netlink, PEER_ADDRESS, host->link);
}

/* Network namespace, from outside: connects it to the host's. */
static void set_up_host_side(struct host_side *host)
{
	struct netlink inside;

	if (host->is_private)
		return;
	open_netlink(&host->netlink);
	open_netlink_in(&inside, host->birthplace);
	connect_host(host, &inside);
	close_netlink(&inside);
	close(host->birthplace);
	send_to_child(&host->peer, sizeof(host->peer));
	keep_connected(&host->netlink);
}

/* The network that the child was born in lives on, held by the parent. */
static void leave_host_side(struct host_side *host)
{
	if (host->is_private) {
		open_netlink(&host->netlink);
		check(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
	}
}

/* Network namespace, from inside: lo is there, but down. */
static void set_up_net(struct host_side *host)
{
	struct netlink inside;

	open_netlink(&inside);
	set_link_up(&inside, "lo");
	if (host->is_private)
		connect_host(host, &inside);
	else
		receive_from_parent(&host->peer, sizeof(host->peer));
	add_address(&inside, host->peer, "peer0");
	await_carrier(&inside, "peer0");
	close_netlink(&inside);
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
	else if (errno != ENXIO && errno != ENOENT)
		die("open(\"/dev/tty\")");
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

	/* No way to isolate through this process in /proc: CVE-2019-5736. */
	check(prctl(PR_SET_DUMPABLE, 0), "prctl(PR_SET_DUMPABLE, 0)");
	program = fork();
	if (program < 0)
		die("fork()");
	if (program == 0)
		return;
	reporting.role = "init";
	narrate("fork() = %d", program);
	wait_as_init(program);
}

/* What the child does, from the moment the parent has mapped its ids. */
static void run_child(void *argument)
{
	struct options *options = argument;

	await_release();
	take_ids(options);
	die_with_parent();
	leave_process_group();
	set_up_uts(options);
	leave_host_side(&options->host);
	set_up_net(&options->host);
	if (options->init)
		become_init();
	exec_program(options->program);
}

int main(int argc, char *argv[])
{
	static struct options options;
	int flags = SIGCHLD;
	pid_t child;
	int status;

	parse_options(&options, argc, argv);
	flags |= CLONE_NEWUSER;
	flags |= CLONE_NEWUTS;
	flags |= CLONE_NEWIPC;
	flags |= CLONE_NEWNET;
	flags |= CLONE_NEWPID;
	options.host.is_private = !owns_network();
	if (options.init)
		expect_init();

	child = clone_child(flags, run_child, &options);
	options.host.birthplace = open_netns(child);
	map_ids(child, &options);
	release_child();
	set_up_host_side(&options.host);

	status = wait_child(child);
	free_address(&options.host.netlink);
	exit_like(status);
}
