# Stage 1: any `isolate PROGRAM [ARGS...]` runs PROGRAM as it would run without,
# but in a user namespace of its own. The programs of the later stages are held to
# it, too.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...
# shellcheck disable=SC2034 # they use RAN and TRACER

load stage

# ids Uid|Gid PID: real, effective, saved and file system id, here on the host.
ids() {
	awk -v key="$1:" '$1 == key { print $2, $3, $4, $5 }' "/proc/$2/status"
}

can_trace() {
	traced -o /dev/null true
}

has_ended_or_started() {
	is_gone "$PID" || has_said '^started$'
}

# One that is just executing something shows no environment: it takes two looks.
no_process_is_left() {
	[ -z "$(leftover_pids "$TEST_MARKER")" ] && sleep 0.05 &&
		[ -z "$(leftover_pids "$TEST_MARKER")" ]
}

# Promise start: PROGRAM runs, and isolate ends when it ends.

@test "PROGRAM runs, and isolate ends when it ends" {
	hint "Is it PROGRAM that runs, and where does its standard output lead?" \
		"execve(2), fork(2); strace -f shows each call"
	hint_if 'no word' "Which call of yours fails, and why? Your program has to
say so." "strace -f shows each call; errno(3), perror(3)"
	hint_if 'status: 13[469]' "A signal has ended your program. At which line
does it do what it must not?" "cc -g -fsanitize=address; signal(7)"
	hint_if 'gid_map.*not permitted' "What must an ordinary user give up
before the kernel takes a gid_map?" "/proc/PID/setgroups; user_namespaces(7)"
	hint_if 'uid_map.*not permitted' "Who may write this map, which ids may it
name, and how often can it be written?" "user_namespaces(7), \"Defining user and
group ID mappings\""
	hint_if '(setgroups|[ug]id_map).*Permission denied' "Whose process is it
when you write there: does it still run, and is it in its user namespace?" \
		"clone(2) CLONE_NEWUSER; what makes the child wait: pipe(7)"
	hint_if 'hung' "Which processes of yours are there, and for what does each
of them wait? What would make it go on?" "waitpid(2); read(2) of a pipe whose
write end is open somewhere; pipe(7)"
	hint_if 'No child processes' "For which children can you wait, and does
anybody ignore the signal that tells of their end?" \
		"clone(2): the termination signal; waitpid(2) ECHILD"
	hint_if 'Linux.*hung|hung.*Linux' "PROGRAM has ended. For what does
isolate still wait?" "waitpid(2); pipe(7)"
	inside uname
	[ "$status" -eq 0 ] || [ -s "$ERRORS" ] || saw "it fails without a word"
	assert_line Linux
	expect "exit status 0" "exit status $status" [ "$status" -eq 0 ]
}

@test "isolate does not end before PROGRAM" {
	needs start
	hint "Who waits for PROGRAM to end?" "waitpid(2)"
	local program=$BATS_TEST_TMPDIR/slow-program
	let_in
	printf '#!/bin/sh\nsleep 0.3\necho late\n' > "$program"
	chmod 755 "$program"
	inside "$program"
	expect "PROGRAM's output, which comes after some 0.3 s" \
		"isolate has ended before it came" grep -qx late "$OUTPUT"
}

# Promise streams: standard input, output and error are the caller's.

@test "standard output is PROGRAM's alone" {
	hint "Who else prints to the standard output? Where do messages of your
own belong?" "stderr(3)"
	inside uname
	assert_output Linux
}

@test "standard input is the caller's, and error is, too" {
	hint "What happens to the descriptors 0, 1 and 2 on the way to PROGRAM?" \
		"dup2(2), fork(2)"
	head -c 200000 /dev/urandom > "$BATS_TEST_TMPDIR/in"
	INPUT=$BATS_TEST_TMPDIR/in inside cat
	cmp "$BATS_TEST_TMPDIR/in" "$OUTPUT" ||
		fail "seen: not what was given to it"
	# Without arguments it complains.
	inside cp
	grep -q 'missing file operand' "$ERRORS" ||
		fail "seen: nothing of what \`cp\` says on standard error"
}

# Promise arguments: PROGRAM gets its arguments as they are.

@test "an option of PROGRAM is PROGRAM's" {
	hint "Where does your program stop to look for options of its own?" \
		"getopt(3), a leading + in optstring"
	inside printf '%s\n' -v --help -c -- -
	assert_output $'-v\n--help\n-c\n--\n-'
}

@test "arguments arrive as they are" {
	hint "Do the arguments pass through a shell, or a string with spaces
between them?" "execvp(3) takes an array"
	local arguments=('a  b' '' "it's" '"' $'two\nlines' '*' '$HOME' '\n')
	inside printf '<%s>\n' "${arguments[@]}"
	assert_output "$(printf '<%s>\n' "${arguments[@]}")"
}

# Promise files: PROGRAM sees the caller's files.

@test "PROGRAM sees the caller's files" {
	hint "What does your program mount, and over what?" \
		"mount_namespaces(7): a new one begins with a copy of all mounts"
	let_in
	echo text > "$BATS_TEST_TMPDIR/file"
	inside cat "$BATS_TEST_TMPDIR/file"
	assert_output text
}

# Promise status: the exit status is PROGRAM's.

@test "the exit status is PROGRAM's" {
	hint "What does waitpid(2) give you, and what do you make of it?" \
		"wait(2), WIFEXITED and WEXITSTATUS"
	local wanted
	for wanted in 7 0 1 2 42 100 127 128 255; do
		hint_if 'status: 0' "PROGRAM ended with another status. Who hears
of it?" "wait(2): wstatus; exit(3)"
		inside sh -c "exit $wanted"
		saw "wanted: $wanted"
		assert_equal "$status" "$wanted"
	done
}

@test "the exit status is 128+N if signal N ended PROGRAM" {
	hint "A process that a signal ends has no exit status. How do you know it,
and what does a shell say then?" "wait(2), WIFSIGNALED and WTERMSIG"
	begin ''
	kill -KILL "$PROGRAM"
	RAN="mine sleep 100 # which is ended by SIGKILL"
	await is_gone "$PID"
	status=0
	wait "$PID" || status=$?
	assert_equal "$status" 137
}

# Promise path: PROGRAM is looked up in PATH.

@test "PROGRAM is looked up in PATH" {
	hint_if . "You are given a name. Who searches the directories of PATH for
it?" "exec(3), the functions with a p in their name"
	local program=$BATS_TEST_TMPDIR/some-program
	let_in
	printf '#!/bin/sh\necho found\n' > "$program"
	chmod 755 "$program"
	PATH=$PATH:$BATS_TEST_TMPDIR
	RAN="mine some-program"
	capture "$ISOLATE" some-program
	saw "$output"
	assert_output found
}

@test "a PROGRAM that is not there is an error" {
	needs status
	hint "What does exec return, and what does your child do then?" \
		"execve(2) returns only if it fails; the shell's 127"
	inside /nonexistent
	refute [ "$status" -eq 0 ]
	assert [ -s "$ERRORS" ]
	# Then it is not merely that nothing can be started.
	inside true
	assert_equal "$status" 0
}

# Promise clean: when a run has ended, nothing of it is left.

@test "after a run, no process is left, and the host is as before" {
	hint_leftovers
	inside true
	expect_clean
	inside false
	expect_clean
}

# Promise surroundings: PROGRAM has the caller's directory and environment.

@test "PROGRAM starts in the caller's directory" {
	hint "Do you change the directory?" "chdir(2)"
	let_in
	cd "$BATS_TEST_TMPDIR"
	inside pwd -P
	assert_output "$(pwd -P)"
}

@test "PROGRAM has the caller's environment" {
	hint "Which environment do you execute PROGRAM with?" "environ(7), execve(2)"
	SOME_VARIABLE='of the  caller' inside sh -c 'echo "$SOME_VARIABLE"'
	assert_output 'of the  caller'
}

# Promise descriptors: PROGRAM has no descriptor that isolate has opened.

# The caller has 0, 1 and 2, and no other.
@test "PROGRAM has no descriptor but 0, 1 and 2" {
	hint "Which pipe, socket or file of yours is open when PROGRAM starts?
What could PROGRAM do with it?" "open(2) O_CLOEXEC, pipe2(2), close(2)"
	# A name may be that of the directory itself, which is open for the list.
	inside bash -c 'for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -lt 200 ] && [ -e "/proc/self/fd/$fd" ] &&
				echo "$fd" && readlink "/proc/self/fd/$fd" >&2
		done; :'
	assert_output $'0\n1\n2'
}

# Promise userns: it has a user namespace of its own.

@test "the user namespace is a new one" {
	hint "Which flag makes one, and for which process?" \
		"clone(2) or unshare(2) CLONE_NEWUSER; user_namespaces(7)"
	inside readlink /proc/self/ns/user
	expect_new_namespace user "$output"
}

# Promise maps: PROGRAM is root inside, and who it should be outside.

@test "PROGRAM is root inside" {
	needs userns
	hint "What do the maps say that 0 inside is?" \
		"/proc/PID/uid_map and gid_map; user_namespaces(7)"
	hint_if '65534' "What does an id that is in no map look like?" \
		"write(2) to /proc/PID/uid_map and gid_map; user_namespaces(7)"
	inside id -u
	saw "$output"
	assert_output 0
	inside id -g
	saw "$output"
	assert_output 0
}

@test "an ordinary user's PROGRAM is that user outside" {
	only_as_ordinary_user
	needs userns
	hint "Whose id does the map say that 0 inside is?" \
		"/proc/PID/uid_map: inside, outside, count; getuid(2) before or after?"
	begin ''
	assert_equal "$(ids Uid "$PROGRAM")" "$(id -u) $(id -u) $(id -u) $(id -u)"
	assert_equal "$(ids Gid "$PROGRAM")" "$(id -g) $(id -g) $(id -g) $(id -g)"
}

@test "root's PROGRAM is not root outside" {
	only_as_root
	needs userns
	hint "Which id outside does your map give to root inside, if root calls
isolate? May that be 0?" "user_namespaces(7): an id that nobody has"
	local kind
	begin ''
	for kind in Uid Gid; do
		expect "no 0 among PROGRAM's ids outside" \
			"$kind: $(ids "$kind" "$PROGRAM")" \
			[ -z "$(ids "$kind" "$PROGRAM" | grep -w 0)" ]
	done
}

@test "root's PROGRAM has none of root's groups" {
	only_as_root
	needs maps
	hint "In which groups is PROGRAM, outside?" \
		"setgroups(2); Groups: in /proc/PID/status"
	let_in
	echo secret > "$BATS_TEST_TMPDIR/file"
	chgrp 4711 "$BATS_TEST_TMPDIR/file"
	TRACER=(setpriv --groups "0,4711")
	chmod 044 "$BATS_TEST_TMPDIR/file"
	inside cat "$BATS_TEST_TMPDIR/file"
	assert_output secret
	chmod 040 "$BATS_TEST_TMPDIR/file"
	inside cat "$BATS_TEST_TMPDIR/file"
	expect "that a file of a group of root's cannot be read" "$output" \
		[ -z "$output" ]
}

@test "root inside cannot read what is for root outside" {
	only_as_root
	needs maps
	hint "Who is PROGRAM for the files of the host?" \
		"credentials(7): fsuid; user_namespaces(7)"
	let_in
	echo secret > "$BATS_TEST_TMPDIR/file"
	chmod 644 "$BATS_TEST_TMPDIR/file"
	inside cat "$BATS_TEST_TMPDIR/file"
	assert_output secret
	chmod 600 "$BATS_TEST_TMPDIR/file"
	inside cat "$BATS_TEST_TMPDIR/file"
	assert_output ''
}

@test "a file created inside belongs to root there, and to PROGRAM's ids outside" {
	needs maps
	hint "Are both ids mapped, the user's and the group's?" "gid_map; setgid(2)"
	local file=$BATS_TEST_TMPDIR/file
	let_in
	begin 'umask 022; echo > "$1"; stat -c %u:%g "$1"' "$file"
	assert_equal "$(head -n 1 "$OUTPUT")" 0:0
	assert_equal "$(stat -c '%u %g' "$file")" \
		"$(ids Uid "$PROGRAM" | cut -d ' ' -f 1) $(ids Gid "$PROGRAM" | cut -d ' ' -f 1)"
}

# Promise capabilities: PROGRAM has all capabilities inside.

@test "PROGRAM has all capabilities" {
	needs maps
	hint "Who keeps its capabilities through an execve, and who loses them?" \
		"capabilities(7), \"Transformation of capabilities during execve\";
setuid(2) before execve(2)"
	local last all set
	last=$(cat /proc/sys/kernel/cap_last_cap)
	all=$(printf '%016x' $(((1 << (last + 1)) - 1)))
	inside grep ^Cap /proc/self/status
	for set in CapPrm CapEff CapBnd; do
		assert_line "$set:"$'\t'"$all"
	done
}

# Promise sync: PROGRAM starts when all is set up, and never if isolate dies.

# A second of two writes comes some time after the first: if isolate writes a map
# when PROGRAM is free to go, PROGRAM sees that it is not there.
@test "the maps are there when PROGRAM starts, however slow isolate is" {
	needs maps
	hint "What keeps PROGRAM from starting before both maps are written? In
which order do you write the maps, and say go?" "pipe(7), read(2) blocks"
	hint_if '65534' "PROGRAM was faster than the maps. What makes it wait, and
in which order do you write the maps, and say go?" "pipe(7), read(2) blocks"
	can_trace || cannot "strace does not work here"
	TRACER=(strace -o /dev/null -e trace=write
		-e inject=write:delay_enter=200000)
	inside sh -c 'id -u; id -g'
	saw "$output"
	assert_output $'0\n0'
}

# isolate is killed when it is about to write for the first time, the second, and
# so on: before each map is complete, and when all is, but PROGRAM may not go yet.
@test "if isolate is killed while it sets up, PROGRAM does not start" {
	needs maps clean
	hint "What does the child's read(2) return if isolate dies, and what does
the child do then? Who else has the write end open?" \
		"pipe(7): end of file; close(2); prctl(2) PR_SET_PDEATHSIG"
	hint_if 'a process is left' "A process waits for ever. Who keeps the write
end of its pipe open?" \
		"pipe(7): end of file comes when all write ends are closed; close(2)"
	hint_if 'PROGRAM has started' "What does read(2) return at end of file,
and what do you make of that?" "read(2): 0 is no byte"
	local n
	can_trace || cannot "strace does not work here"
	for n in {1..12}; do
		TRACER=(strace -o /dev/null -e trace=write
			-e "inject=write:signal=KILL:when=$n")
		launch 'echo started'
		soon has_ended_or_started
		# It does not write so often, and PROGRAM may run.
		is_gone "$PID" || return 0
		soon no_process_is_left || saw "a process is left"
		if has_said started; then
			saw "PROGRAM has started"
			fail "seen: PROGRAM has started"
		fi
		no_process_is_left ||
			fail "seen: left: $(leftover_processes "$TEST_MARKER")"
	done
}

# Promise ends: when isolate is killed, PROGRAM ends.

@test "PROGRAM ends when isolate is killed" {
	hint "Who tells PROGRAM that isolate is dead? Which of your calls after
that one takes it back?" "prctl(2) PR_SET_PDEATHSIG, and what clears it"
	begin ''
	kill_isolate
	RAN="mine sleep 100 # where isolate is ended by SIGKILL"
	expect "PROGRAM ends" "PROGRAM still runs" soon is_gone "$PROGRAM"
}

# Promise killed: killed at any moment, isolate leaves nothing.

# Whether PROGRAM ends is for the promise before: that it does at any moment takes
# more than these kills to find out. Here each that is left is ended.
@test "killed at any moment, isolate leaves nothing" {
	needs clean ends sync
	hint_leftovers
	local i start took
	# How long it takes from the start to PROGRAM, in microseconds.
	start=${EPOCHREALTIME/[.,]/}
	begin 'echo "${EPOCHREALTIME/[.,]/}"'
	took=$(($(head -n 1 "$OUTPUT") - start))
	end_all
	for i in {1..12}; do
		launch ''
		sleep "$(printf '0.%06d' $((took * i / 12 % 1000000)))"
		kill_isolate
	done
	soon is_clean_without_programs || true
	expect_clean
}

is_clean_without_programs() {
	end_programs
	is_clean
}

# Promise again: it can run again, and several at once.

@test "one run right after the other" {
	needs ends
	local i
	hint "What does the first run leave that the second one stumbles over?" \
		"namespaces(7): when a namespace ends"
	hint_if 'exists' "Something exists already, by this name. Whose is it?" \
		"namespaces(7): when a namespace ends"
	RAN='for i in 1 2 3 4 5; do mine echo "run $i"; done'
	for i in {1..5}; do
		capture "$ISOLATE" "$(type -P echo)" "run $i"
		assert_output "run $i"
	done
}

@test "several at once, each in namespaces of its own" {
	needs userns
	hint "What do two of them share that has one name only?" "namespaces(7)"
	hint_if 'exists' "Something exists already, by this name. What has to be
different for each run?" "getpid(2), if_indextoname(3)"
	local i kind pid programs=()
	for i in 1 2 3; do
		begin ''
		programs+=("$PROGRAM")
	done
	for kind in "${NAMESPACES[@]}"; do
		# Those that are missing have a promise of their own.
		[ "$(namespace "$kind" "$PROGRAM")" != \
			"$(namespace "$kind" self)" ] || continue
		assert_equal "$(for pid in "${programs[@]}"; do
			readlink "/proc/$pid/ns/$kind"
		done | sort -u | wc -l)" 3
	done
}

# Promise clean-1: nothing is left behind.

@test "after stage 1 the host is as before" {
	nothing_was_left
}
