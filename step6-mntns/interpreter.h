/*
 * "No such file or directory", of a program that is there: what is missing is
 * what the kernel starts in its place, execve(2). In a root of PROGRAM's own
 * that is a common mistake.
 */
#pragma once

/*
 * For a hint: execvp is the failed call as die() has it, execvp("NAME").
 * Returns a text that names the missing interpreter, or NULL if it is not that.
 * In the child, after the call.
 */
const char *look_for_interpreter(const char *execvp);
