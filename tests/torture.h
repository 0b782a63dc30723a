/*
 * What the parts of torture share; torture.c says what it does.
 *
 * torture-run.c makes one run of isolate, torture-calls.c knows what system
 * calls may do, torture.c decides what to try, and judges what came of it.
 */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

/*
 * Who makes calls. PROGRAM is its process under --init; without it, that is the
 * child. Helpers are what the parent spawns, the first, the second and so on:
 * getsubids, newuidmap, newgidmap.
 */
enum { PARENT, CHILD, PROGRAM, HELPER, ROLES = HELPER + 8 };
enum { MOST_CALLS = 512, MOST_MOMENTS = 2000, MOST_ERRORS = 5 };

/* A call that is made in a run which is left alone. */
struct moment {
	int role;
	long call;
	int nth;	   /* of this kind that this role makes, from 1 on */
	int index;	   /* of all that it makes */
	char path[64];	   /* that it is about, "NULL", or "" */
	bool before_clone; /* there has been no child yet */
	bool has_child;	   /* there is one */
	bool released; /* PROGRAM waits for no more of what this role does */
	bool program_ended;
	bool spawns_helpers; /* the run does */
};

struct recording {
	struct moment moments[MOST_MOMENTS];
	int length;
};

/* What is to go wrong in a run. */
struct fault {
	const struct moment *moment; /* when, or NULL: always */
	int error;		     /* the call fails with this, */
	int signal;		     /* or this signal is sent, */
	bool to[CHILD + 1];	     /* to these, */
	bool keeps_input;	     /* and PROGRAM waits for it; */
	int resource;		     /* or there is a limit, RLIMIT_..., */
	rlim_t limit;		     /* of this size */
	unsigned int seconds;	     /* what the run may last */
};

struct outcome {
	int status;	/* isolate's, or 128 and the signal that ended it */
	bool happened;	/* the moment came */
	bool hung;	/* the time was over, and all were killed */
	bool left;	/* something was there that had not been before */
	bool ran;	/* PROGRAM was executed */
	bool ran_after; /* and only after the fault */
	int messages;	/* of isolate's */
	char said[4096];
};

/*
 * Runs a command line of isolate; the outcome is valid until the next run.
 * Where recorded is not NULL, it is filled in. In torture-run.c.
 */
const struct outcome *run(char *arguments[], const struct fault *what,
			  struct recording *recorded);

/* A system call, in torture-calls.c. */
struct call {
	long number;
	const char *name;
	const char *words; /* isolate's message has one, "|" between; or "" */
	int path; /* the number of the argument that is a path, or -1 */
	int errors[MOST_ERRORS]; /* the likeliest first, 0 for none */
};

/* Never NULL: there is one for those that are not known. */
const struct call *find_call(long number);

/* Says if the call cannot fail, with the arguments that it has there. */
bool cannot_fail(const struct moment *moment);

/* Says if PROGRAM may run all the same. */
bool is_tolerated(const struct moment *moment, int error);
