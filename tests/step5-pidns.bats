# What step 5 promises, of any `isolate PROGRAM [ARGS...]`: a pid namespace, in
# which PROGRAM is process 1.

load helper

# sleeping NUMBER: says if so many `sleep 100` of this test run.
sleeping() {
	[ "$(leftover_processes "$TEST_MARKER" | grep -c '^sleep 100 $')" -eq "$1" ]
}

# The pid of PROGRAM on the host.
program() {
	children_of "$PID"
}

program_runs() {
	[ "$(program)" ]
}

orphan_is_child_of_program() {
	[ "$(ps -o args= --ppid "$(program)")" = 'sleep 100' ]
}

@test "PROGRAM is process 1" {
	# shellcheck disable=SC2016 # expanded inside
	run "$ISOLATE" sh -c 'echo $$'
	assert_success
	assert_output 1
}

@test "PROGRAM is the only process below isolate, 1 inside, another number outside" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	assert_equal "$(program | wc -l)" 1
	refute [ "$(program)" -eq 1 ]
	run awk '$1 == "NSpid:" { print $NF }' "/proc/$(program)/status"
	assert_output 1
	assert_equal "$(children_of "$(program)")" ""
}

# The victim is PROGRAM of another isolate, and so has the same ids outside:
# without a pid namespace it could be killed.
@test "PROGRAM cannot signal a process of the host" {
	local victim
	start sleep 100
	eventually program_runs
	victim=$(program)
	run "$ISOLATE" sh -c "kill -KILL $victim"
	assert_failure
	assert_output --partial 'No such process'
	kill -0 "$victim"
}

# The kernel ends them all before the end of process 1 is reported.
@test "when PROGRAM ends, all that it started is gone at once" {
	# shellcheck disable=SC2016 # expanded inside
	run "$ISOLATE" sh -c 'for session in "" setsid; do
		$session sleep 100 > /dev/null 2>&1 3>&- &
		kill -0 $! && echo started
	done'
	assert_success
	assert_output $'started\nstarted'
	sleeping 0
}

@test "when PROGRAM is killed, all that it started is gone at once" {
	start sh -c 'setsid sleep 100 & (sleep 100 &) ; exec sleep 100'
	eventually sleeping 3
	kill -KILL "$(program)"
	wait "$PID" || true
	sleeping 0
}

@test "when isolate is killed, all that PROGRAM started is gone" {
	start sh -c 'setsid sleep 100 & (sleep 100 &) ; exec sleep 100'
	eventually sleeping 3
	kill -KILL "$PID"
	eventually sleeping 0
}

@test "an orphan becomes a child of PROGRAM" {
	start sh -c 'sh -c "sleep 100 & exit 0"; exec sleep 101'
	eventually sleeping 1
	eventually orphan_is_child_of_program
}

@test "a signal from inside that process 1 has no handler for does nothing" {
	# shellcheck disable=SC2016 # expanded inside
	run "$ISOLATE" sh -c 'for signal in HUP TERM USR1 KILL; do
			kill -$signal $$ && kill -$signal 1 &&
			sh -c "kill -$signal 1" || exit
		done
		echo alive'
	assert_success
	assert_output alive
}

@test "a signal from inside that process 1 has a handler for arrives" {
	# shellcheck disable=SC2016 # expanded inside
	run "$ISOLATE" sh -c 'trap "echo caught" TERM
		[ $$ = 1 ] && sh -c "kill -TERM 1"'
	assert_success
	assert_output caught
}

# A lesson of the course: what ps shows comes from /proc, which is a mount.
@test "until step 6, /proc still shows the host's processes" {
	run "$ISOLATE" cat "/proc/$$/comm"
	if ((STEP == 5)); then
		assert_success
		assert_output "$(cat "/proc/$$/comm")"
	else
		assert_failure
		assert_output --partial 'No such file'
	fi
}
