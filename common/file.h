/*
 * Files of the kernel that take a text, in one write(2).
 */
#pragma once

#include <sys/types.h>

/* Writes text to a file that exists, or calls die(). At any time. */
void write_file(const char *path, const char *text);

/* The same for /proc/PID/FILE: what is set up in a child from outside. */
void write_proc(pid_t pid, const char *file, const char *text);
