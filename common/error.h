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
 * Where the cause of a failure is a known one, a line "hint: ..." follows; the
 * known causes are the table in hints.c.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

/* The exit statuses of isolate itself. All others are PROGRAM's. */
enum {
	EXIT_ISOLATE = 125,    /* isolate failed, or was called wrongly */
	EXIT_CANNOT_RUN = 126, /* PROGRAM was found but cannot be run */
	EXIT_NOT_FOUND = 127   /* PROGRAM was not found */
};

/* Turns the narration on. */
void narrate_from_now_on(void);

/* Says who acts, "parent" or "child". The string must live on. */
void set_role(const char *name);

/* Prints one line of narration to stderr, where -v asks for it. */
void narrate(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Checks the result of a system call, which the format names. Where it is -1,
 * this is die(); otherwise narrate(). Returns result.
 */
int check(int result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Prints "isolate: WHAT: WHY", WHAT from the format and WHY from errno, then
 * the hint for it where there is one, and exits with this status.
 */
void die_with(int status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* As die_with(), with status 125. */
#define die(...) die_with(EXIT_ISOLATE, __VA_ARGS__)

/*
 * For bad input, where there is no errno: prints "isolate: " and the text,
 * which is to read "WHAT: WHY", and exits with status 125.
 */
void reject(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Has the next die() add this sentence to WHY. It is not copied. */
void set_reason(const char *sentence);

/* Has whatever ends this process with an error call clean_up() first. */
void before_dying(void (*clean_up)(void));

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

/*
 * Prints the hint for a failure, if its cause is a known one: what as for
 * die(), error the errno value. In hints.c.
 */
void print_hint(const char *what, int error);

#endif
