/*
 * torture - runs isolate again and again, and each time has something go wrong
 *
 *	torture faults LABEL ISOLATE [OPTIONS...]
 *	torture kills  LABEL ISOLATE [OPTIONS...]
 *	torture limits LABEL ISOLATE [OPTIONS...]
 *
 * It is the tracer, ptrace(2), of the processes of a run. The first run is left
 * alone, and tells which system calls there are: from isolate's first
 * instruction to PROGRAM's, in parent and child, and what the parent does after
 * PROGRAM. Then there is a run for each of these calls.
 *
 *	faults	the call is not made, and its caller gets an errno value
 *	kills	a signal comes as the call begins, to parent, child or both
 *	limits	nothing comes; there is a limit of setrlimit(2), from a low one
 *		upwards
 *
 * A call is known by who makes it and what it is, "the child's third openat":
 * so it is found again, whoever of the two is faster. One of a loop that waits
 * may not come again, and counts as not reached.
 *
 * torture has to be process 1 of a pid namespace. So it becomes the parent of
 * whoever loses theirs, and a run is over when it has no child left.
 *
 * It prints a line for each run that fell short: whose call it was, what was
 * done, what was wanted and what was seen; then the sums. With LONG in the
 * environment it takes all errno values that it knows for a call, and all
 * signals at each. For x86-64 alone, since a call is changed in its registers.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "torture.h"

enum { PROGRAMS_STATUS = 7, ISOLATE_FAILED = 125, CANNOT_RUN, NOT_FOUND };

static const struct {
	const char *name;
	int resource;
	rlim_t first, last, step;
} limits[] = {
	{ "nofile", RLIMIT_NOFILE, 3, 20, 1 },
	{ "nproc", RLIMIT_NPROC, 1, 40, 1 },
	{ "as", RLIMIT_AS, 3 << 20, 6 << 20, 64 << 10 },
	{ "data", RLIMIT_DATA, 64 << 10, 1 << 20, 16 << 10 },
};

static struct recording recording;
static const char *label;
static char **isolate; /* its command line */
static bool has_init, is_long;
static int tried, fell_short, not_reached;

/* Says if one of the words, "|" between them, was said. */
static bool has_said(const struct outcome *outcome, const char *words)
{
	char list[64];

	snprintf(list, sizeof(list), "%s", words);
	for (char *word = strtok(list, "|"); word; word = strtok(NULL, "|"))
		if (strstr(outcome->said, word))
			return true;
	return *words == '\0';
}

/* These return what was wanted, and is not so; or NULL. */
static const char *judge_message(const struct fault *fault,
				 const struct outcome *outcome)
{
	const struct moment *moment = fault->moment;
	const char *words = find_call(moment->call)->words;

	if (moment->role >= HELPER)
		words = find_call(SYS_clone3)->words;
	if (outcome->messages != 1)
		return "one message";
	/* getpwuid(3) finds no name then, and does not say why. */
	if (moment->before_clone && strstr(outcome->said, "no subordinate"))
		return NULL;
	if (!strstr(outcome->said, strerror(fault->error)))
		return "the errno value in the message";
	if (!has_said(outcome, words))
		return "the call named in the message";
	return NULL;
}

/*
 * Once PROGRAM has ended, its status is what the caller asked for. But if the
 * parent cannot learn of it, it has to say so.
 */
static const char *judge_fault(const struct fault *fault,
			       const struct outcome *outcome)
{
	const struct moment *moment = fault->moment;
	bool is_program = moment->call == SYS_execve && moment->role < HELPER;
	int status = !is_program	      ? ISOLATE_FAILED
		     : fault->error == ENOENT ? NOT_FOUND
					      : CANNOT_RUN;

	if (outcome->status == PROGRAMS_STATUS && !outcome->ran_after &&
	    (moment->program_ended || (moment->role == PARENT && outcome->ran)))
		return outcome->messages <= 1 ? NULL : "one message";
	if (is_tolerated(moment, fault->error) && outcome->ran &&
	    outcome->status == PROGRAMS_STATUS && outcome->messages == 0)
		return NULL;
	if (moment->program_ended && moment->role == PARENT &&
	    moment->call != SYS_wait4)
		return "PROGRAM's status";
	/* Once it waits for nobody, it may be too fast to be stopped. */
	if (outcome->ran_after && !moment->released)
		return "PROGRAM not run";
	if (outcome->status != status)
		return status == ISOLATE_FAILED ? "status 125"
						: "status 126, 127 for ENOENT";
	return judge_message(fault, outcome);
}

/*
 * A process 1 that has no handler for a signal does not get it: without --init,
 * SIGTERM does nothing to PROGRAM. And a signal can come too late.
 */
static const char *judge_kill(const struct fault *fault,
			      const struct outcome *outcome)
{
	bool died = outcome->status == 128 + fault->signal;
	bool ended = outcome->status == PROGRAMS_STATUS && outcome->ran;

	if (outcome->messages > 1)
		return "one message";
	if (fault->signal == SIGKILL && fault->to[PARENT])
		return died ? NULL : "death by the signal";
	if (fault->signal == SIGKILL && outcome->status == ISOLATE_FAILED)
		return outcome->messages == 1 ? NULL : "a message";
	if (fault->keeps_input && !(outcome->ran && !outcome->ran_after))
		return died ? NULL : "death by the signal";
	return died || ended ? NULL : "death by the signal, or PROGRAM's";
}

static const char *judge_limit(const struct fault *fault,
			       const struct outcome *outcome)
{
	(void)fault;
	if (outcome->ran)
		return outcome->messages <= 1 ? NULL : "one message";
	if (outcome->status < ISOLATE_FAILED || outcome->status > NOT_FOUND)
		return "status 125 to 127";
	return outcome->messages == 1 ? NULL : "one message";
}

static const char *name_of(const struct fault *fault)
{
	static const char *const to[] = { "", "isolate", "the child", "both" };
	static const char *const roles[] = { "parent", "child", "program" };
	const struct moment *moment = fault->moment;
	static char name[256];
	int size;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!moment && limits[i].resource == fault->resource)
			snprintf(name, sizeof(name), "limit %s=%llu",
				 limits[i].name,
				 (unsigned long long)fault->limit);
	if (!moment)
		return name;
	size = snprintf(
		name, sizeof(name), "%s's call %d, %s(%ld) number %d%s%s",
		moment->role < HELPER ? roles[moment->role] : "helper",
		moment->index, find_call(moment->call)->name, moment->call,
		moment->nth, *moment->path ? ", " : "", moment->path);
	if (fault->error)
		snprintf(name + size, sizeof(name) - (size_t)size, ": %s",
			 strerrorname_np(fault->error));
	else
		snprintf(name + size, sizeof(name) - (size_t)size,
			 ": SIG%s to %s", sigabbrev_np(fault->signal),
			 to[fault->to[PARENT] + 2 * fault->to[CHILD]]);
	return name;
}

static void try(struct fault fault,
		const char *(*judge)(const struct fault *fault,
				     const struct outcome *outcome))
{
	const struct outcome *outcome;
	const char *wanted = NULL;

	for (int i = 0; i < 3; i++) {
		outcome = run(isolate, &fault, NULL);
		if (outcome->happened || outcome->hung || outcome->left)
			break;
	}
	tried++;
	not_reached += !outcome->happened;
	if (outcome->left)
		wanted = "nothing left";
	else if (outcome->hung)
		wanted = "an end in time";
	else if (outcome->happened)
		wanted = judge(&fault, outcome);
	else if (outcome->status != PROGRAMS_STATUS)
		wanted = "PROGRAM's status";
	if (!wanted)
		return;
	fell_short++;
	printf("%s: %s: wanted %s; saw %sstatus %d, PROGRAM %s, \"%s\"\n",
	       label, name_of(&fault), wanted, outcome->hung ? "a hang, " : "",
	       outcome->status, outcome->ran ? "ran" : "did not run",
	       outcome->said);
}

/* If PROGRAM runs though it should not, it does not end by itself either. */
static void try_faults(void)
{
	for (int i = 0; i < recording.length; i++) {
		const struct moment *moment = &recording.moments[i];
		const int *errors = find_call(moment->call)->errors;
		struct fault fault = { .moment = moment, .seconds = 2 };

		if (cannot_fail(moment))
			continue;
		for (int n = 0; n < (is_long ? MOST_ERRORS : 1); n++) {
			fault.error = errors[n];
			fault.keeps_input = !is_tolerated(moment, errors[n]);
			if (fault.error)
				try(fault, judge_fault);
		}
	}
}

/*
 * SIGKILL at each call, and of the others, which isolate treats alike, one in
 * turn. PROGRAM waits for the signal, if that gets to it.
 */
static void try_kills(void)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP };

	for (int i = 0; i < recording.length; i++)
		for (int n = 0; n < 4; n++) {
			const struct moment *moment = &recording.moments[i];
			struct fault fault = { .moment = moment,
					       .signal = signals[n],
					       .seconds = 5 };

			if ((moment->role >= HELPER && cannot_fail(moment)) ||
			    (!is_long && n > 0 && n != 1 + i % 3))
				continue;
			fault.keeps_input = n == 0 || has_init;
			fault.to[PARENT] = true;
			try(fault, judge_kill);
			if (!moment->has_child)
				continue;
			fault.to[CHILD] = true;
			try(fault, judge_kill);
			fault.to[PARENT] = false;
			try(fault, judge_kill);
		}
}

/* Where not even the dynamic loader has enough, it is not isolate's affair. */
static void try_limits(void)
{
	char version[] = "--version", *loading[] = { *isolate, version, NULL };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		for (rlim_t limit = limits[i].first; limit <= limits[i].last;
		     limit += limits[i].step) {
			struct fault fault = { .resource = limits[i].resource,
					       .limit = limit,
					       .seconds = 5 };

			if (run(loading, &fault, NULL)->status == 0)
				try(fault, judge_limit);
		}
}

/* isolate's command line ends with a PROGRAM that waits for its input. */
static void take_command_line(int argc, char *argv[])
{
	static char shell[] = "sh", option[] = "-c";
	static char script[] = "read line; exit 7";
	char *const program[] = { shell, option, script, NULL };

	isolate = calloc((size_t)argc + 4, sizeof(*isolate));
	if (!isolate)
		err(2, "calloc");
	memcpy(isolate, argv, (size_t)argc * sizeof(*isolate));
	memcpy(isolate + argc, program, sizeof(program));
	for (int i = 0; i < argc; i++)
		has_init = has_init || strcmp(argv[i], "--init") == 0;
}

/* The shortest of three: isolate looks again and again for a carrier. */
static void record(void)
{
	static const struct fault none = { .seconds = 10 };
	static struct recording another;

	for (int i = 0; i < 3; i++) {
		const struct outcome *outcome = run(isolate, &none, &another);

		if (outcome->status != PROGRAMS_STATUS || outcome->left)
			errx(2, "%s: without a fault, status %d, \"%s\"", label,
			     outcome->status, outcome->said);
		if (i == 0 || another.length < recording.length)
			recording = another;
	}
	if (recording.length == MOST_MOMENTS)
		errx(2, "%s: %d calls and more", label, MOST_MOMENTS);
}

int main(int argc, char *argv[])
{
	if (argc < 4 || getpid() != 1)
		errx(2, "usage, as process 1 of a pid namespace: torture "
			"faults|kills|limits LABEL ISOLATE [OPTIONS...]");
	is_long = getenv("LONG");
	label = argv[2];
	take_command_line(argc - 3, argv + 3);
	record();
	if (strcmp(argv[1], "faults") == 0)
		try_faults();
	else if (strcmp(argv[1], "kills") == 0)
		try_kills();
	else
		try_limits();
	printf("%s: %d tried, %d fell short, %d not reached\n", argv[1], tried,
	       fell_short, not_reached);
	return fell_short > 0;
}
