/*
 * One run of isolate under ptrace(2), with a fault in it. See torture.h.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h> /* does not compile before sys/ptrace.h */

#include "torture.h"

static const struct fault *fault;
static struct recording *recording;
static struct outcome outcome;

static struct process {
	pid_t pid;
	bool is_watched; /* it stops at its calls */
	bool has_ended;
	bool restarts;	      /* its next call is not another one */
	int index;	      /* of its last call, */
	int made[MOST_CALLS]; /* and how many of each kind it has made */
} processes[ROLES];
static struct process *program; /* once it runs */
static int helpers;
static pid_t failing;	   /* has to be told of a failure as its call ends */
static int programs_input; /* PROGRAM reads it until this is closed, or -1 */
enum { PATIENCE = 30 };	   /* seconds, with the kernel */
static volatile sig_atomic_t seconds_late;

static void on_alarm(int signal)
{
	(void)signal;
	seconds_late++;
}

/* Tells by a signal, every second, that the time is over. */
static void set_alarm(unsigned int seconds)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval timer = { .it_interval.tv_sec = 1,
					 .it_value.tv_sec = seconds };

	seconds_late = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int role_of(pid_t pid)
{
	for (int role = 0; role < ROLES; role++)
		if (processes[role].pid == pid)
			return role;
	return -1;
}

static void start_to_watch(int role, pid_t pid)
{
	processes[role] = (struct process){ .pid = pid, .is_watched = true };
}

/* Once the fault has happened, calls are no longer of interest. */
static void resume(pid_t pid, int role, int signal)
{
	bool watch = role >= 0 && processes[role].is_watched &&
		     (!outcome.happened || role >= HELPER || pid == failing);

	ptrace(watch ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, signal);
}

static void read_path(pid_t pid, char path[64], unsigned long address)
{
	char memory[64];
	int fd;

	snprintf(memory, sizeof(memory), "/proc/%d/mem", pid);
	fd = open(memory, O_RDONLY | O_CLOEXEC);
	if (address == 0 || pread(fd, path, 63, (off_t)address) < 1)
		strcpy(path, address ? "" : "NULL");
	close(fd);
}

static void record(int role, const struct __ptrace_syscall_info *info)
{
	const struct process *process = &processes[role];
	long call = (long)info->entry.nr;
	int path = find_call(call)->path;
	struct moment *moment = &recording->moments[recording->length];

	if (recording->length == MOST_MOMENTS)
		return;
	recording->length++;
	*moment = (struct moment){
		.role = role,
		.call = call,
		.nth = process->made[call],
		.index = process->index,
		.before_clone = processes[CHILD].pid == 0,
		.has_child = processes[CHILD].pid > 0,
		.released = role == CHILD && processes[PROGRAM].pid != 0,
		.program_ended = program && program->has_ended,
	};
	if (path >= 0)
		read_path(process->pid, moment->path, info->entry.args[path]);
}

/* The last that the child waits for is written by the parent. */
static void complete_recording(void)
{
	bool released = true;

	for (int i = recording->length - 1; i >= 0; i--) {
		struct moment *moment = &recording->moments[i];

		moment->spawns_helpers = helpers > 0;
		if (moment->role != PARENT)
			continue;
		moment->released = released;
		if (moment->call == SYS_write)
			released = false;
	}
}

/*
 * At the entry of the call. To make none instead, its number becomes -1; but
 * close(2) closes, also where it fails.
 */
static void strike(pid_t pid, long call)
{
	struct user_regs_struct registers;

	outcome.happened = true;
	for (int role = PARENT; role <= CHILD; role++)
		if (fault->to[role] && processes[role].pid > 0)
			kill(processes[role].pid, fault->signal);
	if (!fault->error)
		return;
	failing = pid;
	if (call == SYS_close)
		return;
	ptrace(PTRACE_GETREGS, pid, 0, &registers);
	registers.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
}

static void tell_failure(pid_t pid)
{
	struct user_regs_struct registers;

	failing = 0;
	ptrace(PTRACE_GETREGS, pid, 0, &registers);
	registers.rax = (unsigned long long)-fault->error;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
}

/*
 * A write to /proc/sys/net does not wait for a lock that the kernel has taken:
 * the kernel has the call made again and again. Slowly, or we are kept busy.
 */
static void on_end(pid_t pid, struct process *process, long result)
{
	const int ERESTARTNOINTR = 513; /* the kernel's own */

	if (pid == failing)
		tell_failure(pid);
	process->restarts = result == -ERESTARTNOINTR;
	if (process->restarts)
		usleep(1000);
}

/*
 * Returns whether the process is still ours. Helpers execute set-user-ID
 * programs, which would not be that as tracees of an ordinary user.
 */
static bool on_call(pid_t pid, int role)
{
	const struct moment *moment = fault->moment;
	struct process *process = &processes[role];
	struct __ptrace_syscall_info info = { 0 };
	long call;

	ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	call = (long)info.entry.nr;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_end(pid, process, info.exit.rval);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || call >= MOST_CALLS)
		return true;
	if (process->restarts) {
		process->restarts = false;
		return true;
	}
	process->index++;
	process->made[call]++;
	if (recording)
		record(role, &info);
	if (moment && !outcome.happened && moment->role == role &&
	    moment->call == call && moment->nth == process->made[call])
		strike(pid, call);
	if (role < HELPER || call != SYS_execve || failing == pid)
		return true;
	process->pid = 0;
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return false;
}

/* The first instruction that comes when the dynamic loader has done its work.
 */
static unsigned long entry_of(pid_t pid)
{
	unsigned long auxv[128] = { 0 };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, auxv, sizeof(auxv) - sizeof(auxv[0])) < 0)
		err(2, "%s", path);
	close(fd);
	for (int i = 0; auxv[i] != AT_NULL; i += 2)
		if (auxv[i] == AT_ENTRY)
			return auxv[i + 1];
	errx(2, "%s: no AT_ENTRY", path);
}

/* By a breakpoint there, which is the instruction int3. */
static void break_at_entry(pid_t pid, bool has_come)
{
	static unsigned long entry;
	static long text;
	struct user_regs_struct registers;

	if (!has_come) {
		entry = entry_of(pid);
		text = ptrace(PTRACE_PEEKTEXT, pid, entry, 0);
		ptrace(PTRACE_POKETEXT, pid, entry, (text & ~0xffL) | 0xcc);
		return;
	}
	ptrace(PTRACE_POKETEXT, pid, entry, text);
	ptrace(PTRACE_GETREGS, pid, 0, &registers);
	registers.rip = entry;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
	start_to_watch(PARENT, pid);
}

static void on_exec(pid_t pid, int role)
{
	if (role == PARENT) {
		break_at_entry(pid, false);
		return;
	}
	program = &processes[role];
	program->is_watched = false;
	outcome.ran = true;
	outcome.ran_after = outcome.happened;
	if (outcome.happened && fault->keeps_input)
		return;
	close(programs_input);
	programs_input = -1;
}

/* A newborn stops; where that is seen first, it is held for this. */
static void on_birth(pid_t pid, int parent, bool by_vfork, pid_t held)
{
	unsigned long child = 0;
	int role = parent + 1;

	ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
	if (parent == PARENT && by_vfork)
		role = HELPER + helpers++;
	if (parent < 0 || parent > CHILD || role == ROLES)
		errx(2, "there is a process more than can be told apart");
	start_to_watch(role, (pid_t)child);
	if (held == (pid_t)child)
		resume(held, role, 0);
}

/* Returns whether the process is to go on. */
static bool on_stop(pid_t pid, int role, int status, int *signal)
{
	static pid_t held;

	switch (status >> 8) {
	case SIGTRAP | 0x80:
		return role < 0 || on_call(pid, role);
	case SIGTRAP | PTRACE_EVENT_FORK << 8:
		on_birth(pid, role, false, held);
		return true;
	case SIGTRAP | PTRACE_EVENT_VFORK << 8:
		on_birth(pid, role, true, held);
		return true;
	case SIGTRAP | PTRACE_EVENT_EXEC << 8:
		if (role >= 0)
			on_exec(pid, role);
		return true;
	case SIGTRAP | PTRACE_EVENT_STOP << 8:
		held = role < 0 ? pid : 0;
		return role >= 0;
	case SIGTRAP:
		if (role == PARENT && !processes[PARENT].is_watched) {
			break_at_entry(pid, true);
			return true;
		}
		break;
	}
	*signal = WSTOPSIG(status);
	return true;
}

/*
 * Says if somebody does not wait, but is at work, or the kernel for him, or if
 * he is stopped for us: that is no hang, there is much to do on this machine.
 */
static bool is_busy(void)
{
	glob_t files;
	bool busy = false;

	if (glob("/proc/[0-9]*/stat", 0, NULL, &files) != 0)
		err(2, "/proc");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "re");
		int pid;
		char state;

		if (file && fscanf(file, "%d (%*[^)]) %c", &pid, &state) == 2)
			busy = busy || (pid != 1 && strchr("RDt", state));
		if (file)
			fclose(file);
	}
	globfree(&files);
	return busy;
}

static void end_all_if_late(void)
{
	if (seconds_late == 0 || (seconds_late < PATIENCE && is_busy()))
		return;
	outcome.hung = true;
	kill(-1, SIGKILL);
}

/* Until there is no process left: who has lost a parent has got this one. */
static void follow(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		int role = role_of(pid), signal = 0;

		if (pid < 0) {
			end_all_if_late();
			continue;
		}
		if (WIFSTOPPED(status)) {
			if (on_stop(pid, role, status, &signal))
				resume(pid, role, signal);
			continue;
		}
		if (role == PARENT)
			outcome.status = WIFSIGNALED(status)
						 ? 128 + WTERMSIG(status)
						 : WEXITSTATUS(status);
		if (role >= 0) {
			processes[role].has_ended = true;
			processes[role].pid = -1;
		}
	}
}

/*
 * The lines of all, where a link, a route, an IPC object, a mount has one. The
 * heading of the routes is not there before the first, so first lines do not
 * count.
 */
static int count_lines(void)
{
	static const char *const files[] = {
		"/proc/net/dev",     "/proc/net/route",	  "/proc/sysvipc/shm",
		"/proc/sysvipc/sem", "/proc/sysvipc/msg", "/proc/self/mountinfo"
	};
	int lines = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(files[i], "re");
		char line[512];
		int n = 0;

		while (file && fgets(line, sizeof(line), file))
			n++;
		lines += n > 1 ? n - 1 : 0;
		if (!file || fclose(file) == EOF)
			err(2, "%s", files[i]);
	}
	return lines;
}

/* Waits to be traced, and executes isolate. */
static _Noreturn void execute(char *arguments[], int go, int input, int output)
{
	const struct rlimit limit = { fault->limit, fault->limit };
	char byte;

	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (read(go, &byte, 1) == 1 &&
	    (fault->limit == 0 ||
	     setrlimit((__rlimit_resource_t)fault->resource, &limit) == 0))
		execv(arguments[0], arguments);
	_exit(99);
}

/* Returns the descriptor from which the output can be read. */
static int start(char *arguments[])
{
	const int events = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
	int go[2], input[2], output[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(input, O_CLOEXEC) < 0 ||
	    pipe2(output, O_CLOEXEC) < 0)
		err(2, "pipe2");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		execute(arguments, go[0], input[0], output[1]);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, events) < 0)
		err(2, "ptrace");
	processes[PARENT].pid = pid;
	if (write(go[1], "", 1) < 0)
		err(2, "write");
	close(go[0]);
	close(go[1]);
	close(input[0]);
	close(output[1]);
	programs_input = input[1];
	return output[0];
}

/* What was said, as one line. */
static void read_output(int output)
{
	ssize_t size = read(output, outcome.said, sizeof(outcome.said) - 1);

	if (size < 0)
		err(2, "read");
	outcome.said[size] = '\0';
	close(output);
	for (char *c = outcome.said; *c; c++) {
		if (c == outcome.said || c[-1] == ';')
			outcome.messages += strncmp(c, "isolate: ", 9) == 0;
		if (*c == '\n')
			*c = ';';
	}
}

/*
 * The kernel takes links away when it comes to it, which may be in a second. If
 * it has not then, this one will stay, and is not to be the next run's fault.
 */
static bool leaves_something(void)
{
	static int before = -1;
	int now = count_lines();

	if (before < 0)
		before = now;
	while (now != before && seconds_late < PATIENCE) {
		usleep(5000);
		now = count_lines();
	}
	if (now == before)
		return false;
	before = now;
	return true;
}

const struct outcome *run(char *arguments[], const struct fault *what,
			  struct recording *recorded)
{
	int output;

	memset(processes, 0, sizeof(processes));
	program = NULL;
	helpers = failing = 0;
	fault = what;
	recording = recorded;
	if (recording)
		*recording = (struct recording){ 0 };
	set_alarm(1);
	leaves_something(); /* it had stayed longer than that, and is gone */
	set_alarm(fault->seconds);
	outcome = (struct outcome){ .happened = !fault->moment && !recorded };
	output = start(arguments);
	follow();
	outcome.left = leaves_something();
	set_alarm(0);
	if (programs_input >= 0)
		close(programs_input);
	read_output(output);
	if (recording)
		complete_recording();
	return &outcome;
}
