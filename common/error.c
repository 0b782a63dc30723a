/*
 * How isolate reports what it does and what goes wrong. See error.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

enum { LONGEST_TEXT = 1024 };

struct reporting reporting = { .role = "parent" };

/* An argument that holds a line feed shall not make two messages of one. */
const char *describe(const char *format, ...)
{
	static char line[LONGEST_TEXT];
	char text[LONGEST_TEXT], *end = line;
	int error = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c && end < line + LONGEST_TEXT - 2; c++) {
		if (*c == '\n')
			end = stpcpy(end, "\\n");
		else
			*end++ = iscntrl((unsigned char)*c) ? '?' : *c;
	}
	*end = '\0';
	errno = error;
	return line;
}

/* One write(2) a line: parent and child share the terminal. */
void narrate_text(const char *text)
{
	if (reporting.verbose)
		dprintf(STDERR_FILENO, "%s[%d] %s\n", reporting.role, getpid(),
			text);
}

int check_call(int result, const char *call)
{
	if (result < 0)
		fail(EXIT_ISOLATE, errno, call);
	narrate_text(call);
	return result;
}

/*
 * _exit(2) and not exit(3): the child is a copy of the parent, and would do
 * what atexit(3) has for the parent a second time. One write(2) for all: if the
 * other fails too, it may kill this one at any moment.
 */
void fail(int status, int error, const char *what)
{
	char message[2 * LONGEST_TEXT];
	const char *reason, *hint = NULL;

	if (reporting.clean_up)
		reporting.clean_up();
	reason = error ? reporting.reason : NULL;
	/* The hint may be described, and what was. */
	snprintf(message, sizeof(message), "%s%s%s%s%s", what,
		 error ? ": " : "", error ? strerror(error) : "",
		 reason ? ": " : "", reason ? reason : "");
	if (error && reporting.explain)
		hint = reporting.explain(what, error);
	dprintf(STDERR_FILENO, "isolate: %s\n%s%s%s", message,
		hint ? "hint: " : "", hint ? hint : "", hint ? "\n" : "");
	_exit(status);
}

void name_flags(char *text, unsigned long flags, const struct flag_name *names)
{
	char *end = text;

	strcpy(text, "0");
	for (; names->name; names++)
		if (flags & names->flag)
			end += sprintf(end, "%s%s", end == text ? "" : "|",
				       names->name);
}
