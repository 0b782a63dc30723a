/*
 * Parses the command line with getopt_long(3). See options.h.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "options.h"

#define VERSION "1.0"

enum { MOST_ROWS = 16, ROW_0 = 256 };

static const struct option_row common_rows[] = {
	{ 'v', "verbose", NULL, "say what is done, by whom, on stderr", NULL,
	  NULL },
	{ 'h', "help", NULL, "show this help", NULL, NULL },
	{ 'V', "version", NULL, "show the version", NULL, NULL },
	{ 0 }
};

void set_flag(void *target, const char *value)
{
	(void)value;
	*(bool *)target = true;
}

static void print_rows(const struct option_row *row)
{
	for (; row->name; row++)
		printf("  %c%c%c --%s%s%s\n          %s\n",
		       row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		       row->letter ? ',' : ' ', row->name,
		       row->argument ? " " : "",
		       row->argument ? row->argument : "", row->help);
}

/* What was printed may not have been written: isolate --help > /dev/full */
static _Noreturn void finish(void)
{
	if (fclose(stdout) == EOF)
		die("write to the standard output");
	exit(EXIT_SUCCESS);
}

static _Noreturn void print_help(const struct option_row *rows)
{
	printf("Usage: isolate [OPTIONS] PROGRAM [ARGS...]\n"
	       "Run PROGRAM isolated from the rest of the system.\n\n");
	print_rows(rows);
	print_rows(common_rows);
	printf("\nThe exit status is PROGRAM's, 128+N if signal N ended it,\n"
	       "127 if it is not found, 126 if it cannot be run, and 125 if\n"
	       "isolate itself fails.\n");
	finish();
}

/* Finds the row of a short option; getopt_long() has accepted the letter. */
static const struct option_row *find_row(const struct option_row *row,
					 int letter)
{
	while (row->letter != letter)
		row++;
	return row;
}

/*
 * The leading "+" ends the options at PROGRAM, so that PROGRAM's own options
 * are left to it: isolate ls -l.
 */
char **parse_command_line(int argc, char *argv[], const struct option_row *rows)
{
	static char name[] = "isolate";
	char letters[2 * MOST_ROWS] = "+vhV";
	struct option options[MOST_ROWS] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
	};
	struct option *next = options + 3;
	int got;

	for (int i = 0; rows[i].name; i++) {
		int argument =
			rows[i].argument ? required_argument : no_argument;

		*next++ = (struct option){ rows[i].name, argument, NULL,
					   ROW_0 + i };
		if (rows[i].letter)
			sprintf(letters + strlen(letters), "%c%s",
				rows[i].letter, rows[i].argument ? ":" : "");
	}
	argv[0] = name; /* getopt_long() starts its messages with it */
	while ((got = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct option_row *row;

		switch (got) {
		case 'v':
			narrate_from_now_on();
			break;
		case 'h':
			print_help(rows);
		case 'V':
			printf("isolate " VERSION "\n");
			finish();
		case '?':
			exit(EXIT_ISOLATE);
		default:
			row = got >= ROW_0 ? rows + (got - ROW_0)
					   : find_row(rows, got);
			row->set(row->target, optarg);
		}
	}
	if (!argv[optind])
		reject("no PROGRAM given: see isolate --help");
	return argv + optind;
}
