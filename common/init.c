/*
 * Process 1, with --init, and how it reports. See process.h.
 *
 * isolate's child is process 1, and only that one sees PROGRAM stop, or which
 * signal ends it. It can show neither by its own end: a process 1 does not
 * stop, nor die of a signal of its own. So it reports what waitpid(2) has told
 * it, and for each report the kernel sends isolate a SIGIO, fcntl(2).
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"
#include "wait.h"

static int report_end;

void expect_init(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe2(O_CLOEXEC)");
	if (fcntl(ends[0], F_SETOWN, getpid()) < 0)
		die("fcntl(F_SETOWN)");
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK | O_ASYNC) < 0)
		die("fcntl(F_SETFL, O_NONBLOCK|O_ASYNC)");
	init_reports = ends[0];
	report_end = ends[1];
}

/*
 * A shell's fg continues this process too, and perhaps before isolate has given
 * PROGRAM the terminal back. So SIGCONT from outside, where no process has a
 * number here, does not go to PROGRAM until isolate sends this other signal,
 * which no kill(2) can look like, sigqueue(3).
 */
static void take_signal(pid_t program, const siginfo_t *info)
{
	if (info->si_signo == SIGRTMAX && info->si_code == SI_QUEUE &&
	    info->si_pid == 0)
		kill(program, SIGCONT);
	else if (info->si_signo != SIGCONT || info->si_pid != 0)
		pass_on(program, info);
}

/*
 * Of what the caller has left open, this process keeps nothing: somebody may
 * wait for the end of that file.
 */
void wait_as_init(pid_t program)
{
	const int report = STDERR_FILENO + 1;
	int status;

	if (dup2(report_end, report) < 0)
		die("dup2(%d, %d)", report_end, report);
	closefrom(report + 1);
	do {
		status = await_change(program, take_signal);
		if (write(report, &status, sizeof(status)) < 0)
			die("write to the parent");
	} while (WIFSTOPPED(status));
	narrate_end(program, status);
	_exit(shell_status(status));
}
