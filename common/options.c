/*
 * Parses the command line with getopt_long(3). See options.h.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "error.h"
#include "hints.h"
#include "options.h"
#include "process.h"

#define VERSION "1.0"

enum { COMMON_ROWS = 3, MOST_ROWS = 32 };

static void set_verbose(void *target, const char *value);
static void print_help(void *target, const char *value);
static void print_version(void *target, const char *value);

/* Those of all steps; then come the step's own. */
static struct option_row rows[MOST_ROWS + 1] = {
	{ 'v', "verbose", NULL, "say what is done, by whom, on stderr",
	  set_verbose, NULL },
	{ 'h', "help", NULL, "show this help", print_help, NULL },
	{ 'V', "version", NULL, "show the version", print_version, NULL },
};

void set_flag(void *target, const char *value)
{
	(void)value;
	*(bool *)target = true;
}

static void set_verbose(void *target, const char *value)
{
	(void)target, (void)value;
	reporting.verbose = true;
}

/* What was printed may not have been written: isolate --help > /dev/full */
static _Noreturn void finish(void)
{
	if (fclose(stdout) == EOF)
		die("write to the standard output");
	exit(EXIT_SUCCESS);
}

static void print_version(void *target, const char *value)
{
	(void)target, (void)value;
	printf("isolate " VERSION "\n");
	finish();
}

static void print_row(const struct option_row *row)
{
	char letter[] = { '-', row->letter, ',', '\0' };

	printf("  %3s --%s%s%s\n          %s\n", row->letter ? letter : "",
	       row->name, row->argument ? " " : "",
	       row->argument ? row->argument : "", row->help);
}

static void print_help(void *target, const char *value)
{
	(void)target, (void)value;
	printf("Usage: isolate [OPTIONS] PROGRAM [ARGS...]\n"
	       "Run PROGRAM isolated from the rest of the system.\n\n");
	for (int i = COMMON_ROWS; rows[i].name; i++)
		print_row(&rows[i]);
	for (int i = 0; i < COMMON_ROWS; i++)
		print_row(&rows[i]);
	printf("\nThe exit status is PROGRAM's, 128+N if signal N ended it,\n"
	       "127 if it is not found, 126 if it cannot be run, and 125 if\n"
	       "isolate itself fails.\n");
	finish();
}

/* What getopt_long() returns for a row: its letter, or else its number. */
static int key_of(int row)
{
	return rows[row].letter ? rows[row].letter : row;
}

static void take_option(int key)
{
	int row = 0;

	while (key_of(row) != key)
		row++;
	rows[row].set(rows[row].target, optarg);
}

/*
 * The leading "+" ends the options at PROGRAM, so that PROGRAM's own options
 * are left to it: isolate ls -l.
 */
char **parse_command_line(int argc, char *argv[], const struct option_row *more)
{
	static char name[] = "isolate";
	char letters[2 * MOST_ROWS + 2] = "+", *letter = letters + 1;
	struct option options[MOST_ROWS + 1] = { 0 };
	int key;

	reporting.explain = hint_for;
	/* To run it must take no rights: then nobody needs to give it any. */
	if (getauxval(AT_SECURE))
		reject("isolate has a set-user-ID bit or file capabilities: "
		       "it would give them to everybody, take them away");
	for (int i = COMMON_ROWS; more->name; i++) {
		if (i == MOST_ROWS)
			reject("options: there are more than %d rows",
			       MOST_ROWS);
		rows[i] = *more++;
	}
	for (int i = 0; rows[i].name; i++) {
		bool argument = rows[i].argument;

		options[i] = (struct option){ rows[i].name, argument, NULL,
					      key_of(i) };
		if (rows[i].letter)
			letter += sprintf(letter, "%c%s", rows[i].letter,
					  argument ? ":" : "");
	}
	argv[0] = name; /* getopt_long() starts its messages with it */
	while ((key = getopt_long(argc, argv, letters, options, NULL)) != -1)
		if (key == '?')
			exit(EXIT_ISOLATE);
		else
			take_option(key);
	if (!argv[optind])
		reject("no PROGRAM given: see isolate --help");
	occupy_standard_descriptors();
	return argv + optind;
}
