/*
 * The command line: isolate [OPTIONS] PROGRAM [ARGS...].
 *
 * A step lists its options as rows, one an option; parsing and --help both come
 * from them. -v, -h and -V are the same in all steps and need no row.
 */
#pragma once

#include <stdbool.h>

struct option_row {
	char letter;	      /* the short option, or 0 */
	const char *name;     /* the long option */
	const char *argument; /* what --help calls its argument, or NULL */
	const char *help;
	/* Stores value in *target, or calls reject(). */
	void (*set)(void *target, const char *value);
	void *target;
};

/* For an option without an argument: target is a bool, which becomes true. */
void set_flag(void *target, const char *value);

/*
 * First of all: parses the command line by these rows, of which the last has
 * no name. Returns PROGRAM and its arguments, ending in NULL, for execvp(3).
 * Does not return after -h and -V (status 0), nor where the command line is
 * wrong (125). From here on errors come with hints.
 */
char **parse_command_line(int argc, char *argv[],
			  const struct option_row *more);
