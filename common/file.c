/*
 * Writes to files of the kernel. See file.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "file.h"

/*
 * stdio would put the error off until fclose(3), and might split the text: the
 * kernel takes an id map whole, in the first write, or not at all.
 */
void write_file(const char *path, const char *text)
{
	ssize_t written;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		die("open(\"%s\")", path);
	written = write(fd, text, strlen(text));
	check(written < 0 ? -1 : 0, "write(\"%s\", \"%s\")", path, text);
	close(fd);
}

void write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	write_file(path, text);
}
