/*
 * --cap-drop LIST: capabilities(7) that PROGRAM must not have.
 */
#pragma once

#include <stdint.h>

/*
 * For an option: adds the capabilities in a list such as "net_raw,CAP_CHOWN" or
 * "all" to a uint64_t, bit N for capability N. Calls reject() where a name is
 * not known to libcap.
 */
void add_capabilities(void *target, const char *list);

/*
 * In the child, after all that needs capabilities: gives up those in the set
 * for good, in all five sets of the process, so that no execve(2) brings them
 * back. Calls die() on failure.
 */
void drop_capabilities(uint64_t set);
