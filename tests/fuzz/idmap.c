/*
 * -u and -g: each line of the input is an option's value.
 */
#include "fuzz.h"

#include "../../common/idmap.c"

static void check_number(unsigned int number, const char *text, char **end)
{
	assert(isdigit((unsigned char)*text));
	assert(strtoull(text, end, 10) == number);
}

static void check_range(const struct id_range *range, const char *text)
{
	char *end;

	check_number(range->inside, text, &end);
	assert(*end == ':');
	check_number(range->outside, end + 1, &end);
	assert(*end == ':');
	check_number(range->count, end + 1, &end);
	assert(*end == '\0');
	assert(range->count > 0);
	assert(range->inside + (uint64_t)range->count <= UINT32_MAX);
	assert(range->outside + (uint64_t)range->count <= UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text;
	char map_text[MAP_SIZE] = "";
	struct id_map map = { 0 };

	for (char *line; (line = strsep(&rest, "\n"));)
		if (takes(add_id_range, &map, line)) {
			assert(map.length <= MOST_RANGES);
			check_range(&map.ranges[map.length - 1], line);
		}
	format_id_map(map_text, &map);
	assert(strlen(map_text) < 4096); /* user_namespaces(7): a page */
	if (map.length > 0)
		inside_id(&map);
	free(text);
	return 0;
}
