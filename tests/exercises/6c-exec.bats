# Exercise 6c: a second program in a running isolate.
# start: step6

load exercise

# start_first: an isolate. Sets first, the pid of its PROGRAM out here.
start_first() {
	start "$MINE" sh -c 'hostname first; exec sleep 3636'
	expect_soon "an isolate runs" "does it, without exec?" \
		runs 'sleep 3636'
	first=$(pid_of 'sleep 3636')
}

@test "6c: exec PID PROGRAM: PROGRAM is in all six namespaces of PID" {
	local kind
	start_first
	for kind in user uts ipc net pid mnt; do
		try "$MINE" exec "$first" readlink "/proc/self/ns/$kind"
		expect "the $kind namespace of PROGRAM" \
			"$(readlink "/proc/$first/ns/$kind")" "$output" \
			"pidfd_open(2) and one setns(2) for all; of a pid namespace, who is the first in it?"
	done
}

@test "6c: it is root there, with all capabilities, and sees the others" {
	start_first
	try "$MINE" exec "$first" id -u
	expect "the uid inside" 0 "$output" \
		"setns(2) changes no id: setresuid(2)"
	try "$MINE" exec "$first" hostname second
	expect "the status of: hostname second" 0 "$status" \
		"uid 0 gets the capabilities by execve(2)"
	try "$MINE" exec "$first" hostname
	expect "the hostname, when PROGRAM has set it" second "$output" \
		"it is that of the isolate"
	try "$MINE" exec "$first" ps -e -o comm=
	expect "the processes" $'sleep\nps' \
		"$(grep -xE 'sleep|ps' <<< "$output")" \
		"which /proc does it see?"
}

@test "6c: its arguments, its status, and no descriptor of isolate's" {
	start_first
	# shellcheck disable=SC2016 # expanded inside
	try "$MINE" exec "$first" sh -c 'echo "$0:$1"; exit 7' -v 'a b'
	expect "the arguments" "-v:a b" "$output" "as they are"
	expect "the status of a PROGRAM that exits with 7" 7 "$status" \
		"somebody has to wait for it, and somebody for that one"
	# shellcheck disable=SC2016 # expanded inside
	try "$MINE" exec "$first" sh -c 'kill -KILL $$'
	expect "the status of a PROGRAM that SIGKILL ends" 137 "$status" \
		"128 and the number of the signal"
	try "$MINE" exec "$first" ls /proc/self/fd
	expect "the descriptors (3 is that of ls)" $'0\n1\n2\n3' "$output" \
		"a descriptor of the host's /proc would lead out"
}

@test "6c: it ends with isolate exec, and with process 1" {
	start_first
	start "$MINE" exec "$first" sleep 3637
	expect_soon "a second program runs" "see the tests before" \
		runs 'sleep 3637'
	pkill -KILL -P "$PID" # timeout(1) has no other child
	expect_soon "it ends when isolate exec is killed" \
		"the death signal, asked for by each that waits for a child" \
		is_gone 'sleep 3637'
	start "$MINE" exec "$first" sleep 3638
	expect_soon "a third program runs" "see the tests before" \
		runs 'sleep 3638'
	kill -KILL "$first"
	expect_soon "it ends when process 1 is killed" \
		"the kernel does it: is it in that pid namespace?" \
		is_gone 'sleep 3638'
}

@test "6c: where there is no such process, PROGRAM does not run" {
	start_first
	try "$MINE" exec "$first" echo runs
	expect "the output, where there is one" runs "$output" \
		"is exec known?"
	try "$MINE" exec 2147483647 echo runs
	expect "the output, where there is none" "" "$output" \
		"do you look at what the call returns?"
	expect_not "the status" 0 "$status" "say so by the exit status"
}
