# Stage 5: PROGRAM has a pid namespace of its own, and is process 1 in it.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...

load stage

# What PROGRAM starts is `sleep $LONG`.
LONG=$((1000000 + $$))

# running: how many of them run, here on the host.
running() {
	pgrep -cfx "sleep $LONG" || true
}

run_now() {
	[ "$(running)" -eq "$1" ]
}

# Promise pidns: PROGRAM has a pid namespace of its own.

@test "the pid namespace is a new one" {
	hint "Which flag makes one, and which process is the first in it?" \
		"CLONE_NEWPID; pid_namespaces(7): unshare(2) is for children only"
	hint_if 'Cannot allocate memory' "Who was the first process in the new
pid namespace, and where is it now?" "pid_namespaces(7), fork(2) ENOMEM"
	begin ''
	expect_new_namespace pid "$(namespace pid "$PROGRAM")"
}

# Promise first: PROGRAM is process 1.

@test "PROGRAM is process 1" {
	needs pidns
	hint "Which process is the first in a new pid namespace? Is it the one
that executes PROGRAM?" "clone(2) CLONE_NEWPID, or fork(2) after unshare(2)"
	inside sh -c 'echo $$'
	assert_output 1
}

@test "PROGRAM is 1 inside, and another number outside" {
	needs pidns first
	hint "Which process is the first in a new pid namespace?" \
		"NSpid in /proc/PID/status"
	begin ''
	refute [ "$PROGRAM" -eq 1 ]
	run awk '$1 == "NSpid:" { print $NF }' "/proc/$PROGRAM/status"
	assert_output 1
}

# Promise signals: it can signal nobody outside, and who can signal it.

# The victim is another PROGRAM, and so has the same ids outside: without a pid
# namespace it could be killed.
@test "PROGRAM cannot signal a process of the host" {
	needs pidns again
	hint "Which processes can PROGRAM name?" "kill(2), pid_namespaces(7)"
	local victim
	begin ''
	victim=$PROGRAM
	kill -0 "$victim"
	inside sh -c "kill -KILL $victim 2>&1"
	assert_output --partial 'No such process'
	kill -0 "$victim"
}

@test "a signal from inside that process 1 has no handler for does nothing" {
	needs pidns first
	hint "Is PROGRAM itself process 1?" "pid_namespaces(7), kill(2)"
	inside sh -c 'for signal in HUP TERM USR1 KILL; do
			kill -$signal $$ && kill -$signal 1 &&
			sh -c "kill -$signal 1" || exit
		done
		echo alive'
	assert_output alive
}

@test "a signal from inside that process 1 has a handler for arrives" {
	needs pidns first
	hint "Which signals does PROGRAM start with, blocked or ignored?" \
		"sigprocmask(2), execve(2)"
	inside sh -c 'trap "echo caught" TERM
		[ $$ = 1 ] && sh -c "kill -TERM 1"'
	assert_output caught
}

# Promise together: what PROGRAM has started ends with it.

# The kernel ends them all before the end of process 1 is reported.
@test "when PROGRAM ends, all that it started is gone at once" {
	needs pidns first
	hint "Whose end does the kernel take for the end of all?" \
		"pid_namespaces(7), \"The namespace init process\""
	inside bash -c 'for session in "" setsid; do
		$session sleep "$1" > /dev/null 2>&1 &
		kill -0 $! && echo started
	done' bash "$LONG"
	run running
	assert_output 0
	mapfile -t lines < "$OUTPUT"
	assert_equal "${lines[*]}" 'started started'
}

@test "when PROGRAM is killed, all that it started is gone at once" {
	needs pidns first
	hint "Whose end does the kernel take for the end of all?" \
		"pid_namespaces(7), \"The namespace init process\""
	begin 'setsid sleep "$1" & (sleep "$1" &)' "$LONG"
	soon run_now 2
	kill -KILL "$PROGRAM"
	await is_gone "$PID"
	run running
	assert_output 0
}

@test "when isolate is killed, all that PROGRAM started is gone" {
	needs pidns first ends
	hint "Who ends PROGRAM when isolate is killed?" \
		"prctl(2) PR_SET_PDEATHSIG; pid_namespaces(7)"
	begin 'setsid sleep "$1" & (sleep "$1" &)' "$LONG"
	soon run_now 2
	kill_isolate
	soon run_now 0 || fail "seen: $(running) processes still run"
}

# Promise orphans: PROGRAM is the parent of orphans.

@test "an orphan becomes a child of PROGRAM" {
	needs pidns first
	hint "Who becomes the parent of a process whose parent has ended?" \
		"pid_namespaces(7): init adopts; is PROGRAM that init?"
	begin 'sh -c "sleep $1 & exit 0"' "$LONG"
	soon run_now 1
	soon is_parent_of_orphan ||
		fail "seen: $(ps -C sleep -o pid=,ppid=,args=)"
}

is_parent_of_orphan() {
	[ "$(ps -o args= --ppid "$PROGRAM")" = "sleep $LONG" ]
}

# Promise clean-5: nothing is left behind.

@test "after stage 5 the host is as before" {
	nothing_was_left
}
