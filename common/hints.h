/*
 * Hints: the known causes of failures, and what to do about each.
 *
 * What failed is known from the error message, which is in the notation of the
 * system call. So a hint is a row of a table: how the message begins, and
 * errno.
 */
#pragma once

struct hint {
	const char *what; /* how it begins, "clone(" */
	int error;	  /* the errno value, or 0 for any */
	const char *text; /* what to do, or NULL: */
	/* looks closer, and returns the text, or NULL if it knows none */
	const char *(*look)(const char *what);
};

/*
 * Returns the hint for a failure, or NULL if none of the rows fits: what as for
 * die(), error the errno value. This is for reporting.explain, error.h.
 */
const char *hint_for(const char *what, int error);

/*
 * Has hint_for() look at these rows, of which the last has no WHAT, before
 * its own. For the first parts of a program, before clone_child(). The table
 * must live on; there can be one.
 */
void add_hints(const struct hint *rows);
