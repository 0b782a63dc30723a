/*
 * Parent and child: cloning, the sync pipe between the two, the last steps
 * before PROGRAM, waiting for it, and passing signals on to it.
 *
 *	parent				child
 *	clone_child()  ---------------> await_release()
 *	sets up from outside		.  (waits)
 *	release_child()  -------------> returns
 *	.				die_with_parent()
 *	.				sets up from inside
 *	wait_child()			exec_program()
 *	.  (passes signals on)		PROGRAM runs
 *	returns its status <----------- PROGRAM ends
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * In the parent: blocks all signals and creates a child, which calls run(), by
 * clone(2) with the flags given (CLONE_NEW... and SIGCHLD). Returns the pid.
 * From here on die() in the parent kills and reaps the child first.
 */
pid_t clone_child(int flags, void (*run)(void *), void *argument);

/* In the parent: lets the child go on. */
void release_child(void);

/* In the parent, after release_child(): hands the child size bytes. */
void send_to_child(const void *data, size_t size);

/*
 * In the parent: waits until the child ends, passing on the signals that it is
 * sent. Returns the exit status, or 128 + N where signal N ended the child. All
 * other children that end are reaped too.
 */
int wait_child(pid_t child);

/* In the child: waits for release_child(). If the parent dies, so does it. */
void await_release(void);

/* In the child, after await_release(): takes what send_to_child() sent. */
void receive_from_parent(void *data, size_t size);

/*
 * In the child: from here on the kernel kills it when the parent dies. To be
 * called after the last change of ids, which would undo it.
 */
void die_with_parent(void);

/*
 * For a new root, where the caller's PATH may mean nothing: sets PATH to a
 * default if program, which has no slash in it, is not found by the old one.
 */
void set_default_path(const char *program);

/*
 * In the child: executes program[0], looked up in PATH, with the caller's
 * environment and signal state, file descriptors 0, 1 and 2, no_new_privs, and
 * a session keyring of its own. Exits with 127 if it is not found, with 126 if
 * it cannot be run.
 */
void exec_program(char *program[]) __attribute__((noreturn));

#endif
