/*
 * --cap-drop: the input is a list of capabilities.
 */
#include "fuzz.h"

#include <sys/capability.h>

static char *left; /* a name not yet freed, where the list is refused */

static char *keep_name(cap_value_t capability)
{
	return left = cap_to_name(capability);
}

static void free_name(void *name)
{
	left = NULL;
	cap_free(name);
}

#define cap_to_name keep_name
#define cap_free free_name
#include "../../step6-mntns/capdrop.c"
#undef cap_to_name
#undef cap_free

/* Says if the name is that of a capability in the set. */
static bool is_in(uint64_t set, const char *name)
{
	bool found = strcasecmp(name, "all") == 0 && set == UINT64_MAX;

	for (cap_value_t cap = 0; cap < cap_max_bits() && !found; cap++) {
		char *known = cap_to_name(cap);

		if (set >> cap & 1)
			found = strcasecmp(known, name) == 0 ||
				strcasecmp(known + strlen("cap_"), name) == 0;
		cap_free(known);
	}
	return found;
}

/* Each name is in the set, and there are no more in it than names. */
static void check_set(uint64_t set, char *list)
{
	int names = 0;

	for (char *name; (name = strsep(&list, ",")); names++)
		assert(is_in(set, name));
	assert(set == UINT64_MAX || __builtin_popcountll(set) <= names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *list = strndup((const char *)data, size);
	uint64_t set = 0;

	if (takes(add_capabilities, &set, list))
		check_set(set, list);
	free_name(left);
	free(list);
	return 0;
}
