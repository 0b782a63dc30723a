/*
 * Talks rtnetlink(7). See netlink.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h> /* does not compile before net/if.h */

#include "caps.h"
#include "error.h"
#include "file.h"
#include "netlink.h"

/*
 * To join the network namespace that we are in already changes nothing. But the
 * kernel asks for CAP_SYS_ADMIN in the user namespace that owns it, and so
 * answers the question whether we are in that one, or above it.
 */
bool owns_network(void)
{
	int netns, result;

	if (!has_capability(CAP_NET_ADMIN))
		return false;
	netns = open_netns(0);
	result = setns(netns, CLONE_NEWNET);
	if (result < 0 && errno != EPERM)
		die("setns(%d, CLONE_NEWNET)", netns);
	close(netns);
	return result == 0;
}

int open_netns(pid_t pid)
{
	char path[64] = "/proc/self/ns/net";
	int fd;

	if (pid != 0)
		snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("open(\"%s\")", path);
	if (pid != 0)
		narrate("open(\"%s\") = %d", path, fd);
	return fd;
}

void open_netlink(struct netlink *netlink)
{
	int on = 1;

	*netlink = (struct netlink){ .netns = open_netns(0) };
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink->socket)
		die("socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		die("bind(AF_NETLINK)");
	if (mnl_socket_setsockopt(netlink->socket, NETLINK_EXT_ACK, &on,
				  sizeof(on)) < 0)
		die("setsockopt(NETLINK_EXT_ACK)");
}

void open_netlink_in(struct netlink *netlink, int netns)
{
	int here = open_netns(0);

	check(setns(netns, CLONE_NEWNET), "setns(%d, CLONE_NEWNET)", netns);
	open_netlink(netlink);
	check(setns(here, CLONE_NEWNET), "setns(%d, CLONE_NEWNET)", here);
	close(here);
}

unsigned long netns_id(const struct netlink *netlink)
{
	struct stat netns;

	if (fstat(netlink->netns, &netns) < 0)
		die("fstat(%d)", netlink->netns);
	return netns.st_ino;
}

void close_netlink(struct netlink *netlink)
{
	mnl_socket_close(netlink->socket);
	close(netlink->netns);
}

struct nlmsghdr *start_request(struct netlink *netlink, uint16_t type,
			       uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(netlink->buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->nlmsg_seq = ++netlink->sequence;
	return request;
}

enum { MAX_ERRNO = 4095 }; /* what a system call may return, negative */

static int take_sentence(const struct nlattr *attribute, void *unused)
{
	static char sentence[256];

	(void)unused;
	if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0) {
		snprintf(sentence, sizeof(sentence), "%s",
			 mnl_attr_get_str(attribute));
		reporting.reason = sentence;
	}
	return MNL_CB_OK;
}

/*
 * The acknowledgement: an errno value, the request that it answers (whole, or
 * only its header, NLM_F_CAPPED), and attributes that say more about it.
 */
static int take_ack(const struct nlmsghdr *answer, void *unused)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(answer);
	size_t before_attributes = sizeof(*ack);

	(void)unused;
	if (mnl_nlmsg_get_payload_len(answer) < sizeof(*ack) ||
	    ack->error > 0 || ack->error < -MAX_ERRNO) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (ack->error == 0)
		return MNL_CB_STOP;
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		before_attributes += mnl_nlmsg_get_payload_len(&ack->msg);
	if (answer->nlmsg_flags & NLM_F_ACK_TLVS &&
	    before_attributes < mnl_nlmsg_get_payload_len(answer))
		mnl_attr_parse(answer, (unsigned int)before_attributes,
			       take_sentence, NULL);
	errno = -ack->error;
	return MNL_CB_ERROR;
}

static int take_link_attribute(const struct nlattr *attribute, void *netlink)
{
	if (mnl_attr_get_type(attribute) == IFLA_OPERSTATE &&
	    mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
		((struct netlink *)netlink)->link_state =
			mnl_attr_get_u8(attribute);
	return MNL_CB_OK;
}

static int take_answer(const struct nlmsghdr *answer, void *state)
{
	struct netlink *netlink = state;
	const struct rtmsg *route = mnl_nlmsg_get_payload(answer);

	if (answer->nlmsg_type == RTM_NEWLINK)
		return mnl_attr_parse(answer, sizeof(struct ifinfomsg),
				      take_link_attribute, netlink);
	if (mnl_nlmsg_get_payload_len(answer) >= sizeof(*route))
		netlink->route_type = route->rtm_type;
	return MNL_CB_OK;
}

/*
 * The acknowledgement comes last, after what RTM_GET... asks for.
 * mnl_cb_run2() compares the answers' sequence number with the request's.
 */
int send_request(struct netlink *netlink, struct nlmsghdr *request)
{
	mnl_cb_t take_control[] = { [NLMSG_ERROR] = take_ack };
	unsigned int port = mnl_socket_get_portid(netlink->socket);
	ssize_t size;
	int result;

	reporting.reason = NULL;
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -1;
	do {
		size = mnl_socket_recvfrom(netlink->socket, netlink->buffer,
					   sizeof(netlink->buffer));
		if (size < 0)
			return -1;
		result = mnl_cb_run2(netlink->buffer, (size_t)size,
				     netlink->sequence, port, take_answer,
				     netlink, take_control,
				     MNL_ARRAY_SIZE(take_control));
	} while (result == MNL_CB_OK);
	return result;
}

/*
 * The kernel knows a link by its index, people by its name. Not
 * if_nametoindex(3): that looks where we are, not where the socket is.
 */
static unsigned int index_of(struct netlink *netlink, const char *link)
{
	int fd = mnl_socket_get_fd(netlink->socket);
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link);
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		die("ioctl(SIOCGIFINDEX, \"%s\")", link);
	return (unsigned int)request.ifr_ifindex;
}

void set_link_up(struct netlink *netlink, const char *link)
{
	struct nlmsghdr *request = start_request(netlink, RTM_NEWLINK, 0);
	struct ifinfomsg *info =
		mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_index = (int)index_of(netlink, link);
	info->ifi_flags = info->ifi_change = IFF_UP;
	check(send_request(netlink, request), "RTM_NEWLINK(%s, IFF_UP)", link);
}

static void set_sysctl(const char *family, const char *link, const char *name,
		       const char *value)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family,
		 link, name);
	write_file(path, value);
}

/* To ask for a socket loads the module, as PROGRAM could do later. */
static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno != EAFNOSUPPORT)
		die("socket(AF_INET6, SOCK_DGRAM)");
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void listen_to_nobody(const char *link)
{
	set_sysctl("ipv4", link, "rp_filter", "1");
	if (has_ipv6()) {
		set_sysctl("ipv6", link, "disable_ipv6", "1");
		set_sysctl("ipv6", link, "accept_ra", "0");
	}
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * IFF_RUNNING would not tell: it is set while the state is unknown too, as it
 * is at first. From Linux 6.8 on, to be asked makes the kernel act.
 */
void await_carrier(struct netlink *netlink, const char *link)
{
	const long end = milliseconds() + 1000;
	bool up = false;

	while (!up && milliseconds() < end) {
		struct nlmsghdr *request =
			start_request(netlink, RTM_GETLINK, 0);
		struct ifinfomsg *info =
			mnl_nlmsg_put_extra_header(request, sizeof(*info));

		info->ifi_index = (int)index_of(netlink, link);
		if (send_request(netlink, request) < 0)
			die("RTM_GETLINK(%s)", link);
		up = netlink->link_state == IF_OPER_UP;
		if (!up)
			usleep(1000);
	}
	narrate("RTM_GETLINK(%s): %s", link, up ? "IF_OPER_UP" : "no carrier");
}

/* inet_ntoa(3) returns a static buffer: one address a message. */
static const char *text_of(struct address address)
{
	return inet_ntoa((struct in_addr){ address.ip });
}

void add_address(struct netlink *netlink, struct address address,
		 const char *link)
{
	struct nlmsghdr *request =
		start_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *info =
		mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifa_family = AF_INET;
	info->ifa_prefixlen = address.prefix;
	info->ifa_scope = RT_SCOPE_UNIVERSE;
	info->ifa_index = index_of(netlink, link);
	mnl_attr_put_u32(request, IFA_LOCAL, address.ip);
	mnl_attr_put_u32(request, IFA_ADDRESS, address.ip);
	check(send_request(netlink, request), "RTM_NEWADDR(%s/%d dev %s)",
	      text_of(address), address.prefix, link);
}

/*
 * The way to an address of our own is a local one. There may be none, or a
 * route that says so.
 */
static bool is_our_own(struct netlink *netlink, struct address address)
{
	struct nlmsghdr *request = start_request(netlink, RTM_GETROUTE, 0);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(request, sizeof(*route));

	route->rtm_family = AF_INET;
	route->rtm_dst_len = 32;
	mnl_attr_put_u32(request, RTA_DST, address.ip);
	if (send_request(netlink, request) == 0)
		return netlink->route_type == RTN_LOCAL;
	if (errno != ENETUNREACH && errno != EHOSTUNREACH && errno != EACCES &&
	    errno != EINVAL)
		die("RTM_GETROUTE(%s)", text_of(address));
	return false;
}

/* ip route add ADDRESS/32 dev LINK metric METRIC, or del */
static int change_route(struct netlink *netlink, uint16_t type, uint16_t flags,
			unsigned int metric)
{
	const struct claim *claim = &netlink->claim;
	struct nlmsghdr *request = start_request(netlink, type, flags);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(request, sizeof(*route));

	route->rtm_family = AF_INET;
	route->rtm_dst_len = 32;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_scope = RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	route->rtm_protocol = RTPROT_BOOT;
	mnl_attr_put_u32(request, RTA_DST, claim->address.ip);
	mnl_attr_put_u32(request, RTA_OIF, claim->index);
	mnl_attr_put_u32(request, RTA_PRIORITY, metric);
	return send_request(netlink, request);
}

/*
 * The routing table is the allocator: to add a route is atomic, and a route is
 * forgotten when its link goes, however that comes. An address of our own
 * (isolate in isolate) would never be reached by a route.
 */
static bool try_claim(struct netlink *netlink)
{
	const char *address = text_of(netlink->claim.address);
	int result;

	if (is_our_own(netlink, netlink->claim.address))
		return false;
	result = change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			      0);
	if (result < 0 && errno == EEXIST)
		return false;
	check(result, "RTM_NEWROUTE(%s/32 dev %s)", address,
	      netlink->claim.link);
	return true;
}

/*
 * From the second on, the search begins at an address that depends on the link,
 * not to try all those that others have. None ends in 0 or in 255.
 */
struct address claim_address(struct netlink *netlink, struct address first,
			     const char *link)
{
	const unsigned int network = 0x0a0b0000; /* 10.11.0.0/16 */
	const unsigned int most = 256 * 254;
	unsigned int index = index_of(netlink, link);

	netlink->claim = (struct claim){ .address = first, .index = index };
	strcpy(netlink->claim.link, link);
	for (unsigned int i = 0; !try_claim(netlink); i++) {
		unsigned int n = (index + i) % most;

		if (i == most)
			reject("10.11.0.0/16: all addresses are taken");
		n = network + n / 254 * 256 + n % 254 + 1;
		netlink->claim.address = (struct address){ htonl(n), 16 };
	}
	return netlink->claim.address;
}

/*
 * The claim is the route with metric 0. This one has another metric, and takes
 * its place until the link goes: connections that PROGRAM has left closing need
 * a way, or they would keep its network namespace for minutes. PROGRAM may have
 * ended already, and its link be gone: neither this nor the next can fail it.
 */
void keep_connected(struct netlink *netlink)
{
	unsigned int metric = netlink->claim.index;

	change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE, metric);
	reporting.reason = NULL; /* of a failure that is none */
	narrate("RTM_NEWROUTE(%s/32 dev %s metric %u)",
		text_of(netlink->claim.address), netlink->claim.link, metric);
}

void free_address(struct netlink *netlink)
{
	if (netlink->claim.index == 0)
		return;
	change_route(netlink, RTM_DELROUTE, 0, 0);
	narrate("RTM_DELROUTE(%s/32 dev %s)", text_of(netlink->claim.address),
		netlink->claim.link);
}
