/*
 * Questions about capabilities, capabilities(7), answered by libcap.
 */
#ifndef COMMON_CAPS_H
#define COMMON_CAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>

/*
 * Says if the caller has the capability in its effective set, that is, over its
 * own user namespace and those below. To ask for the uid instead would be
 * wrong both ways: root may have been stripped of it, others been given it.
 */
bool has_capability(cap_value_t capability);

/*
 * Says if the caller may configure the network namespace it is in: it needs
 * CAP_NET_ADMIN over the user namespace that owns it.
 */
bool owns_network(void);

/*
 * For an option: adds the capabilities in a list such as "net_raw,CAP_CHOWN" or
 * "all" to a uint64_t, bit N for capability N. Calls reject() where a name is
 * not known to libcap.
 */
void add_capabilities(void *target, const char *list);

/*
 * Gives up the capabilities in the set for good, in all five sets of the
 * process: no execve(2) brings them back. Calls die() on failure.
 */
void drop_capabilities(uint64_t set);

#endif
