/*
 * send: reads netlink messages from its standard input, in hexadecimal digits,
 * one message a line, and sends each to the kernel. Says what the kernel
 * answers to one that it does not like.
 */
#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A line of digits and blanks becomes bytes. Returns how many. */
static size_t decode(const char *line, unsigned char bytes[], size_t most)
{
	unsigned int byte;
	size_t length = 0;
	int digits;

	while (length < most && sscanf(line, " %2x%n", &byte, &digits) == 1) {
		bytes[length++] = (unsigned char)byte;
		line += digits;
	}
	return length;
}

static void send_message(int fd, const void *message, size_t length)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char answer[2048] = { 0 };
	const struct nlmsghdr *header = (struct nlmsghdr *)answer;
	const struct nlmsgerr *error = NLMSG_DATA(header);

	if (sendto(fd, message, length, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		err(EXIT_FAILURE, "sendto");
	if (recv(fd, answer, sizeof(answer), 0) < 0)
		err(EXIT_FAILURE, "recv");
	errno = -error->error;
	if (header->nlmsg_type != NLMSG_ERROR || errno != 0)
		err(EXIT_FAILURE, "the kernel says");
}

int main(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	_Alignas(struct nlmsghdr) unsigned char message[1024];
	char line[4096];
	size_t length;

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	while (fgets(line, sizeof(line), stdin)) {
		length = decode(line, message, sizeof(message));
		if (length > 0)
			send_message(fd, message, length);
	}
	close(fd);
	return EXIT_SUCCESS;
}
