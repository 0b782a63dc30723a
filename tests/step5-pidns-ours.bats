# What is particular to our step 5, and to the later ones: exit statuses and
# signals of a PROGRAM that is process 1, and what -v says.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # start sets OUTPUT, run sets stderr

load helper

# ends_with STATUS: waits for the isolate started last.
ends_with() {
	local status=0
	wait "$PID" || status=$?
	assert_equal "$status" "$1"
}

@test "PROGRAM is the only process below isolate" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	run children_of "$PID"
	assert_output --regexp '^[0-9]+$'
	assert_equal "$(children_of "$output")" ""
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

# The kernel ends even process 1 for a fault.
@test "128 + N where a fault ends PROGRAM" {
	run -139 "$ISOLATE" "$PROBE" fault SEGV
	run -135 "$ISOLATE" "$PROBE" fault BUS
}

@test "137 where PROGRAM is killed from outside" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	kill -KILL "$(children_of "$PID")"
	ends_with 137
}

@test "PROGRAM's own status, whatever its children's" {
	run -3 "$ISOLATE" sh -c 'sh -c "kill -KILL \$\$"; exit 3'
	run -137 "$ISOLATE" sh -c 'sh -c "kill -KILL \$\$"'
	run -0 "$ISOLATE" sh -c '(exit 4) & exit 0'
}

# A shell that executes another program keeps its number, so that is process 1.
@test "127 and 126 where PROGRAM cannot be run" {
	run -127 "$ISOLATE" /nonexistent
	run -126 "$ISOLATE" /etc/passwd
}

# HUP comes first: of the signals that wait, the lowest is passed on first.
@test "of the signals passed on, process 1 gets those it has a handler for" {
	start sh -c 'trap "echo caught; exit 3" TERM; echo ready
		while :; do sleep 0.02; done'
	eventually has_said '^ready$'
	kill -HUP "$PID"
	kill -TERM "$PID"
	ends_with 3
	has_said '^caught$'
}

@test "-v narrates the clone with the pid namespace, and process 1" {
	run -0 --separate-stderr "$ISOLATE" -v true
	assert_narrated \
		'^parent\[[0-9]+\] clone\(.*CLONE_NEWNET\|CLONE_NEWPID\|.*SIGCHLD\) = [0-9]+$' \
		'^child\[1\] prctl\(PR_SET_PDEATHSIG, SIGKILL\)$' \
		'^child\[1\] execvp\("true"\)$' \
		'^parent\[[0-9]+\] waitpid\([0-9]+\) = exit status 0$'
}

# A process group is not part of a pid namespace. With the caller's own id, for
# PROGRAM to have the right to signal its processes.
@test "kill(2) with pid 0 stays inside, where there is no terminal" {
	run -0 setsid --wait bash -c '
		sleep 100 &
		"$ISOLATE" -u "0:$(id -u):1" -g "0:$(id -g):1" bash -c "
			trap : USR1; kill -USR1 0; echo sent"
		kill $! && echo both live'
	assert_output $'sent\nboth live'
}

@test "a signal to the process group of isolate reaches PROGRAM once" {
	start_outside setsid "$ISOLATE" "$PROBE" catch-signals
	eventually has_said '^ready$'
	kill -USR1 -- "-$PID"
	eventually has_said '^USR1$'
	kill -WINCH "$PID"
	eventually has_said '^WINCH$' # isolate is past it
	kill -TERM "$PID"
	wait "$PID"
	run grep -c USR1 "$OUTPUT"
	assert_output 1
}

@test "isolate in isolate looks for its child in /proc, which step 6 makes anew" {
	if ((STEP == 5)); then
		run -125 "$ISOLATE" "$ISOLATE" true
		assert_line --index 0 --regexp '^isolate: .*/proc/2/'
	else
		run -0 "$ISOLATE" "$ISOLATE" true
	fi
}

# With a /proc of its own it can be run in step 5, too.
start_nested() {
	start unshare --mount-proc "$ISOLATE" unshare --mount-proc "$ISOLATE" \
		sh -c "$1"
}

@test "each PROGRAM of isolate in isolate in isolate is process 1" {
	local program numbers
	start_nested 'echo $$; exec sleep 100'
	eventually has_said '^1$'
	program=$(children_of "$(children_of "$(children_of "$PID")")")
	numbers=$(awk '$1 == "NSpid:" { print NF - 1 }' /proc/self/status)
	run awk '$1 == "NSpid:" { print NF - 1, $NF }' "/proc/$program/status"
	assert_output "$((numbers + 3)) 1"
}

@test "with the outermost isolate all levels end" {
	start_nested 'sleep 100 & echo ready; exec sleep 100'
	eventually has_said '^ready$'
	kill -KILL "$PID"
	eventually host_is_as_before
}

# isolate has stopped PROGRAM and is held up for a second before it stops itself.
# The stop would discard a SIGCONT that comes meanwhile.
@test "SIGCONT that comes before isolate has stopped is not lost" {
	local parent
	set -m
	start_outside env ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null \
		-e inject=kill:delay_exit=1000000:when=1 \
		"$ISOLATE" "$PROBE" catch-signals
	set +m
	eventually has_said '^ready$'
	parent=$(children_of "$PID")
	kill -TSTP "$parent"
	eventually is_stopped "$(children_of "$parent")"
	kill -CONT "$parent"
	eventually has_said '^CONT$'
	kill -TERM "$parent"
	wait "$PID"
}
