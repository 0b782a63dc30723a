/*
 * Requests to the kernel's network configuration, rtnetlink(7), one at a time,
 * on libmnl. For parent and child, in any order: what a request needs to be
 * there, the kernel says.
 *
 * A request is a header, here made by start_request(), a fixed structure that
 * depends on its type, and attributes; libmnl's mnl_*_put() append these. The
 * kernel answers each with an acknowledgement that holds 0 or an errno value.
 */
#pragma once

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* 10.11.12.14/24 is { inet_addr("10.11.12.14"), 24 }. */
struct address {
	in_addr_t ip;
	uint8_t prefix;
};

/* An address, and the link over which it is reached. */
struct claim {
	struct address address;
	char link[IF_NAMESIZE];
	unsigned int index; /* of the link */
};

struct netlink {
	struct mnl_socket *socket;
	int netns;	    /* a descriptor of the namespace that it is in */
	uint32_t sequence;  /* of the last request */
	struct claim claim; /* what claim_address() has claimed, or all 0 */
	/* What the kernel told in answer to the last RTM_GET...: */
	uint8_t link_state; /* IF_OPER_... */
	uint8_t route_type; /* RTN_... */
	/* A request, then the answer to it. */
	_Alignas(struct nlmsghdr) char buffer[8192];
};

/*
 * Says if the caller may set up the network namespace it is in, and enter and
 * leave another: with CAP_NET_ADMIN and CAP_SYS_ADMIN in the user namespace
 * that owns it. Before clone_child() or after.
 */
bool owns_network(void);

/*
 * Opens the network namespace of a process, 0 for one's own, or die(). That of
 * a child before release_child(): later it may have left it.
 */
int open_netns(pid_t pid);

/* Opens the socket, in the network namespace that the caller is in now. */
void open_netlink(struct netlink *netlink);

/*
 * The same in another one, of which this is a descriptor: a socket acts where
 * it was made, whoever uses it, and from wherever. The caller needs
 * CAP_SYS_ADMIN over both.
 */
void open_netlink_in(struct netlink *netlink, int netns);

/* The inode number of the network namespace, as lsns(8) shows it, or die(). */
unsigned long netns_id(const struct netlink *netlink);

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

/* ip link set LINK up, or die() */
void set_link_up(struct netlink *netlink, const char *link);

/*
 * Before a link of the host comes up, in the network namespace that the caller
 * is in: has the host believe nothing that comes over it, or calls die(). It
 * takes no packet in another's name: with a forged one, ICMP can redirect it.
 * And it hears no IPv6: else whoever is at the other end can send a router
 * advertisement, and the host takes a default route to there, CVE-2020-13401.
 */
void listen_to_nobody(const char *link);

/*
 * Waits until a link that is up can send; without a carrier, about a second.
 * A carrier is there at once, but until the kernel has acted on it, packets are
 * dropped, and PROGRAM might lose its first one. Calls die() on failure.
 */
void await_carrier(struct netlink *netlink, const char *link);

/* ip addr add ADDRESS dev LINK, or die() */
void add_address(struct netlink *netlink, struct address address,
		 const char *link);

/*
 * Finds an address for the other end of the link that no other isolate uses:
 * first if it is free, as it is for the first isolate on a host, else one
 * between 10.11.0.1 and 10.11.255.254. Claims it by adding the route to it.
 * Once for each struct netlink.
 */
struct address claim_address(struct netlink *netlink, struct address first,
			     const char *link);

/*
 * Makes a way to the claimed address that remains when it is freed, as long as
 * there is the link, or calls die().
 */
void keep_connected(struct netlink *netlink);

/*
 * After PROGRAM: frees the address claimed by this struct netlink, if there is
 * one, for the next isolate, or calls die().
 */
void free_address(struct netlink *netlink);
