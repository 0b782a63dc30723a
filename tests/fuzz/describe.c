/*
 * The line that a message is: the input is what somebody put into it.
 */
#include "fuzz.h"

static void refuse(void *unused, const char *text)
{
	(void)unused;
	errno = ENOENT;
	die("--bind %s: SRC", text);
}

/* The line is the text, escaped, or as much of it as there is room for. */
static void check_described(const char *line, const char *text)
{
	const char *c = line;

	for (; *c; c++, text++) {
		char expected = iscntrl((unsigned char)*text) ? '?' : *text;

		if (*text == '\n') {
			assert(*c == '\\');
			c++;
			expected = 'n';
		}
		assert(*c == expected);
	}
	assert(*text == '\0' || c - line >= LONGEST_TEXT - 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	const char *line = describe("%s", text);

	assert(strlen(line) < LONGEST_TEXT);
	check_line(line);
	check_described(line, text);
	takes(refuse, NULL, text);
	free(text);
	return 0;
}
