/*
 * How isolate reports what it does and what goes wrong. See error.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

enum { LONGEST_TEXT = 1024 };

static bool verbose;
static const char *role = "parent";
static const char *reason;
static void (*clean_up_first)(void);

void narrate_from_now_on(void)
{
	verbose = true;
}

void set_role(const char *name)
{
	role = name;
}

void set_reason(const char *sentence)
{
	reason = sentence;
}

void before_dying(void (*clean_up)(void))
{
	clean_up_first = clean_up;
}

/*
 * Formats a text as one line, whatever is in it: an argument that holds a line
 * feed shall not make two messages of one.
 */
static void format_line(char line[LONGEST_TEXT], const char *format,
			va_list args)
{
	char text[LONGEST_TEXT];
	char *end = line;

	vsnprintf(text, sizeof(text), format, args);
	for (const char *c = text; *c && end < line + LONGEST_TEXT - 2; c++) {
		if (*c == '\n')
			end = stpcpy(end, "\\n");
		else
			*end++ = iscntrl((unsigned char)*c) ? '?' : *c;
	}
	*end = '\0';
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

static void vnarrate(const char *format, va_list args)
{
	char text[LONGEST_TEXT];

	if (!verbose)
		return;
	format_line(text, format, args);
	/* One write(2) a line: parent and child share the terminal. */
	dprintf(STDERR_FILENO, "%s[%d] %s\n", role, (int)getpid(), text);
}

void narrate(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vnarrate(format, args);
	va_end(args);
}

static void report(int error, const char *format, va_list args)
{
	char what[LONGEST_TEXT];

	format_line(what, format, args);
	if (clean_up_first)
		clean_up_first();
	if (!error) {
		dprintf(STDERR_FILENO, "isolate: %s\n", what);
		return;
	}
	dprintf(STDERR_FILENO, "isolate: %s: %s%s%s\n", what, strerror(error),
		reason ? ": " : "", reason ? reason : "");
	print_hint(what, error);
}

/*
 * These end with _exit(2) and not exit(3): the child is a copy of the parent,
 * and would do what atexit(3) has for the parent a second time.
 */

void die_with(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(errno, format, args);
	va_end(args);
	_exit(status);
}

void reject(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(0, format, args);
	va_end(args);
	_exit(EXIT_ISOLATE);
}

int check(int result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (result < 0) {
		report(errno, format, args);
		_exit(EXIT_ISOLATE);
	}
	vnarrate(format, args);
	va_end(args);
	return result;
}
