/*
 * Talks rtnetlink(7). See netlink.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h> /* does not compile before net/if.h */

#include "error.h"
#include "netlink.h"

void open_netlink(struct netlink *netlink)
{
	int on = 1;

	netlink->sequence = 0;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink->socket)
		die("socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		die("bind(AF_NETLINK)");
	if (mnl_socket_setsockopt(netlink->socket, NETLINK_EXT_ACK, &on,
				  sizeof(on)) < 0)
		die("setsockopt(NETLINK_EXT_ACK)");
}

void close_netlink(struct netlink *netlink)
{
	mnl_socket_close(netlink->socket);
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

static int take_sentence(const struct nlattr *attribute, void *unused)
{
	static char sentence[256];

	(void)unused;
	if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0) {
		snprintf(sentence, sizeof(sentence), "%s",
			 mnl_attr_get_str(attribute));
		set_reason(sentence);
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
	if (ack->error == 0)
		return MNL_CB_STOP;
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		before_attributes += mnl_nlmsg_get_payload_len(&ack->msg);
	if (answer->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(answer, (unsigned int)before_attributes,
			       take_sentence, NULL);
	errno = -ack->error;
	return MNL_CB_ERROR;
}

static int take_attribute(const struct nlattr *attribute, void *state)
{
	if (mnl_attr_get_type(attribute) == IFLA_OPERSTATE)
		*(uint8_t *)state = mnl_attr_get_u8(attribute);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *answer, void *state)
{
	return mnl_attr_parse(answer, sizeof(struct ifinfomsg), take_attribute,
			      state);
}

/*
 * The acknowledgement comes last, after the link that RTM_GETLINK asks for.
 * mnl_cb_run2() compares the answers' sequence number with the request's.
 */
int send_request(struct netlink *netlink, struct nlmsghdr *request)
{
	mnl_cb_t take_control[] = { [NLMSG_ERROR] = take_ack };
	unsigned int port = mnl_socket_get_portid(netlink->socket);
	ssize_t size;
	int result;

	set_reason(NULL);
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -1;
	do {
		size = mnl_socket_recvfrom(netlink->socket, netlink->buffer,
					   sizeof(netlink->buffer));
		if (size < 0)
			return -1;
		result = mnl_cb_run2(netlink->buffer, (size_t)size,
				     netlink->sequence, port, take_link,
				     &netlink->link_state, take_control,
				     MNL_ARRAY_SIZE(take_control));
	} while (result == MNL_CB_OK);
	return result;
}

struct link find_link(const char *name)
{
	struct link link = { .index = if_nametoindex(name) };

	if (link.index == 0)
		die("if_nametoindex(\"%s\")", name);
	snprintf(link.name, sizeof(link.name), "%s", name);
	return link;
}

void set_link_up(struct netlink *netlink, const struct link *link)
{
	struct nlmsghdr *request = start_request(netlink, RTM_NEWLINK, 0);
	struct ifinfomsg *info =
		mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_index = (int)link->index;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	check(send_request(netlink, request), "RTM_NEWLINK(%s, IFF_UP)",
	      link->name);
}

/*
 * IFF_RUNNING would not tell: it is set while the state is unknown too, as it
 * is at first. From Linux 6.8 on, to be asked makes the kernel act.
 */
void await_carrier(struct netlink *netlink, const struct link *link)
{
	bool up = false;

	for (int i = 0; i < 1000 && !up; i++) {
		struct nlmsghdr *request =
			start_request(netlink, RTM_GETLINK, 0);
		struct ifinfomsg *info =
			mnl_nlmsg_put_extra_header(request, sizeof(*info));

		if (i > 0)
			usleep(1000);
		info->ifi_index = (int)link->index;
		if (send_request(netlink, request) < 0)
			die("RTM_GETLINK(%s)", link->name);
		up = netlink->link_state == IF_OPER_UP;
	}
	narrate("RTM_GETLINK(%s): %s", link->name,
		up ? "IF_OPER_UP" : "no carrier");
}

/* inet_ntoa(3) returns a static buffer: one address a message. */
static const char *text_of(struct address address)
{
	return inet_ntoa((struct in_addr){ address.ip });
}

void add_address(struct netlink *netlink, struct address address,
		 const struct link *link)
{
	struct nlmsghdr *request =
		start_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *info =
		mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifa_family = AF_INET;
	info->ifa_prefixlen = address.prefix;
	info->ifa_scope = RT_SCOPE_UNIVERSE;
	info->ifa_index = link->index;
	mnl_attr_put_u32(request, IFA_LOCAL, address.ip);
	mnl_attr_put_u32(request, IFA_ADDRESS, address.ip);
	check(send_request(netlink, request), "RTM_NEWADDR(%s/%d dev %s)",
	      text_of(address), address.prefix, link->name);
}

/* ip route add ADDRESS/32 dev LINK metric METRIC, or del */
static int change_route(struct netlink *netlink, uint16_t type, uint16_t flags,
			struct address address, const struct link *link,
			unsigned int metric)
{
	struct nlmsghdr *request = start_request(netlink, type, flags);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(request, sizeof(*route));

	route->rtm_family = AF_INET;
	route->rtm_dst_len = 32;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_scope = RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	route->rtm_protocol = RTPROT_BOOT;
	mnl_attr_put_u32(request, RTA_DST, address.ip);
	mnl_attr_put_u32(request, RTA_OIF, link->index);
	mnl_attr_put_u32(request, RTA_PRIORITY, metric);
	return send_request(netlink, request);
}

/* Only what is sent to an address of ours has it as its source too. */
static bool is_our_own(struct address address)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(9),
				    .sin_addr = { address.ip } };
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ours;

	if (fd < 0)
		die("socket(AF_INET, SOCK_DGRAM)");
	ours = connect(fd, (struct sockaddr *)&name, size) == 0 &&
	       getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	       name.sin_addr.s_addr == address.ip;
	close(fd);
	return ours;
}

/*
 * So the routing table is the allocator: to add a route is atomic, and a route
 * is forgotten when its link goes, however that comes. An address of our own
 * (isolate in isolate) would never be reached by a route.
 */
static bool claim(struct netlink *netlink, struct address address,
		  const struct link *link)
{
	int result;

	if (is_our_own(address))
		return false;
	result = change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			      address, link, 0);
	if (result < 0 && errno == EEXIST)
		return false;
	check(result, "RTM_NEWROUTE(%s/32 dev %s)", text_of(address),
	      link->name);
	return true;
}

/*
 * From the second on, the search begins at an address that depends on the link,
 * not to try all those that others have. None ends in 0 or in 255.
 */
struct address claim_address(struct netlink *netlink, struct address first,
			     const struct link *link)
{
	const unsigned int network = 0x0a0b0000; /* 10.11.0.0/16 */
	const unsigned int most = 256 * 254;
	struct address address = first;

	for (unsigned int i = 0; !claim(netlink, address, link); i++) {
		unsigned int n = (link->index + i) % most;

		if (i == most)
			reject("10.11.0.0/16: all addresses are taken");
		address.ip = htonl(network + n / 254 * 256 + n % 254 + 1);
		address.prefix = 16;
	}
	return address;
}

/* That the link has gone already, and its routes with it, is no failure. */
static int unless_gone(int result)
{
	bool gone = errno == ESRCH || errno == ENODEV || errno == ENETDOWN;

	return result < 0 && gone ? 0 : result;
}

/*
 * The claim is the route with metric 0. One with another metric takes its place
 * until the link goes: connections that PROGRAM has left closing need a way, or
 * they would keep its network namespace for minutes.
 */
void free_address(struct netlink *netlink, struct address address,
		  const struct link *link)
{
	int result = change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE, address,
				  link, link->index);

	check(unless_gone(result), "RTM_NEWROUTE(%s/32 dev %s metric %u)",
	      text_of(address), link->name, link->index);
	result = change_route(netlink, RTM_DELROUTE, 0, address, link, 0);
	check(unless_gone(result), "RTM_DELROUTE(%s/32 dev %s)",
	      text_of(address), link->name);
}
