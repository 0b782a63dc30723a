/*
 * isolate - run a program in an isolated environment
 *
 * Step 1, the user namespace: PROGRAM is root inside, an ordinary user outside.
 * Step 2, the UTS namespace: PROGRAM has a hostname of its own.
 * Step 3, the IPC namespace: PROGRAM has System V objects and POSIX message
 * queues of its own. It starts empty, and there is nothing to set up in it.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../common/caps.h"
#include "../common/error.h"
#include "../common/file.h"
#include "../common/idmap.h"
#include "../common/options.h"
#include "../common/process.h"

struct options {
	struct id_map uid_map;
	struct id_map gid_map;
	const char *hostname;
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

/* What the child does, from the moment the parent has mapped its ids. */
static void run_child(void *argument)
{
	struct options *options = argument;

	await_release();
	take_ids(options);
	die_with_parent();
	set_up_uts(options);
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

	child = clone_child(flags, run_child, &options);
	map_ids(child, &options);
	release_child();

	status = wait_child(child);
	exit_like(status);
}
