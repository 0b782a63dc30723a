/*
 * The hint that names a missing interpreter: the input is PROGRAM's file.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <limits.h>

#include "../../common/process.h"

/* Behind the input there are x's: a short one can tell of a long name. */
static char file[2 * PATH_MAX];

static ssize_t read_file(int fd, void *buffer, size_t size, off_t at)
{
	size_t left;

	(void)fd;
	if (at < 0 || at >= (off_t)sizeof(file))
		return at < 0 ? -1 : 0;
	left = sizeof(file) - (size_t)at;
	if (size > left)
		size = left;
	memcpy(buffer, file + at, size);
	return (ssize_t)size;
}

#define find_program(program, path) strcpy(path, "/program")
#define open(path, flags) STDIN_FILENO
#define close(fd) ((void)0)
#define pread read_file
#define access(path, mode) (-1)
#include "../../step6-mntns/interpreter.c"

static void look(void *hint, const char *execvp)
{
	*(const char **)hint = look_for_interpreter(execvp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *hint = NULL;
	bool is_taken;

	memset(file, 'x', sizeof(file));
	memcpy(file, data, size < sizeof(file) ? size : sizeof(file));
	is_taken = takes(look, &hint, "execvp(\"program\")");
	assert(is_taken);
	if (hint) {
		assert(strncmp(hint, "/program ", strlen("/program ")) == 0);
		check_line(hint);
	}
	return 0;
}
