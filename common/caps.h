/*
 * A question about capabilities, capabilities(7), answered by libcap.
 */
#pragma once

#include <stdbool.h>
#include <sys/capability.h>

/*
 * Says if the caller has the capability in its effective set, that is, over its
 * own user namespace and those below. To ask for the uid instead would be
 * wrong both ways: root may have been stripped of it, others been given it.
 * Calls die() where the kernel does not tell. For parent and child, any time.
 */
bool has_capability(cap_value_t capability);
