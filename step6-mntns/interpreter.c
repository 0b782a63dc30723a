/*
 * Finds the interpreter that a program lacks. See interpreter.h.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/error.h"
#include "../common/process.h"
#include "interpreter.h"

/* #!INTERPRETER ARGUMENT. The kernel takes a carriage return for part of it. */
static bool read_script(int fd, char interpreter[PATH_MAX])
{
	char line[PATH_MAX] = "";

	if (pread(fd, line, sizeof(line) - 1, 0) <= 0 ||
	    strncmp(line, "#!", 2) != 0)
		return false;
	return sscanf(line + 2 + strspn(line + 2, " \t"), "%4095[^ \t\n]",
		      interpreter) == 1;
}

/*
 * A dynamic program names its linker in a segment, elf(5). (One for 32 bits has
 * other structures, and is not looked at.)
 */
static bool read_elf(int fd, char interpreter[PATH_MAX])
{
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;
	off_t at;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(segment))
		return false;
	at = (off_t)header.e_phoff;
	for (int i = 0; i < header.e_phnum; i++, at += (off_t)sizeof(segment)) {
		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return false;
		if (segment.p_type == PT_INTERP)
			return segment.p_filesz < PATH_MAX &&
			       pread(fd, interpreter, segment.p_filesz,
				     (off_t)segment.p_offset) > 0;
	}
	return false;
}

const char *look_for_interpreter(const char *execvp)
{
	char program[PATH_MAX], path[PATH_MAX], interpreter[PATH_MAX] = "";
	bool found;
	int fd;

	if (sscanf(execvp, "execvp(\"%4095[^\"]", program) != 1 ||
	    !find_program(program, path))
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	found = read_script(fd, interpreter) || read_elf(fd, interpreter);
	close(fd);
	if (!found || access(interpreter, F_OK) == 0)
		return NULL;
	return describe("%s is there, but not %s, which it needs to start, "
			"execve(2)%s",
			path, interpreter,
			strchr(interpreter, '\r')
				? ": the line ends with a carriage return"
				: "");
}
