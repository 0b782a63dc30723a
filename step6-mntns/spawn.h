/*
 * Starts a program that does what takes a privilege: newuidmap(1) and its like.
 */
#pragma once

#include <sys/types.h>

/*
 * In the parent: starts arguments[0], looked up in PATH, and returns the pid,
 * or die()s. Unless output is -1, its standard output is this descriptor, and
 * its errors are not shown. Our signals may be blocked: its are not, for
 * Ctrl-C.
 */
pid_t start_program(char *arguments[], int output);
