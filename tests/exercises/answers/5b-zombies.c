/*
 * zombies PID: how many children of the process are zombies, by /proc, proc(5).
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Says if /proc/PID/stat tells of a zombie with this parent. The name of the
 * program, in brackets, may be any text, so the last ")" in there ends it.
 */
static bool is_zombie_of(const char *pid, int parent)
{
	char path[300], line[1024], state;
	const char *end;
	FILE *file;
	int ppid;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file) /* it is gone by now */
		return false;
	got = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[got] = '\0';
	end = strrchr(line, ')');
	return end && sscanf(end, ") %c %d", &state, &ppid) == 2 &&
	       state == 'Z' && ppid == parent;
}

int main(int argc, char *argv[])
{
	int parent = argc == 2 ? atoi(argv[1]) : 0, count = 0;
	const struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		err(EXIT_FAILURE, "/proc");
	if (parent < 1 || kill(parent, 0) < 0)
		err(EXIT_FAILURE, "no such process");
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_zombie_of(entry->d_name, parent))
			count++;
	closedir(proc);
	printf("%d\n", count);
	return EXIT_SUCCESS;
}
