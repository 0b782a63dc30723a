/*
 * What isolate and, with --init, process 1 do alike when they wait. For wait.c
 * and init.c.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Waits until the child has ended or stopped, and returns what waitpid(2) tells
 * of it; has take() see the signals that come meanwhile.
 */
int await_change(pid_t child, void (*take)(pid_t child, const siginfo_t *info));

/* For take(): sends the signal to the child, unless that has had it too. */
void pass_on(pid_t child, const siginfo_t *info);

/* For a status of waitpid(2) that tells of an end: narrates it. */
void narrate_end(pid_t child, int status);

/* The same as $? shows it: the exit status, or 128 + N. */
int shell_status(int status);

/* If the child is in a pid namespace of its own. Set by clone_child(). */
extern bool child_is_process_1;

/* Where process 1 reports, and isolate reads: a descriptor, or -1. */
extern int init_reports;
