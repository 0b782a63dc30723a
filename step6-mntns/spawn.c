/*
 * Starts other programs. See spawn.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "../common/error.h"
#include "spawn.h"

pid_t start_program(char *arguments[], int output)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t child;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&files);
	if (output >= 0) {
		posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO,
						 "/dev/null", O_WRONLY, 0);
	}
	errno = posix_spawnp(&child, arguments[0], &files, &attributes,
			     arguments, environ);
	if (errno)
		die("%s %s", arguments[0], arguments[1]);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return child;
}
