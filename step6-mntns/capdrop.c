/*
 * Drops capabilities. See capdrop.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "../common/error.h"
#include "capdrop.h"

/* A name of the list, which need not end there, with or without "cap_". */
static cap_value_t find_capability(const char *name, size_t length)
{
	bool prefixed = strncasecmp(name, "cap_", 4) == 0;
	cap_value_t capability;
	char full_name[64], *known_name;

	snprintf(full_name, sizeof(full_name), "%s%.*s", prefixed ? "" : "cap_",
		 (int)length, name);
	/* libcap also takes numbers, and a name with something behind it. */
	if (cap_from_name(full_name, &capability) < 0 ||
	    !(known_name = cap_to_name(capability)) ||
	    strcasecmp(known_name, full_name) != 0)
		reject("--cap-drop: no capability is called \"%.*s\"",
		       (int)length, name);
	cap_free(known_name);
	return capability;
}

void add_capabilities(void *target, const char *list)
{
	uint64_t *set = target;
	size_t length;

	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (length == 3 && strncasecmp(list, "all", length) == 0)
			*set = UINT64_MAX;
		else
			*set |= UINT64_C(1) << find_capability(list, length);
		if (!list[length])
			return;
	}
}

/*
 * For root, execve(2) makes the permitted set from the bounding and inheritable
 * sets, capabilities(7). So these lose what the permitted set loses, and with
 * the inheritable set the ambient one does. (In a new user namespace these two
 * are empty, and no_new_privs is a second lock: neither is relied upon here.)
 */
void drop_capabilities(uint64_t set)
{
	cap_t caps = cap_get_proc();
	char *text;

	if (!caps)
		die("cap_get_proc()");
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (!(set >> cap & 1))
			continue;
		if (cap_drop_bound(cap) < 0)
			die("prctl(PR_CAPBSET_DROP, %d)", cap);
		cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_CLEAR);
		cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR);
		cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	}
	text = cap_to_text(caps, NULL);
	check(cap_set_proc(caps), "cap_set_proc(\"%s\")", text);
	cap_free(text);
	cap_free(caps);
}
