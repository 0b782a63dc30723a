/*
 * --bind: each line of the input is an option's value. Every SRC exists.
 */
#include "fuzz.h"

static char *copy;

static char *keep_copy(const char *text)
{
	return copy = strdup(text);
}

#define strdup keep_copy
#define access(path, mode) (*(path) ? 0 : -1)
#include "../../step6-mntns/binds.c"

static void check_bind(const struct bind *bind, const char *value)
{
	char *again;
	int length = asprintf(&again, "%s:%s%s", bind->source, bind->target,
			      bind->read_only ? ":ro" : "");

	assert(bind->target[0] == '/');
	assert(!strchr(bind->source, ':') && !strchr(bind->target, ':'));
	assert(length > 0 && strcmp(again, value) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text;
	static struct binds binds;

	binds.length = 0;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (takes(add_bind, &binds, line))
			check_bind(&binds.list[binds.length - 1], line);
		assert(binds.length <= MOST_BINDS);
		free(copy);
	}
	free(text);
	return 0;
}
