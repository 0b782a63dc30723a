/*
 * Errors and the narration of -v: one idiom for both.
 *
 * What is done is named in the notation of the system call. If it fails, that
 * name becomes the error message; if it succeeds, -v prints it:
 *
 *	check(sethostname(name, len), "sethostname(\"%s\")", name);
 *
 *	child[4711] sethostname("isolated")
 *	isolate: sethostname("isolated"): Operation not permitted
 *
 * All of this may be called at any time, in the parent and in the child.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

/* The exit statuses of isolate itself. All others are PROGRAM's. */
enum {
	EXIT_ISOLATE = 125,    /* isolate failed, or was called wrongly */
	EXIT_CANNOT_RUN = 126, /* PROGRAM was found but cannot be run */
	EXIT_NOT_FOUND = 127   /* PROGRAM was not found */
};

/* How this process reports: in parent and child, each has its own. */
extern struct reporting {
	bool verbose;	    /* -v: the narration is printed */
	const char *role;   /* who acts: "parent", "child" or "init" */
	const char *reason; /* a sentence that the next die() adds to WHY */
	/* called before an error ends this process, or NULL */
	void (*clean_up)(void);
	/* finds a hint for die(), by WHAT and errno, or NULL; or is NULL */
	const char *(*explain)(const char *what, int error);
} reporting;

/*
 * Formats a text as printf(3) does, as one line: a line feed in it becomes \n,
 * other control characters a "?". It is valid until the next call. The macros
 * below take such a format; what it prints may be looked at before the system
 * call is made.
 */
const char *describe(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* narrate(FORMAT, ...): prints a line of narration, where -v asks for it. */
#define narrate(...) narrate_text(describe(__VA_ARGS__))
void narrate_text(const char *text);

/*
 * check(RESULT, FORMAT, ...): checks the result of a system call, which the
 * format names. Where it is -1, this is die(), else narrate(). Returns RESULT.
 */
#define check(result, ...) check_call(result, describe(__VA_ARGS__))
int check_call(int result, const char *call);

/*
 * die(FORMAT, ...): prints "isolate: WHAT: WHY", WHAT from the format and WHY
 * from errno, and exits with status 125. die_with() takes another status first.
 */
#define die(...) die_with(EXIT_ISOLATE, __VA_ARGS__)
#define die_with(status, ...) fail(status, errno, describe(__VA_ARGS__))

/*
 * reject(FORMAT, ...): for bad input, where there is no errno. Prints "isolate:
 * " and the text, which is to read "WHAT: WHY", and exits with status 125.
 */
#define reject(...) fail(EXIT_ISOLATE, 0, describe(__VA_ARGS__))
void fail(int status, int error, const char *what) __attribute__((noreturn));

/* A flag of a system call, for name_flags(). */
struct flag_name {
	unsigned long flag;
	const char *name;
};

/*
 * Writes the flags as they stand in C, "MS_BIND|MS_REC", or "0". The names end
 * with one that is NULL; text has room for all of them.
 */
void name_flags(char *text, unsigned long flags, const struct flag_name *names);
