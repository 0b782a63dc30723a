/*
 * What the tests need to do and a shell cannot. Run as PROGRAM or on the host.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void make_queue(char *argv[])
{
	if (mq_open(argv[0], O_CREAT | O_EXCL | O_RDWR, 0600, NULL) < 0)
		err(EXIT_FAILURE, "mq_open(%s, O_CREAT)", argv[0]);
}

static void open_queue(char *argv[])
{
	if (mq_open(argv[0], O_RDWR) < 0)
		err(EXIT_FAILURE, "mq_open(%s)", argv[0]);
}

static void remove_queue(char *argv[])
{
	if (mq_unlink(argv[0]) < 0)
		err(EXIT_FAILURE, "mq_unlink(%s)", argv[0]);
}

static void show_session_keyring(char *argv[])
{
	long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
			  KEY_SPEC_SESSION_KEYRING, 0);

	(void)argv;
	if (id < 0)
		err(EXIT_FAILURE, "KEYCTL_GET_KEYRING_ID");
	printf("%ld\n", id);
}

/*
 * join-session-keyring PROGRAM: shows the new keyring, then has PROGRAM, which
 * may be isolate, run the probe that shows the one it has.
 */
static void join_session_keyring(char *argv[])
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		err(EXIT_FAILURE, "KEYCTL_JOIN_SESSION_KEYRING");
	show_session_keyring(NULL);
	fflush(stdout);
	execlp(argv[0], argv[0], program_invocation_name, "session-keyring",
	       NULL);
	err(EXIT_FAILURE, "%s", argv[0]);
}

/*
 * Signals that the kernel sends for a fault: these end PID 1 of a pid
 * namespace too, which kill(2) from inside does not.
 */
static void fault(char *argv[])
{
	if (strcmp(argv[0], "SEGV") == 0)
		*(volatile char *)mmap(NULL, 1, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 0;
	else if (strcmp(argv[0], "BUS") == 0)
		*(volatile char *)mmap(NULL, 1, PROT_WRITE, MAP_PRIVATE,
				       memfd_create("empty", 0), 0) = 0;
	else
		__builtin_trap();
}

/* Names each signal that it gets, the last one being SIGTERM. */
static void catch_signals(char *argv[])
{
	sigset_t all;
	int signal;

	(void)argv;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	puts("ready");
	do {
		fflush(stdout);
		signal = sigwaitinfo(&all, NULL);
		if (signal > 0) /* it was not stopped and continued */
			printf("%s\n", sigabbrev_np(signal));
	} while (signal != SIGTERM);
}

/* serve ADDRESS PORT: says "hello" to the first who connects, within 20 s. */
static void serve(char *argv[])
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr = { inet_addr(argv[0]) },
		.sin_port = htons((unsigned short)atoi(argv[1])),
	};
	int on = 1, listener, connection;

	alarm(20);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(listener, 1) < 0)
		err(EXIT_FAILURE, "listen on %s:%s", argv[0], argv[1]);
	puts("listening");
	fflush(stdout);
	connection = accept(listener, NULL, NULL);
	if (connection < 0 || write(connection, "hello\n", 6) != 6)
		err(EXIT_FAILURE, "accept");
}

/* orphans N: leaves behind N processes that have ended, or are about to. */
static void orphans(char *argv[])
{
	for (int n = atoi(argv[0]); n > 0; n--) {
		pid_t pid = fork();

		if (pid < 0)
			err(EXIT_FAILURE, "fork");
		if (pid == 0)
			_exit(9);
	}
}

/*
 * leave-chroot DIR FILE: the way out of a chroot(2), which is to do another,
 * into DIR, and keep the working directory out of it. Then FILE is to be found.
 */
static void leave_chroot(char *argv[])
{
	int root = open("/", O_RDONLY | O_DIRECTORY);

	if (root < 0 || chroot(argv[0]) < 0 || fchdir(root) < 0)
		err(EXIT_FAILURE, "chroot(%s)", argv[0]);
	for (int i = 0; i < 100; i++)
		if (chdir("..") < 0)
			err(EXIT_FAILURE, "chdir(..)");
	if (chroot(".") < 0 || access(argv[1], F_OK) < 0)
		err(EXIT_FAILURE, "%s", argv[1]);
	puts("out");
}

/* The Internet checksum, RFC 1071: the words may come in any number of calls.
 */
static uint32_t add_words(uint32_t sum, const void *data, size_t size)
{
	for (const uint8_t *byte = data; size > 1; byte += 2, size -= 2)
		sum += (uint32_t)(byte[0] << 8 | byte[1]);
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/*
 * redirect HOST GATEWAY OLD NEW DESTINATION: tells the host, which has also the
 * address OLD, in the name of its gateway, that NEW is a better one for this
 * destination: an ICMP redirect, RFC 792.
 */
static void redirect(char *argv[])
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		struct iphdr about;
		struct icmphdr reply; /* all 0: an echo reply */
	} packet = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_ICMP,
			.saddr = inet_addr(argv[1]),
			.daddr = inet_addr(argv[0]) },
		.icmp = { .type = ICMP_REDIRECT,
			  .code = ICMP_REDIR_HOST,
			  .un.gateway = inet_addr(argv[3]) },
		.about = { .version = 4,
			   .ihl = 5,
			   .ttl = 64,
			   .tot_len = htons(28),
			   .protocol = IPPROTO_ICMP,
			   .saddr = inet_addr(argv[2]),
			   .daddr = inet_addr(argv[4]) },
	};
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr = { inet_addr(argv[0]) } };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	packet.icmp.checksum = checksum(
		add_words(0, &packet.icmp, sizeof(packet) - sizeof(packet.ip)));
	if (sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to,
		   sizeof(to)) != sizeof(packet))
		err(EXIT_FAILURE, "sendto(%s)", argv[0]);
}

/*
 * advertise LINK: sends what an IPv6 router says of itself, RFC 4861, to all on
 * the link: here I am, for half an hour, and 2001:db8::/64 is on this link.
 */
static void advertise(char *argv[])
{
	struct {
		struct ip6_hdr ip;
		struct nd_router_advert advert;
		struct nd_opt_prefix_info prefix;
	} packet = {
		.ip = { .ip6_nxt = IPPROTO_ICMPV6, .ip6_hlim = 255 },
		.advert = { .nd_ra_type = ND_ROUTER_ADVERT,
			    .nd_ra_router_lifetime = htons(1800) },
		.prefix = { .nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION,
			    .nd_opt_pi_len = sizeof(packet.prefix) / 8,
			    .nd_opt_pi_prefix_len = 64,
			    .nd_opt_pi_flags_reserved =
				    ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO,
			    .nd_opt_pi_valid_time = htonl(86400),
			    .nd_opt_pi_preferred_time = htonl(14400) },
	};
	const uint16_t length = sizeof(packet) - sizeof(packet.ip);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)if_nametoindex(argv[0]),
		.sll_halen = ETH_ALEN,
		.sll_addr = { 0x33, 0x33, 0, 0, 0, 1 },
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	uint32_t sum;

	inet_pton(AF_INET6, "fe80::1", &packet.ip.ip6_src);
	inet_pton(AF_INET6, "ff02::1", &packet.ip.ip6_dst);
	inet_pton(AF_INET6, "2001:db8::", &packet.prefix.nd_opt_pi_prefix);
	packet.ip.ip6_vfc = 6 << 4; /* of a union with the others */
	packet.ip.ip6_plen = htons(length);
	sum = add_words(length + IPPROTO_ICMPV6, &packet.ip.ip6_src,
			2 * sizeof(struct in6_addr));
	sum = add_words(sum, &packet.advert, length);
	packet.advert.nd_ra_cksum = checksum(sum);
	if (sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to,
		   sizeof(to)) != sizeof(packet))
		err(EXIT_FAILURE, "sendto(%s)", argv[0]);
}

/* detach DIR: unmounts it, as umount(8) does, which needs /proc for it. */
static void detach(char *argv[])
{
	if (umount2(argv[0], MNT_DETACH) < 0)
		err(EXIT_FAILURE, "umount2(%s)", argv[0]);
}

static unsigned int number_of_call(const char *name)
{
	if (strcmp(name, "unshare") == 0)
		return SYS_unshare;
	if (strcmp(name, "sethostname") == 0)
		return SYS_sethostname;
	return UINT32_MAX;
}

/*
 * refuse CALL SCRIPT: runs a shell script that may not make this system call: a
 * seccomp(2) filter answers it with EPERM. With "nothing" the filter is there.
 */
static void refuse(char *argv[])
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of_call(argv[0]), 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { .len = 4, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		err(EXIT_FAILURE, "PR_SET_SECCOMP");
	execl("/bin/sh", "sh", "-c", argv[1], NULL);
	err(EXIT_FAILURE, "/bin/sh");
}

/* What became of an attempt. */
static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
	fflush(stdout);
}

/*
 * take-over PID: tries to get hold of a process: by ptrace(2), its memory, its
 * program, its descriptors. The process is first named, so that one sees which.
 * Its number is that of the /proc below, where one mounted over it can go.
 */
static void take_over(char *argv[])
{
	static const char *const files[] = { "mem", "exe", "fd/0" };
	char path[64], text[64] = "";
	ssize_t size;
	int fd;

	umount2("/proc", MNT_DETACH);
	snprintf(path, sizeof(path), "/proc/%s/comm", argv[0]);
	fd = open(path, O_RDONLY);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	printf("comm: %s", size < 0 ? "none\n" : text);
	tell("ptrace", ptrace(PTRACE_SEIZE, atoi(argv[0]), NULL, NULL));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s/%s", argv[0], files[i]);
		tell(files[i], open(path, i == 0 ? O_RDWR : O_RDONLY));
	}
}

static bool is_same_namespace(int fd, const char *file)
{
	struct stat one, other;

	return fstat(fd, &one) == 0 && stat(file, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/*
 * in-netns FILE COMMAND...: runs it in the network namespace that FILE leads
 * to. It takes CAP_SYS_ADMIN in the user namespace that owns it, which who has
 * made that one has there (user_namespaces(7)). Where the owner is out of
 * sight, it is the caller's own or one above.
 */
static void in_netns(char *argv[])
{
	int net = open(argv[0], O_RDONLY | O_CLOEXEC);
	int owner;

	if (net < 0)
		err(EXIT_FAILURE, "%s", argv[0]);
	if (!is_same_namespace(net, "/proc/self/ns/net")) {
		owner = ioctl(net, NS_GET_USERNS);
		if (owner >= 0 &&
		    !is_same_namespace(owner, "/proc/self/ns/user") &&
		    setns(owner, CLONE_NEWUSER) < 0)
			err(EXIT_FAILURE, "setns(CLONE_NEWUSER)");
		if (setns(net, CLONE_NEWNET) < 0)
			err(EXIT_FAILURE, "setns(CLONE_NEWNET)");
	}
	execvp(argv[1], argv + 1);
	err(EXIT_FAILURE, "%s", argv[1]);
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int arguments; /* or, if negative, at least so many */
		void (*run)(char *argv[]);
	} probes[] = {
		{ "make-queue", 1, make_queue },
		{ "open-queue", 1, open_queue },
		{ "remove-queue", 1, remove_queue },
		{ "session-keyring", 0, show_session_keyring },
		{ "join-session-keyring", 1, join_session_keyring },
		{ "fault", 1, fault },
		{ "catch-signals", 0, catch_signals },
		{ "serve", 2, serve },
		{ "orphans", 1, orphans },
		{ "leave-chroot", 2, leave_chroot },
		{ "advertise", 1, advertise },
		{ "redirect", 5, redirect },
		{ "take-over", 1, take_over },
		{ "detach", 1, detach },
		{ "refuse", 2, refuse },
		{ "in-netns", -2, in_netns },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], probes[i].name) != 0)
			continue;
		if (probes[i].arguments < 0 ? argc < 2 - probes[i].arguments
					    : argc != 2 + probes[i].arguments)
			errx(EXIT_FAILURE, "%s: %d arguments", argv[1],
			     abs(probes[i].arguments));
		probes[i].run(argv + 2);
		return EXIT_SUCCESS;
	}
	errx(EXIT_FAILURE, "no such probe");
}
