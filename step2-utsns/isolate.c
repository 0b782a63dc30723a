/*
 * isolate - run a program in an isolated environment
 *
 * Step 1, the user namespace: PROGRAM is root inside, an ordinary user outside.
 * Step 2, the UTS namespace: PROGRAM has a hostname of its own.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../common/caps.h"
#include "../common/error.h"
#include "../common/idmap.h"
#include "../common/options.h"
#include "../common/process.h"

struct options {
	struct id_map uid_map;
	struct id_map gid_map;
	bool map_auto;
	uint64_t dropped_caps;
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
		{ 0, "map-auto", NULL,
		  "map all subordinate ids too, /etc/subuid and /etc/subgid",
		  set_flag, &options->map_auto },
		{ 0, "cap-drop", "LIST",
		  "capabilities that PROGRAM must not have, or all",
		  add_capabilities, &options->dropped_caps },
		{ 0, "hostname", "NAME", "the hostname inside (isolated)",
		  set_hostname, &options->hostname },
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

/* What the child does, from the moment the parent has set it up. */
static void run_child(void *argument)
{
	struct options *options = argument;

	await_release();
	take_ids(options);
	die_with_parent();
	set_up_uts(options);
	drop_capabilities(options->dropped_caps);
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

	child = clone_child(flags, run_child, &options);
	map_ids(child, &options);
	release_child();

	status = wait_child(child);
	return status;
}
