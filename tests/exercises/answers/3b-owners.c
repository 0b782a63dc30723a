/*
 * owners PID: the namespaces of a process, and who owns them, ioctl_ns(2).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long inode(int fd)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		err(EXIT_FAILURE, "fstat");
	return info.st_ino;
}

static void show(const char *pid, const char *kind)
{
	char path[64];
	int namespace, owner;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kind);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		err(EXIT_FAILURE, "%s", path);
	printf("%s %lu ", kind, inode(namespace));
	owner = ioctl(namespace, NS_GET_USERNS);
	if (owner >= 0)
		printf("%lu\n", inode(owner));
	else if (errno == EPERM) /* it is above the caller's own */
		printf("-\n");
	else
		err(EXIT_FAILURE, "%s: NS_GET_USERNS", path);
	close(owner);
	close(namespace);
}

int main(int argc, char *argv[])
{
	static const char *const kinds[] = { "user", "uts", "ipc",
					     "net",  "pid", "mnt" };

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: owners PID");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		show(argv[1], kinds[i]);
	return EXIT_SUCCESS;
}
