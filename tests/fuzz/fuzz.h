/*
 * What the targets of make fuzz share. A target, NAME.c, includes the file
 * that it tests, so that it reaches static functions and can replace calls by
 * macros. libFuzzer calls its LLVMFuzzerTestOneInput() with input after input.
 */
#pragma once

#include <assert.h>
#include <ctype.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf refused;
static char said[4096];

static _Noreturn void jump_back(int status)
{
	assert(status != 0);
	longjmp(refused, 1);
}

/* Here fail() jumps back where else the process ends, and says it to nobody. */
#define dprintf(fd, ...) snprintf(said, sizeof(said), __VA_ARGS__)
#define _exit jump_back
#include "../../common/error.c"
#undef dprintf
#undef _exit

/* libFuzzer, with the seeds in tests/fuzz/seeds/NAME to begin with, calls: */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line)
{
	for (const char *c = line; *c; c++)
		assert(!iscntrl((unsigned char)*c));
}

/*
 * Says if a parser takes the text. If not, it has to have called fail(), whose
 * message is one line.
 */
static bool takes(void (*parse)(void *, const char *), void *target,
		  const char *text)
{
	size_t length;

	said[0] = '\0';
	if (setjmp(refused) == 0) {
		parse(target, text);
		return true;
	}
	length = strlen(said);
	assert(strncmp(said, "isolate: ", strlen("isolate: ")) == 0);
	assert(said[length - 1] == '\n');
	said[length - 1] = '\0';
	check_line(said);
	return false;
}
