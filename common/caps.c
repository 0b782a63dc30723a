/*
 * Asks what the caller may do. See caps.h.
 */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "caps.h"
#include "error.h"

bool has_capability(cap_value_t capability)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value;

	if (!caps)
		die("cap_get_proc()");
	if (cap_get_flag(caps, capability, CAP_EFFECTIVE, &value) < 0)
		die("cap_get_flag()");
	cap_free(caps);
	return value == CAP_SET;
}

/*
 * A capability holds in the caller's user namespace and those below. The kernel
 * hands out the owner of a network namespace only if it is one of these,
 * ioctl_ns(2), and so answers the question whether ours is.
 */
bool owns_network(void)
{
	int netns, owner;

	if (!has_capability(CAP_NET_ADMIN))
		return false;
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		die("open(\"/proc/self/ns/net\")");
	owner = ioctl(netns, NS_GET_USERNS);
	close(netns);
	if (owner < 0)
		return false;
	close(owner);
	return true;
}
