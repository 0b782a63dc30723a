#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * TODO 1.1: One file in /proc/PID after the other is written below. Write the
 * function for it. What is an error there, and which call reports it?
 */

int main(int argc, char *argv[])
{
	if (argc < 2)
		errx(125, "usage: %s PROGRAM [ARGS...]", argv[0]);

	/*
	 * TODO 1.2: Who is the caller? If it is root, PROGRAM must be somebody
	 * else outside, and have none of root's groups. Who can that be?
	 */

	/*
	 * TODO 1.3: The child has to wait until the maps are written. By what
	 * can the parent tell it, and what does the child get if the parent
	 * dies before? (What must PROGRAM not inherit?)
	 */

	/*
	 * TODO 1.4: Make a child that is born in a user namespace of its own.
	 * fork() has no flags: which call has?
	 */

	/*
	 * TODO 1.5: In the child: wait for the parent, and give up if it is
	 * gone. Who is the child now, and who should it be?
	 */

	/*
	 * TODO 1.6: In the child: it has to end when the parent is killed, at
	 * any moment. What asks the kernel for that, and what undoes it?
	 */

	/*
	 * TODO 1.7: The child becomes PROGRAM, with its arguments. Where is it
	 * looked for? What does your program return if it is not there?
	 */

	/*
	 * TODO 1.8: In the parent: write the maps, one id in each. What may an
	 * ordinary user write, and what must be written before?
	 */

	/* TODO 1.9: In the parent: tell the child to go on. */

	/*
	 * TODO 1.10: In the parent: wait for the child. What is its exit status
	 * if PROGRAM returned 7, and what if signal 9 ended it?
	 */
	return 125;
}
