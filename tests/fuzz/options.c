/*
 * The command line: each line of the input is an argument. How many options
 * there are depends on its length.
 */
#include "fuzz.h"

/* It has shown the help, or getopt_long() has printed a message. */
#define exit(status) fail(EXIT_ISOLATE, 0, "exit")
#define printf(...) snprintf(said, sizeof(said), __VA_ARGS__)
#define fclose(stream) 0
#include "../../common/options.c"

enum { MOST_ARGUMENTS = 64, SPARE_ROWS = 8 };

struct command_line {
	int more_rows;
	int argc;
	char *argv[MOST_ARGUMENTS + 2]; /* what is parsed */
	char *same[MOST_ARGUMENTS + 2]; /* what it is to be afterwards */
};

static const bool with = true, without = false;

static void set(void *argument, const char *value)
{
	assert((value != NULL) == *(const bool *)argument);
}

static void parse(void *target, const char *unused)
{
	struct option_row table[MOST_ROWS + SPARE_ROWS] = {
		{ 'u', "uid-map", "MAP", "", set, (void *)&with },
		{ 'x', "flag", NULL, "", set, (void *)&without },
		{ 0, "hostname", "NAME", "", set, (void *)&with },
		{ 0, "init", NULL, "", set, (void *)&without },
	};
	struct command_line *line = target;
	int length = 4;
	char **program;
	long options;

	(void)unused;
	for (int i = 0; i < line->more_rows; i++)
		table[length++] = table[3];
	memset(rows + COMMON_ROWS, 0,
	       (MOST_ROWS - COMMON_ROWS) * sizeof(*rows));
	program = parse_command_line(line->argc, line->argv, table);
	options = program - line->argv;
	assert(COMMON_ROWS + length <= MOST_ROWS);
	assert(options >= 1 && options < line->argc && *program);
	assert(memcmp(line->argv + 1, line->same + 1,
		      sizeof(line->argv) - sizeof(*line->argv)) == 0);
	if (strcmp(program[-1], "--") != 0)
		assert(program[0][0] != '-' || program[0][1] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text;
	struct command_line line = { .argc = 1, .argv = { text } };

	line.more_rows = (int)size % (MOST_ROWS - COMMON_ROWS);
	while (rest && line.argc <= MOST_ARGUMENTS)
		line.argv[line.argc++] = strsep(&rest, "\n");
	memcpy(line.same, line.argv, sizeof(line.argv));
	opterr = 0; /* getopt_long(3) prints nothing, */
	optind = 0; /* and starts anew */
	takes(parse, &line, NULL);
	free(text);
	return 0;
}
