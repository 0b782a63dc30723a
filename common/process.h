/*
 * Parent and child: cloning, the sync pipe between the two, the last steps
 * before PROGRAM, and waiting for it.
 *
 *	parent				child
 *	clone_child()  ---------------> await_release()
 *	writes the id maps		.  (waits)
 *	release_child()  -------------> returns
 *	sets up from outside		die_with_parent()
 *	.				sets up from inside
 *	wait_child()			exec_program()
 *	.  (passes signals on)		PROGRAM runs
 *	exit_like()  <----------------- PROGRAM ends
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Before anything is opened, by parse_command_line(): occupies the standard
 * descriptors that the caller left closed. Else a pipe would get their numbers,
 * and messages would end up in it. PROGRAM finds them closed again.
 */
void occupy_standard_descriptors(void);

/*
 * In the parent, once: blocks all signals and creates a child, which calls
 * run(), by clone(2) with the flags given (CLONE_NEW... and SIGCHLD). Returns
 * the pid. From here on die() in the parent kills and reaps the child first.
 */
pid_t clone_child(int flags, void (*run)(void *), void *argument);

/* In the parent, once the id maps are written: lets the child go on. */
void release_child(void);

/* In the parent, after release_child(): hands the child size bytes. */
void send_to_child(const void *data, size_t size);

/*
 * In the parent, after the set-up: waits until the child ends, passing on the
 * signals that it is sent, and returns what waitpid(2) tells of PROGRAM. All
 * other children that end are reaped too. This and the next are in wait.c.
 */
int wait_child(pid_t child);

/*
 * In the parent, last: ends as PROGRAM has, with its exit status or by the
 * same signal. As process 1, which no such signal ends, exits with 128 + N.
 */
void exit_like(int status) __attribute__((noreturn));

/*
 * In the parent, before clone_child(): the child is going to be process 1 for
 * PROGRAM, and wait_child() looks for what it reports. This and the next are in
 * init.c.
 */
void expect_init(void);

/*
 * In process 1, last: waits until PROGRAM, its child, ends, as wait_child()
 * does, and reports to that. Keeps the descriptors 0, 1 and 2, and one for it.
 */
void wait_as_init(pid_t program) __attribute__((noreturn));

/*
 * In the child, first: waits for release_child(), and joins a session keyring
 * of its own. If the parent dies, so does the child.
 */
void await_release(void);

/* In the child, after await_release(): takes what send_to_child() sent. */
void receive_from_parent(void *data, size_t size);

/*
 * In the child, after the last change of ids, which would undo it: from here on
 * the kernel kills the child when the parent dies.
 */
void die_with_parent(void);

/*
 * In the child, last: executes program[0], looked up in PATH, with the caller's
 * environment and signal state, file descriptors 0, 1 and 2, and no_new_privs.
 * Exits with 127 if it is not found, with 126 if it cannot be run. In
 * program.c.
 */
void exec_program(char *program[]) __attribute__((noreturn));

/*
 * Says if there is such a file, where execvp(3) looks for it, and writes its
 * path. At any time. In program.c.
 */
bool find_program(const char *program, char path[PATH_MAX]);

/*
 * These two surround the life of the child; the functions above call them. In
 * wait.c.
 *
 * All signals are blocked until PROGRAM runs: one that arrived earlier would
 * end one of the two in the middle of its work.
 */
void take_over_signals(void);

/* In the child, before PROGRAM: the signal mask and SIGCHLD of the caller. */
void give_back_signals(void);
