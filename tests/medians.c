/*
 * medians ROUNDS COMMAND...: runs the commands in turn, so often, and prints
 * how long each takes, the median in microseconds. A command is one argument,
 * its words separated by blanks.
 *
 * What a run leaves the kernel to clean up may cost the next one, so each round
 * has an order of its own.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 24, MOST_WORDS = 24 };

static void split(char *command, char *words[MOST_WORDS])
{
	int n = 0;

	for (char *word = strtok(command, " "); word; word = strtok(NULL, " "))
		if (n < MOST_WORDS - 1)
			words[n++] = word;
	if (n == 0)
		errx(EXIT_FAILURE, "an empty command");
	words[n] = NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double time_of(char *words[])
{
	double start = now();
	pid_t child = fork();
	int status;

	if (child == 0) {
		execvp(words[0], words);
		err(127, "%s", words[0]);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(EXIT_FAILURE, "fork");
	if (status != 0)
		errx(EXIT_FAILURE, "%s failed", words[0]);
	return now() - start;
}

static int compare(const void *one, const void *other)
{
	const double *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

static void shuffle(int order[], int n)
{
	for (int i = n - 1; i > 0; i--) {
		int other = rand() % (i + 1), was = order[i];

		order[i] = order[other];
		order[other] = was;
	}
}

int main(int argc, char *argv[])
{
	char *words[MOST_COMMANDS][MOST_WORDS];
	double *times[MOST_COMMANDS];
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int commands = argc - 2, order[MOST_COMMANDS];

	if (rounds < 1 || commands < 1 || commands > MOST_COMMANDS)
		errx(EXIT_FAILURE, "usage: medians ROUNDS COMMAND...");
	for (int i = 0; i < commands; i++) {
		order[i] = i;
		split(argv[2 + i], words[i]);
		times[i] = calloc((size_t)rounds, sizeof(double));
		if (!times[i])
			err(EXIT_FAILURE, "calloc");
	}
	for (int round = 0; round < rounds; round++) {
		shuffle(order, commands);
		for (int i = 0; i < commands; i++)
			times[order[i]][round] = time_of(words[order[i]]);
	}
	for (int i = 0; i < commands; i++) {
		qsort(times[i], (size_t)rounds, sizeof(double), compare);
		printf("%.0f\n", times[i][rounds / 2]);
		free(times[i]);
	}
	return EXIT_SUCCESS;
}
