/*
 * The command line: each line of the input is an argument.
 */
#include "fuzz.h"

/* It has shown the help, or getopt_long() has printed a message. */
#define exit(status) fail(EXIT_ISOLATE, 0, "exit")
#define printf(...) snprintf(said, sizeof(said), __VA_ARGS__)
#define fclose(stream) 0
#include "../../common/options.c"

enum { MOST_ARGUMENTS = 64 };

struct command_line {
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
	const struct option_row table[] = {
		{ 'u', "uid-map", "MAP", "", set, (void *)&with },
		{ 'x', "flag", NULL, "", set, (void *)&without },
		{ 0, "hostname", "NAME", "", set, (void *)&with },
		{ 0, "init", NULL, "", set, (void *)&without },
		{ 0 },
	};
	struct command_line *line = target;
	char **program = parse_command_line(line->argc, line->argv, table);
	long options = program - line->argv;

	(void)unused;
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

	while (rest && line.argc <= MOST_ARGUMENTS)
		line.argv[line.argc++] = strsep(&rest, "\n");
	memcpy(line.same, line.argv, sizeof(line.argv));
	opterr = 0; /* getopt_long(3) prints nothing, */
	optind = 0; /* and starts anew */
	takes(parse, &line, NULL);
	free(text);
	return 0;
}
