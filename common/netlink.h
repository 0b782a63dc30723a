/*
 * Requests to the kernel's network configuration, rtnetlink(7), one at a time,
 * on libmnl.
 *
 * A request is a header, here made by start_request(), a fixed structure that
 * depends on its type, and attributes; libmnl's mnl_*_put() append these. The
 * kernel answers each with an acknowledgement that holds 0 or an errno value.
 */
#ifndef COMMON_NETLINK_H
#define COMMON_NETLINK_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* A network interface. The kernel knows it by its index, people by its name. */
struct link {
	char name[IF_NAMESIZE];
	unsigned int index;
};

/* 10.11.12.14/24 is { inet_addr("10.11.12.14"), 24 }. */
struct address {
	in_addr_t ip;
	uint8_t prefix;
};

struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;  /* of the last request */
	uint8_t link_state; /* IF_OPER_..., of the last RTM_GETLINK */
	/* A request, then the answer to it. */
	_Alignas(struct nlmsghdr) char buffer[8192];
};

/* Opens the socket, in the network namespace that the caller is in now. */
void open_netlink(struct netlink *netlink);

void close_netlink(struct netlink *netlink);

/*
 * Starts a request of a type (RTM_...) with the flags (NLM_F_...) that it needs
 * beside NLM_F_REQUEST and NLM_F_ACK. It is valid until the next one.
 */
struct nlmsghdr *start_request(struct netlink *netlink, uint16_t type,
			       uint16_t flags);

/*
 * Sends the request and waits for the answer. Returns 0, or -1 with the
 * kernel's errno value; the kernel's own sentence about it, where it has one,
 * goes into the message of the die() that follows.
 */
int send_request(struct netlink *netlink, struct nlmsghdr *request);

/* The link of this name, in the caller's network namespace, or die(). */
struct link find_link(const char *name);

/* ip link set LINK up, or die() */
void set_link_up(struct netlink *netlink, const struct link *link);

/*
 * Waits until a link that is up can send; without a carrier, about a second.
 * A carrier is there at once, but until the kernel has acted on it, packets are
 * dropped, and PROGRAM might lose its first one. Calls die() on failure.
 */
void await_carrier(struct netlink *netlink, const struct link *link);

/* ip addr add ADDRESS dev LINK, or die() */
void add_address(struct netlink *netlink, struct address address,
		 const struct link *link);

/*
 * Finds an address for the other end of the link that no other isolate uses:
 * first if it is free, as it is for the first isolate on a host, else one
 * between 10.11.0.1 and 10.11.255.254. Claims it by adding the route to it.
 */
struct address claim_address(struct netlink *netlink, struct address first,
			     const struct link *link);

/* Frees a claimed address for the next isolate, or die(). */
void free_address(struct netlink *netlink, struct address address,
		  const struct link *link);

#endif
