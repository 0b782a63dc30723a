/*
 * Questions about capabilities, capabilities(7), answered by libcap.
 */
#ifndef COMMON_CAPS_H
#define COMMON_CAPS_H

#include <stdbool.h>
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

#endif
