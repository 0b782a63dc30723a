# Exercise 5a: an init in twenty lines.
# start: /usr/bin/env

load exercise

# isolated COMMAND...: below the reader's init, which is process 1, in step 6: its
# /proc shows who is there.
isolated() {
	try "$STEPS/step6" "$MINE" "$@"
}

@test "5a: PROGRAM is a child of process 1, and its status is kept" {
	# shellcheck disable=SC2016 # expanded inside
	isolated sh -c 'echo $PPID; exit 7'
	expect "the parent of PROGRAM" 1 "$output" "fork(2), then execvp(3)"
	expect "the status of a PROGRAM that exits with 7" 7 "$status" \
		"wait(2), WEXITSTATUS"
	# shellcheck disable=SC2016 # expanded inside
	isolated sh -c 'kill -TERM $$'
	expect "the status of a PROGRAM that SIGTERM ends" 143 "$status" \
		"128 and the number of the signal"
}

@test "5a: orphans are reaped while PROGRAM runs" {
	# shellcheck disable=SC2016 # expanded inside
	isolated bash -c 'for n in {1..20}; do
			sh -c "sleep 100 & exit"
		done
		echo $PPID
		ps -o comm= --ppid 1 | grep -c sleep
		pkill -KILL -x sleep
		for n in {1..50}; do
			[ "$(ps -e -o pid= | wc -l)" -le 5 ] && break
			sleep 0.02
		done
		ps -e -o stat= | grep -c ^Z'
	expect "the parent of PROGRAM" 1 "$(head -n 1 <<< "$output")" \
		"fork(2), then execvp(3)"
	expect "the children of process 1, while 20 orphans run, are these too" yes \
		"$( (($(sed -n 2p <<< "$output") >= 20)) && echo yes)" \
		"PROGRAM's orphans are children of process 1"
	expect "the zombies, when they have ended" 0 \
		"$(tail -n 1 <<< "$output")" \
		"wait(2) for every child, and not for PROGRAM alone"
}

@test "5a: an orphan that outlives PROGRAM is not waited for" {
	# shellcheck disable=SC2016 # expanded inside
	isolated sh -c 'echo $PPID; sh -c "sleep 100 & exit"; exit 3'
	expect "the parent of PROGRAM" 1 "$output" "fork(2), then execvp(3)"
	expect "the status, when PROGRAM has ended" 3 "$status" \
		"which child has ended? wait(2) returns its pid"
}

@test "5a: SIGTERM is passed on to PROGRAM" {
	try timeout -s TERM 2 "$STEPS/step6" "$MINE" \
		sh -c 'trap "echo caught; exit 5" TERM; while :; do sleep 0.1; done'
	expect "what PROGRAM says, when isolate gets SIGTERM after 2 s" caught \
		"$output" "process 1 gets no signal that it has no handler for"
	try timeout --preserve-status -s TERM -k 2 1 "$STEPS/step6" "$MINE" \
		sleep 100
	expect "the status of a PROGRAM without a handler" 143 "$status" \
		"a process 1 need not die of it, but PROGRAM should"
}
