/*
 * Asks what the caller may do. See caps.h.
 */
#include "caps.h"
#include "error.h"

bool has_capability(cap_value_t capability)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value;

	if (!caps || cap_get_flag(caps, capability, CAP_EFFECTIVE, &value) < 0)
		die("cap_get_proc()");
	cap_free(caps);
	return value == CAP_SET;
}
