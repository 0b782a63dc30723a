/*
 * --map-auto: the input is what getsubids(1) prints.
 */
#include "fuzz.h"

static FILE *printed;

#define pipe2(ends, flags) ((ends)[0] = (ends)[1] = -1, 0)
#define fdopen(fd, mode) printed
#define fclose(stream) ((void)0)
#include "../../step6-mntns/subids.c"
#undef fclose

pid_t start_program(char *arguments[], int output)
{
	(void)arguments, (void)output;
	return -1;
}

static void append(void *map, const char *user)
{
	append_range(map, 1000, 1);
	append_ranges(map, true, user);
}

static bool overlap(const struct id_range *a, const struct id_range *b)
{
	return a->outside < b->outside + (uint64_t)b->count &&
	       b->outside < a->outside + (uint64_t)a->count;
}

static void check_map(const struct id_map *map)
{
	uint64_t next = 0;

	assert(map->length <= MOST_RANGES);
	for (size_t i = 0; i < map->length; i++) {
		const struct id_range *range = &map->ranges[i];

		assert(range->count > 0 && range->outside > 0);
		assert(range->outside + (uint64_t)range->count <= UINT32_MAX);
		assert(range->inside == next);
		next += range->count;
		assert(next <= UINT32_MAX);
		for (size_t j = 0; j < i; j++)
			assert(!overlap(range, &map->ranges[j]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct id_map map = { 0 };

	/* fmemopen(3) has no empty files. */
	if (size == 0)
		return 0;
	printed = fmemopen((void *)data, size, "r");
	takes(append, &map, "somebody");
	check_map(&map);
	fclose(printed);
	return 0;
}
