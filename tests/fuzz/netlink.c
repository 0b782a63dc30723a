/*
 * netlink: the input is what the kernel answers, in one datagram.
 */
#include "fuzz.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sanitizer/asan_interface.h>

static struct {
	const uint8_t *data;
	size_t size;
} answered;

/*
 * The kernel writes the length of a message itself, and libmnl relies on it:
 * mnl_nlmsg_ok() takes one over 2 GB, which is negative to it.
 */
static bool has_sound_lengths(const uint8_t *data, size_t size)
{
	const struct nlmsghdr *next = (const void *)data;
	int left = (int)size;

	for (; mnl_nlmsg_ok(next, left); next = mnl_nlmsg_next(next, &left))
		if (next->nlmsg_len > size)
			return false;
	return true;
}

/*
 * The kernel pads a message to a multiple of four bytes, and libmnl counts on
 * it. What is in the buffer behind that, nobody may look at.
 */
static ssize_t receive(char *buffer, size_t size)
{
	size_t length = answered.size < size ? answered.size : size;
	size_t padded = MNL_ALIGN(length);

	if (length == 0)
		return -1;
	memset(buffer, 0, padded);
	memcpy(buffer, answered.data, length);
	ASAN_POISON_MEMORY_REGION(buffer + padded, size - padded);
	answered.size = 0;
	return (ssize_t)length;
}

/* libmnl is not built with ASan: where it would read a value, we do. */
#define mnl_attr_get_u8(attribute) \
	(*(const uint8_t *)mnl_attr_get_payload(attribute))
#define mnl_nlmsg_get_payload_len(message) \
	((message)->nlmsg_len - MNL_NLMSG_HDRLEN)
#define mnl_socket_get_portid(socket) 0
#define mnl_socket_sendto(socket, request, size) ((void)(request), 0)
#define mnl_socket_recvfrom(socket, buffer, size) receive(buffer, size)
#include "../../common/netlink.c"

static void ask(void *target, const char *unused)
{
	struct nlmsghdr *request = start_request(target, RTM_GETLINK, 0);
	int result;

	(void)unused;
	errno = 0;
	result = send_request(target, request);
	assert(result == 0 || result == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct netlink netlink;
	bool is_taken;

	if (!has_sound_lengths(data, size))
		return 0;
	answered.data = data;
	answered.size = size;
	netlink.sequence = 0;
	ASAN_UNPOISON_MEMORY_REGION(netlink.buffer, sizeof(netlink.buffer));
	is_taken = takes(ask, &netlink, NULL);
	assert(is_taken);
	assert(!reporting.reason || strlen(reporting.reason) < 256);
	return 0;
}
