# What our program promises of --init: a process 1 that looks after the others.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031

load helper
bats_require_minimum_version 1.5.0

@test "--init: PROGRAM is a child of process 1; without it, process 1" {
	run "$ISOLATE" --init sh -c 'echo $$ $PPID'
	assert_success
	assert_output '2 1'
	run "$ISOLATE" sh -c 'echo $$ $PPID'
	assert_success
	assert_output '1 0'
}

@test "--init: isolate, process 1, PROGRAM: no other process" {
	local init program
	start --init sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	init=$(children_of "$PID")
	program=$(children_of "$init")
	[[ $init =~ ^[0-9]+$ && $program =~ ^[0-9]+$ ]]
	eventually executes "$program" 'sleep 100'
	assert_equal "$(ps -o ppid= -p "$program" | tr -d ' ')" "$init"
}

@test "--init: every exit status is PROGRAM's" {
	local status=0 expected
	for expected in {0..255}; do
		status=0
		"$ISOLATE" --init sh -c "exit $expected" ||
			status=$?
		[ "$status" -eq "$expected" ]
	done
}

@test "--init: the status is 128+N where signal N ended PROGRAM" {
	local signal
	for signal in HUP INT QUIT ABRT KILL USR1 SEGV PIPE TERM RTMIN; do
		run "$ISOLATE" --init sh -c 'ulimit -c 0; kill -s "$1" $$' \
			sh "$signal"
		assert_equal "$signal $status" \
			"$signal $((128 + $(kill -l "$signal")))"
	done
	run "$ISOLATE" --init sh -c 'ulimit -c 0; exec "$1" fault SEGV' \
		sh "$PROBE"
	assert_equal "$status" 139
}

@test "--init: 127 where PROGRAM is not found, 126 where it cannot be run" {
	PATH=/usr/bin:/bin run -127 "$ISOLATE" --init no-such-program
	assert_output --regexp '^isolate: .*no-such-program.*: No such file'
	run -126 "$ISOLATE" --init /etc/passwd
	assert_output --regexp '^isolate: .*/etc/passwd.*: Permission denied'
}

# count_children PID: they and the zombies among them, "2 1".
count_children() {
	ps -o stat= --ppid "$1" | awk '/^Z/ { z++ } END { print NR + 0, z + 0 }'
}

children_are() {
	[ "$(count_children "$1")" = "$2" ]
}

@test "--init: a thousand orphans are reaped while PROGRAM runs" {
	local init
	start --init sh -c '"$1" orphans 1000
		echo up; exec sleep 100' sh "$PROBE"
	PATIENCE=60 eventually has_said '^up$'
	init=$(children_of "$PID")
	PATIENCE=60 eventually children_are "$init" '1 0'
}

@test "without --init orphans stay zombies" {
	local program
	# They and their parent, which is one too: sleep never waits.
	start sh -c '"$1" orphans 10 & echo up; exec sleep 100' sh "$PROBE"
	eventually has_said '^up$'
	program=$(children_of "$PID")
	eventually children_are "$program" '11 11'
}

@test "--init: a thousand orphans do not touch the status" {
	run "$ISOLATE" --init sh -c '"$1" orphans 1000; exit 5' sh "$PROBE"
	assert_equal "$status" 5
}

@test "--init: it ends when PROGRAM ends, and so does what PROGRAM left" {
	local init status=0
	mkfifo "$BATS_TEST_TMPDIR/end"
	OUTPUT=$BATS_TEST_TMPDIR/output
	"$ISOLATE" --init sh -c 'sleep 100 & (setsid sleep 100 &)
		echo up; read line; exit 3' > "$OUTPUT" 2>&1 3>&- \
		< "$BATS_TEST_TMPDIR/end" &
	PID=$!
	PIDS+=("$PID")
	exec {end}> "$BATS_TEST_TMPDIR/end"
	eventually has_said '^up$'
	init=$(children_of "$PID")
	eventually children_are "$init" '2 0'
	exec {end}>&-
	wait "$PID" || status=$?
	assert_equal "$status" 3
	[ ! -e "/proc/$init" ]
}

# A shell that says "term" and ends with 7 at a SIGTERM, or that has no handler.
# SIGUSR1 makes it say something; it ends when its time is up.
waits='trap "echo usr1" USR1; echo up
	i=0; while [ $i -lt 1000 ]; do sleep 0.05; i=$((i + 1)); done'
handles_term='trap "echo term; exit 7" TERM; '

@test "SIGTERM, a PROGRAM with a handler: it runs, with and without --init" {
	local option status
	for option in --init --hostname=isolated; do
		start "$option" sh -c "$handles_term$waits"
		eventually has_said '^up$'
		kill -TERM "$PID"
		status=0
		wait "$PID" || status=$?
		assert_equal "$status" 7
		has_said '^term$'
	done
}

@test "SIGTERM, a PROGRAM without a handler: with --init it ends" {
	local status=0
	start --init sh -c "$waits"
	eventually has_said '^up$'
	kill -TERM "$PID"
	wait "$PID" || status=$?
	assert_equal "$status" 143
}

@test "SIGTERM, a PROGRAM without a handler: as process 1 it goes on" {
	start sh -c "$waits"
	eventually has_said '^up$'
	kill -TERM "$PID"
	# By the second SIGUSR1 the SIGTERM has been passed on too.
	kill -USR1 "$PID"
	eventually said_times 1 usr1
	kill -USR1 "$PID"
	eventually said_times 2 usr1
	kill -0 "$PID"
	[ -n "$(children_of "$PID")" ]
}

said_times() {
	[ "$(grep -c "^$2\$" "$OUTPUT")" -eq "$1" ]
}

@test "--init: other signals are passed on too" {
	local signal
	# Here in the background the shell has SIGINT and SIGQUIT ignored.
	start_outside env --default-signal=INT,QUIT \
		"$ISOLATE" --init sh -c 'for signal in HUP INT QUIT USR1 USR2 PIPE ALRM TERM \
			CONT WINCH; do
			trap "echo got $signal" "$signal"
		done
		echo up
		i=0; while [ $i -lt 1000 ]; do sleep 0.05; i=$((i + 1)); done'
	eventually has_said '^up$'
	for signal in HUP INT QUIT USR1 USR2 PIPE ALRM TERM CONT WINCH; do
		kill -s "$signal" "$PID"
		eventually has_said "^got $signal\$"
	done
}

@test "--init: a signal to process 1 from inside reaches PROGRAM" {
	run "$ISOLATE" --init sh -c 'trap "echo got; exit 4" USR1
		kill -USR1 1; while :; do sleep 0.05; done'
	assert_equal "$status" 4
	assert_output got
}

@test "--init: PROGRAM has the caller's signal mask and dispositions" {
	local state=(env "--block-signal=USR1,TERM" "--ignore-signal=HUP,CHLD")
	local show=(grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status)
	run "${state[@]}" "$ISOLATE" --init "${show[@]}"
	assert_success
	assert_output "$("${state[@]}" "${show[@]}")"
	run "$ISOLATE" --init "${show[@]}"
	assert_success
	assert_output "$("${show[@]}")"
}

# has_descriptors PID DESCRIPTOR...: these and no others.
has_descriptors() {
	local pid=$1
	shift
	[ "$(ls "/proc/$pid/fd")" = "$(printf '%s\n' "$@")" ]
}

@test "--init: of descriptors, process 1 has 0, 1, 2 and one to report by" {
	only_as_root # to look at those of a process that is not dumpable
	local init
	exec {open}< /etc/passwd
	start --init sh -c 'echo up; exec sleep 100'
	exec {open}<&-
	eventually has_said '^up$'
	init=$(children_of "$PID")
	eventually has_descriptors "$init" 0 1 2 3
	[[ $(readlink "/proc/$init/fd/3") == pipe:* ]]
	eventually has_descriptors "$(children_of "$init")" 0 1 2
}

@test "--init: PROGRAM cannot look into process 1, which is isolate" {
	local file
	# In step 5 /proc is the host's.
	for file in exe root cwd fd/0; do
		run "$ISOLATE" --init unshare --mount sh -c '
			mount -t proc proc /proc
			readlink "/proc/self/$1" > /dev/null || echo fails too
			readlink "/proc/1/$1"' sh "$file"
		assert_failure
		refute_output
	done
	run "$ISOLATE" --init unshare --mount sh -c '
		mount -t proc proc /proc
		cat /proc/self/maps > /dev/null || echo fails too
		cat /proc/1/maps'
	assert_failure
	refute_output --partial r-xp
	refute_output --partial 'fails too'
}

@test "--init: SIGKILL of isolate takes all with it" {
	local init program
	start --init sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	init=$(children_of "$PID")
	program=$(children_of "$init")
	kill -0 "$PID"
	[ -e "/proc/$program" ]
	kill -KILL "$PID"
	eventually is_gone "$program"
	eventually is_gone "$init"
}

@test "--init: -v says what process 1 does" {
	run "$ISOLATE" -v --init sh -c 'exit 3'
	assert_equal "$status" 3
	assert_line 'init[1] fork() = 2'
	assert_line 'init[1] waitpid(2) = exit status 3'
	assert_line 'child[2] execvp("sh")'
}

# on_terminal COMMAND: the command, typed into a shell with job control on a
# terminal. What that shows is in $OUTPUT; what is written to the descriptor
# $keys is typed there.
on_terminal() {
	command -v script > /dev/null || cannot "there is no script(1)"
	OUTPUT=$BATS_TEST_TMPDIR/screen
	mkfifo "$OUTPUT.keys"
	# Here in the background SIGINT is ignored, which would be inherited.
	env --default-signal=INT,QUIT script --quiet --flush --command \
		'bash --norc --noediting -i' /dev/null < "$OUTPUT.keys" \
		> "$OUTPUT" 2>&1 3>&- &
	PIDS+=("$!")
	exec {keys}> "$OUTPUT.keys"
	echo "$1" >&"$keys"
}

# ends_by_ctrl_c PID: PROGRAM runs, and Ctrl-C ends it.
ends_by_ctrl_c() {
	eventually is_running "$1"
	printf '\003' >&"$keys"
	# What is typed before the signal comes is lost with it.
	eventually is_gone "$1"
	echo 'echo status=$?; exit' >&"$keys"
	eventually has_said 'status=130.?$'
	exec {keys}>&-
}

@test "--init: Ctrl-Z stops PROGRAM and isolate, fg goes on, Ctrl-C ends it" {
	local program
	on_terminal "$ISOLATE --init sh -c 'echo u\"\"p; exec sleep 100'"
	eventually has_said 'up.?$'
	printf '\032' >&"$keys"
	eventually has_said 'Stopped'
	program=$(program_below "${PIDS[0]}")
	eventually is_stopped "$program"
	echo 'echo she""ll; fg' >&"$keys"
	eventually has_said 'shell.?$'
	ends_by_ctrl_c "$program"
}

@test "--init: the terminal is given back where PROGRAM stops itself" {
	local program
	on_terminal "$ISOLATE --init sh -c 'echo u\"\"p; kill -STOP \$\$; exec sleep 100'"
	eventually has_said 'up.?$'
	program=$(program_below "${PIDS[0]}")
	eventually is_stopped "$program"
	eventually has_said 'Stopped'
	echo 'echo she""ll; fg' >&"$keys"
	eventually has_said 'shell.?$'
	ends_by_ctrl_c "$program"
}

# This one has a process group of its own, which Ctrl-Z would reach alone.
@test "--init: the terminal is given back where a shell in it is suspended" {
	local program
	on_terminal "$ISOLATE --init bash --norc --noediting -i"
	echo 'echo in""side; suspend -f' >&"$keys"
	eventually has_said 'inside.?$'
	eventually has_said 'Stopped'
	program=$(program_below "${PIDS[0]}")
	# Typed ahead: there is something to read once the shell inside goes on. If
	# it does so before it has the terminal back, the other shell reads that.
	echo 'echo she""ll; fg' >&"$keys"
	echo 'echo ag""ain; exit 9' >&"$keys"
	eventually has_said 'shell.?$'
	eventually has_said 'again.?$'
	eventually is_gone "$program"
	echo 'echo status=$?; exit' >&"$keys"
	eventually has_said 'status=9.?$'
	exec {keys}>&-
}

# A shell in the background does not lose the terminal to its job's past.
@test "--init: a job that was started in the background has the terminal after fg" {
	local program
	# The shell has the terminal when it stops.
	on_terminal "$ISOLATE --init cat &"
	eventually cat_is_stopped_below "${PIDS[0]}"
	program=$(program_below "${PIDS[0]}")
	eventually is_stopped "$(parent_of "$(parent_of "$program")")"
	echo 'fg' >&"$keys"
	eventually is_running "$program"
	echo typed >&"$keys"
	eventually said_line_twice typed
	printf '\004' >&"$keys"
	eventually is_gone "$program"
	echo 'exit' >&"$keys"
	exec {keys}>&-
}

# cat_is_stopped_below PID
cat_is_stopped_below() {
	local pid
	pid=$(program_below "$1")
	executes "$pid" cat && is_stopped "$pid"
}

# said_line_twice LINE: as typed, and as cat prints it.
said_line_twice() {
	[ "$(tr -d '\r' < "$OUTPUT" | grep -c "^$1\$")" -ge 2 ]
}

# Its descriptors 1 and 2 would be those of the pipe by which process 1 reports.
@test "--init: with standard descriptors closed, the status is PROGRAM's" {
	run -3 bash -c '"$ISOLATE" -v --init sh -c "exit 3" 0<&- 2>&-'
	run -3 bash -c '"$ISOLATE" -v --init sh -c "exit 3" 1>&- 2>&-'
	run -137 bash -c '"$ISOLATE" -v --init sh -c "kill -KILL \$\$" 1>&- 2>&-; exit $?'
}

# It reads thousands of reports, and if it has read all before process 1 has told
# the end, the last one is a stop: then isolate stops once more.
ends_once_continued() {
	kill -CONT "$PID" 2> /dev/null || true
	is_gone "$PID"
}

# isolate is stopped, and does not read what process 1 reports.
@test "--init: any number of stops are no harm" {
	local status=0
	start --init perl -e '$| = 1; print "up\n";
		if (!fork) { for (1 .. 20000) { kill STOP => 2; select undef, undef, undef, 0.0001; kill CONT => 2 } print "done\n"; exit }
		wait; exit 5'
	eventually has_said '^up$'
	kill -STOP "$PID"
	eventually has_said '^done$'
	eventually ends_once_continued
	wait "$PID" || status=$?
	assert_equal "$status" 5
}

@test "--init: Ctrl-C reaches a PROGRAM that has left the process group" {
	on_terminal "$ISOLATE --init setsid -w sh -c 'echo u\"\"p; exec sleep 100'"
	eventually has_said 'up.?$'
	ends_by_ctrl_c "$(program_below "${PIDS[0]}")"
}

@test "--init: SIGTSTP from a process stops isolate and PROGRAM" {
	local program init
	on_terminal "$ISOLATE --init sh -c 'echo u\"\"p; exec sleep 100'"
	eventually has_said 'up.?$'
	program=$(program_below "${PIDS[0]}")
	init=$(parent_of "$program")
	kill -TSTP "$(parent_of "$init")"
	eventually is_stopped "$program"
	eventually is_stopped "$(parent_of "$init")"
	refute is_stopped "$init"
	echo 'echo she""ll; fg' >&"$keys"
	eventually has_said 'shell.?$'
	ends_by_ctrl_c "$program"
}

# is_in_foreground PID
is_in_foreground() {
	[[ $(ps -o pgid=,tpgid= -p "$1") =~ ^\ *([0-9]+)\ +([0-9]+)$ &&
		${BASH_REMATCH[1]} -eq ${BASH_REMATCH[2]} ]]
}

# To signal itself would make process 1 lose the SIGCONT: when it goes on, it
# often has the SIGCHLD of the stop still to come.
@test "--init: SIGCONT to isolate reaches PROGRAM, which Ctrl-Z has stopped" {
	local program parent i
	on_terminal "$ISOLATE --init sh -c 'echo u\"\"p; exec sleep 100'"
	eventually has_said 'up.?$'
	program=$(program_below "${PIDS[0]}")
	parent=$(parent_of "$(parent_of "$program")")
	for i in {1..15}; do
		printf '\032' >&"$keys"
		eventually is_stopped "$parent"
		eventually is_stopped "$program"
		kill -CONT "$parent"
		eventually is_running "$program"
		echo "echo she\"\"ll $i; fg" >&"$keys"
		eventually has_said "shell $i.?$"
		eventually is_in_foreground "$parent"
	done
	ends_by_ctrl_c "$program"
}

# If process 1 stopped the others too, that could come after the shell's fg.
@test "--init: a PROGRAM that is stopped stops isolate, and no other" {
	local other program init
	on_terminal "$ISOLATE --init sh -c 'ulimit -c 0
		sleep 100 & echo u\"\"p; exec sleep 100'"
	eventually has_said 'up.?$'
	other=$(program_below "${PIDS[0]}")
	program=$(parent_of "$other")
	init=$(parent_of "$program")
	kill -STOP "$program"
	eventually is_stopped "$program"
	eventually is_stopped "$(parent_of "$init")"
	# Process 1 takes this after the SIGCHLD, and passes it on.
	kill -XCPU "$init"
	eventually is_pending XCPU "$program"
	refute is_stopped "$other"
	refute is_stopped "$init"
	echo 'fg' >&"$keys"
	eventually is_gone "$program"
	echo 'echo status=$?; exit' >&"$keys"
	eventually has_said "status=$((128 + $(kill -l XCPU))).?$"
	exec {keys}>&-
}

# parent_of PID
parent_of() {
	ps -o ppid= -p "$1" | tr -d ' '
}

# is_pending SIGNAL PID
is_pending() {
	local mask
	mask=$(awk '/^ShdPnd:/ { print $2 }' "/proc/$2/status")
	((16#$mask >> ($(kill -l "$1") - 1) & 1))
}

# program_below PID: the last one of a line of single children.
program_below() {
	local pid=$1 child
	while child=$(children_of "$pid") && [ "$child" ]; do
		pid=$child
	done
	echo "$pid"
}

is_running() {
	[ "$(ps -o state= -p "$1")" = S ]
}

@test "--init is in --help" {
	run "$ISOLATE" --help
	assert_success
	assert_line --regexp '^ +--init'
}
