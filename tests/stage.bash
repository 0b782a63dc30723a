# What the tests of the stages share: those that any `isolate PROGRAM [ARGS...]`
# has to pass, be it ours or not. README.md says what it promises; here each
# promise is a line,
#
#	# Promise ID: WORDS
#
# before the tests that ask for it. When one of them fails, those that need it
# are skipped, "blocked by ID": one mistake is to be told once.
#
# A program under test may be wrong in any way. So each wait for it has an end,
# its output goes to files, which nobody can hold open, and what a failing test
# saw is said, with a hint. tests/run sets, besides what helper.bash names:
#
#	PROMISES	a directory: the file ID names the promise that was
#			broken first, on which ID depends or which it is
#	LIMIT		how many seconds a run may take

# shellcheck disable=SC2034 # the tests use lines and PROGRAM

load helper

# Without these nothing else can be asked.
FOUNDATIONS=(start streams arguments files)

# promise: the one that this test belongs to.
promise() {
	awk -v test="@test \"$BATS_TEST_DESCRIPTION\" {" '
		/^# Promise / { id = $3; sub(":", "", id) }
		$0 == test { print id; exit }' "$BATS_TEST_FILENAME"
}

# breaks CAUSE: notes that this test's promise is broken, or cannot be asked for.
breaks() {
	local file
	file=$PROMISES/$(promise)
	[ -e "$file" ] || echo "$1" > "$file"
}

# needs ID...: for a test that can say nothing if one of these is not kept.
needs() {
	local id cause
	for id; do
		[ -e "$PROMISES/$id" ] || continue
		cause=$(< "$PROMISES/$id")
		breaks "$cause"
		skip "blocked by $cause"
	done
}

# hint QUESTION POINTER: what may help if the test fails from here on: first a
# question that leads there, then the call and the manual page. Neither is code.
hint() {
	HINT_IF+=("")
	HINTS+=("$1")
	POINTERS+=("$2")
}

# hint_if REGEX QUESTION POINTER: the same if what was seen matches. What is seen
# has the lines "status: N", and "hung" where that is so.
hint_if() {
	HINT_IF+=("$1")
	HINTS+=("$2")
	POINTERS+=("$3")
}

# The last hint that is for what was seen; one for anything is the last resort, but
# where the program under test has given up, it has told more than that.
print_hint() {
	local i found=
	for i in "${!HINTS[@]}"; do
		[[ ${HINT_IF[i]} ]] || found=${found:-$i}
	done
	! has_given_up || {
		hint "Your program has given up, and says where. Why does this
call fail?" "errno(3), and the manual page of the call"
		found=$((${#HINTS[@]} - 1))
	}
	for i in "${!HINTS[@]}"; do
		[[ ! ${HINT_IF[i]} || ! $1 =~ ${HINT_IF[i]} ]] || found=$i
	done
	[ "$found" ] || return 0
	one_line "hint: ${HINTS[found]}"
	[ "${HINT:-1}" -lt 2 ] || one_line "hint 2: ${POINTERS[found]}"
}

# has_given_up: says if the program under test has failed and told why, for its
# part. What PROGRAM says begins with the name of PROGRAM, or of its shell.
has_given_up() {
	local line
	[ "${status:-0}" -ne 0 ] && read -r line < "$ERRORS" &&
		[[ $line == [!\ :]*:\ * ]] &&
		[[ ! $line =~ ^([^ :]*/)?(bash|sh|${PROGRAM_NAME:-sh}): ]]
} 2> /dev/null

one_line() {
	tr -s '\n\t ' ' ' <<< "$1"
	echo
}

# What there is to say about a test that has failed.
report() {
	local seen
	[ ! "$RAN" ] || echo "ran: $RAN"
	[ ! "$HUNG" ] || echo "status: hung: killed after $HUNG s"
	[ "$HUNG" ] || [ ! "$status" ] || echo "status: $status"
	[ ! -s "$ERRORS" ] || head -c 2000 "$ERRORS" | tr -d '\0' |
		head -n 5 | sed 's/^/stderr: /'
	seen=$(echo "status: $status"
		echo "${HUNG:+hung}"
		head -qc 4000 "$OUTPUT" "$ERRORS" 2> /dev/null | tr -d '\0'
		echo
		echo "$SEEN")
	print_hint "$seen"
}

# saw TEXT: something more that the program under test has shown, for hint_if.
saw() {
	SEEN+=$1$'\n'
}

# patience: in seconds, how long a run may take. Who has hung once is given less.
patience() {
	if [ -e "$PROMISES/.hung" ]; then
		echo 1.5
	else
		echo "${LIMIT:-10}"
	fi
}

# now: in milliseconds.
now() {
	echo "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

# confined COMMAND...: executes it with no descriptor but the standard ones, and
# with a limit for files: one that prints for ever is killed for it.
confined() {
	local fd
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		# 255 is where bash has its script, and close-on-exec.
		((fd < 3 || fd == 255)) || eval "exec $fd>&-"
	done
	# The leak check of a sanitized build does not work under strace.
	[ ${#TRACER[@]} -eq 0 ] || export ASAN_OPTIONS=detect_leaks=0
	ulimit -f 20000
	exec "$@"
}

# inside PROGRAM [ARGS...]: has the program under test run it. Sets status,
# output and lines, of PROGRAM's standard output; its errors are in $ERRORS.
# PROGRAM is given by its path: that it is looked up is one promise of many. So is
# it that one can run right after another: here each waits for what the one before
# has on the host.
inside() {
	local program
	[ "$STARTED" -eq 0 ] || [ ${#NAPS[@]} -gt 0 ] ||
		[ -e "$PROMISES/clean" ] || SOON=1000 soon is_clean || true
	program=$(type -P "$1" || echo "$1")
	PROGRAM_NAME=${1##*/}
	shift
	RAN="mine $program ${*@Q}"
	capture "${TRACER[@]}" "$ISOLATE" "$program" "$@"
}

# capture COMMAND...: the same for any command that has to do with the program
# under test. Unlike `run` of bats, it does not wait for processes that are left,
# and ends what takes too long.
capture() {
	local limit start
	OUTPUT=$BATS_TEST_TMPDIR/output.$((++STARTED))
	limit=$(patience)
	start=$(now)
	status=0
	# The braces are for what bash says if a signal ends it.
	{
		(confined timeout --signal KILL "$limit" "$@") \
			< "${INPUT:-/dev/null}" > "$OUTPUT" 2> "$ERRORS" ||
			status=$?
	} 2> /dev/null
	# 153 is SIGXFSZ: it has printed all that it may.
	((status != 153)) || hung "$limit" "it prints without end"
	(($(now) - start < ${limit/.*/}000)) ||
		hung "$limit" "it was still running after $limit s"
	output=$(head -c 1000000 "$OUTPUT" | tr -d '\0')
	mapfile -t lines <<< "$output"
}

# hung SECONDS SEEN: fails the test for what did not end in this time.
hung() {
	local printed
	HUNG=$1
	: > "$PROMISES/.hung"
	printed=$(head -c 200 "$OUTPUT" | tr -d '\0')
	expect "it ends" "$2, and had printed ${printed:-nothing}" false
}

# await COMMAND...: waits until it succeeds, at most as long as a run may take,
# and no longer than the program under test runs, which was started last.
await() {
	local limit end
	limit=$(patience)
	end=$(($(now) + ${limit/.*/}000))
	while (($(now) < end)); do
		! "$@" || return 0
		if is_gone "$PID"; then
			! "$@" || return 0
			status=0
			wait "$PID" || status=$?
			echo "seen: it ended too early, with status $status"
			return 1
		fi
		sleep 0.02
	done
	HUNG=$limit
	: > "$PROMISES/.hung"
	echo "seen: still not so after $limit s: $*"
	return 1
}

# soon COMMAND...: waits until it succeeds, at most half as long as a run may take,
# or SOON milliseconds.
soon() {
	local end
	end=$(($(now) + ${SOON:-${LIMIT:-10}*500}))
	until "$@"; do
		(($(now) < end)) || return 1
		sleep 0.02
	done
}

# launch SCRIPT [ARGS...]: has the program under test run this script of bash in
# the background, which ends in a long sleep. Sets PID, of the program under
# test, OUTPUT, and NAP, which tells this PROGRAM from all other processes.
launch() {
	local script=$1
	shift
	OUTPUT=$BATS_TEST_TMPDIR/output.$((++STARTED))
	NAP=$((100000 + BATS_TEST_NUMBER * 1000 + STARTED))
	NAPS+=("$NAP")
	RAN="mine bash -c ${script@Q} ${*@Q}"
	[ "$script" ] || RAN="mine sleep 100"
	(export LAUNCH=$NAP
		confined "${TRACER[@]}" "$ISOLATE" "$(type -P bash)" -c \
			"$script"$'\n'"echo ready; exec sleep $NAP" bash "$@") \
		> "$OUTPUT" 2> "$ERRORS" < /dev/null 3>&- &
	PID=$!
	PIDS+=("$PID")
}

# begin SCRIPT [ARGS...]: the same, and waits until PROGRAM sleeps. Sets PROGRAM,
# its pid, here on the host.
begin() {
	launch "$@"
	await has_said '^ready$'
	await sleeps "$NAP"
	PROGRAM=$(sleeper "$NAP")
}

# kill_isolate: the one started last, with no time to clean up.
kill_isolate() {
	kill -KILL "$PID" || true # it may have ended by itself
	wait "$PID" || true
} 2> /dev/null # bash would say "Killed"

# sleeper NAP: the pid of the process that executes `sleep NAP`.
sleeper() {
	grep -lsz "^$1\$" /proc/[0-9]*/cmdline | head -n 1 | cut -d / -f 3
}

sleeps() {
	[ "$(sleeper "$1")" ]
}

# of_launch PROGRAM: the pids of what the program under test has started to run
# this PROGRAM, and of itself.
of_launch() (
	launch=$(tr '\0' ' ' < "/proc/$1/cmdline" | cut -d ' ' -f 2)
	unset LAUNCH
	grep -lsz "^LAUNCH=$launch\$" /proc/[0-9]*/environ | cut -d / -f 3
)

# network_namespaces PROGRAM: files that lead to those in which the host's end of
# its veth pair may be: the test's own, and each that a process of the program
# under test is in or holds by a descriptor, but for PROGRAM's.
network_namespaces() {
	# shellcheck disable=SC2046 # each file is an argument
	find /proc/self/ns/net $(of_launch "$1" |
		sed 's|.*|/proc/&/ns/net /proc/&/fd|') \
		-lname 'net:*' -printf '%l %p\n' 2> /dev/null |
		awk -v program="$(namespace net "$1")" '
			$1 != program && !known[$1]++ { print $2 }'
}

# host_side PROGRAM: the file that leads to the one where the host's end is.
host_side() {
	local file
	for file in $(network_namespaces "$1"); do
		! "$PROBE" in-netns "$file" ip -o -4 address 2> /dev/null |
			grep -q ' inet 10\.11\.12\.13/' || {
			echo "$file"
			return
		}
	done
	echo "no network namespace of the host or of the program under test" \
		"has 10.11.12.13" >&2
	return 1
}

# on_host_side PROGRAM COMMAND...: runs it where the host's end is.
on_host_side() {
	local file
	file=$(host_side "$1") || return
	shift
	"$PROBE" in-netns "$file" timeout "$(patience)" "$@"
}

# What a test must leave as it was, a line for each thing, which begins with its
# kind.
host_state() {
	awk '
		FILENAME == "/proc/sys/kernel/hostname" { kind = "hostname" }
		FILENAME == "/proc/self/mountinfo" { kind = "mount" }
		FILENAME == "/proc/net/dev" { kind = "link"; $0 = $1 }
		FILENAME == "/proc/net/route" { kind = "route" }
		FILENAME ~ "^/proc/sysvipc/" { kind = "IPC object"; $0 = $1 " " $2 }
		{ print kind ": " $0 }' /proc/sys/kernel/hostname \
		/proc/self/mountinfo /proc/net/dev /proc/net/route \
		/proc/sysvipc/{shm,sem,msg}
}

# What a program under test has left, in words; nothing if all is as it was.
left_behind() (
	marker=$TEST_MARKER
	unset TEST_MARKER # so that this is not found itself
	[ -e /proc/self ] || { echo "a mount: over /proc"; return; }
	diff <(echo "$HOST_BEFORE") <(host_state) |
		sed -n 's/^< /gone: /p; s/^> /new: /p'
	for pid in $(leftover_pids "$marker"); do
		echo "a process: $(tr '\0\n' '  ' < "/proc/$pid/cmdline")"
	done
)

is_clean() {
	[ -z "$(left_behind)" ]
}

# uncover_proc: if somebody has mounted another over it, whose processes are gone,
# nothing works.
uncover_proc() {
	until [ -e /proc/self ] || ! "$PROBE" detach /proc; do
		:
	done
}

# mounts: where something is mounted, from a host_state.
mounts() {
	awk '$1 == "mount:" { print $6 }' | sort
}

# remove_what_is_left: so that the next test begins with a host as new. Without a
# sandbox, what is new may be anybody's: but for processes, nothing is touched.
remove_what_is_left() {
	local link target key id
	leftover_pids "$TEST_MARKER" | xargs --no-run-if-empty kill -KILL
	[ "${IN_SANDBOX:-}" ] || return 0
	for target in $(comm -13 <(mounts <<< "$HOST_BEFORE") \
		<(host_state | mounts)); do
		umount --lazy "$target"
	done
	hostname "$(sed -n 's/^hostname: //p' <<< "$HOST_BEFORE")"
	for link in $(ip -o link | cut -d: -f2 | cut -d@ -f1); do
		grep -qx "link: $link:" <<< "$HOST_BEFORE" || ip link del "$link"
	done
	ip link set lo up
	while read -r key id _; do
		grep -qx "IPC object: $key $id" <<< "$HOST_BEFORE" ||
			ipcrm -m "$id" || ipcrm -s "$id" || ipcrm -q "$id"
	done < <(cat /proc/sysvipc/{shm,sem,msg})
} > /dev/null 2>&1

setup() {
	local id own
	HOST_BEFORE=$(host_state)
	export TEST_MARKER=$BATS_TEST_TMPDIR
	PROMISES=${PROMISES:-$BATS_RUN_TMPDIR}
	PIDS=() NAPS=() TRACER=() HINT_IF=() HINTS=() POINTERS=()
	STARTED=0 SOON="" RAN="" HUNG="" SEEN="" status=""
	ERRORS=$BATS_TEST_TMPDIR/errors
	OUTPUT=/dev/null
	own=$(promise)
	for id in "${FOUNDATIONS[@]}"; do
		[ "$id" != "$own" ] || break
		needs "$id"
	done
}

# end_programs: each PROGRAM that the test has left running, with its children,
# which have no pid namespace before stage 5.
end_programs() {
	local nap pid
	for nap in "${NAPS[@]}"; do
		pid=$(sleeper "$nap")
		# shellcheck disable=SC2046 # each pid is an argument
		[ ! "$pid" ] || kill -KILL $(children_of "$pid") "$pid"
	done
} 2> /dev/null

# end_all: the same, and what isolates them, which has time to clean up.
end_all() {
	end_programs
	[ ${#PIDS[@]} -eq 0 ] || soon are_gone "${PIDS[@]}" ||
		kill -KILL "${PIDS[@]}"
	# bash says "Killed" when it hears of that: here nobody listens.
	wait
} 2> /dev/null

are_gone() {
	local pid
	for pid; do
		is_gone "$pid" || return
	done
}

teardown() {
	if [ ! "${BATS_TEST_COMPLETED:-}" ]; then
		breaks "$(promise)"
		report
	fi
	end_all
	uncover_proc
	[ ! "${BATS_TEST_SKIPPED:-}" ] || return 0
	# There is no need to wait for what is known not to come.
	[ ! -e "$PROMISES/clean" ] && [ ! -e "$PROMISES/.left" ] || SOON=0
	soon is_clean && return
	if [ "${BATS_TEST_COMPLETED:-}" ]; then
		{
			echo "after \"$BATS_TEST_DESCRIPTION\":"
			left_behind
		} >> "$PROMISES/.left"
	fi
	remove_what_is_left
}

# expect WANTED SEEN COMMAND...: fails the test in these words if COMMAND fails.
expect() {
	! "${@:3}" || return 0
	echo "wanted: $1"
	echo "seen: $2"
	return 1
}

# expect_new_namespace KIND [INODE]: it is what PROGRAM is in, and not the host's.
expect_new_namespace() {
	expect "a $1 namespace" "${2:-none}" [ "$2" != "${2#"$1":[}" ]
	expect "another one than the host's" "the host's, $2" \
		[ "$2" != "$(namespace "$1" self)" ]
}

# expect_clean: fails the test if something is still left after some seconds.
expect_clean() {
	local left
	! soon is_clean || return 0
	left=$(left_behind)
	saw "$left"
	echo "wanted: the host is as before"
	echo "seen: $(head -n 8 <<< "$left")"
	return 1
}

# hint_leftovers: what helps against what is left, by its kind.
hint_leftovers() {
	hint "What did your program start, make, mount, or name, and who undoes
that, even if PROGRAM fails?" "namespaces(7): what ends with the last process"
	hint_if 'a process: ' "Which process of yours is this, and who waits for
it or ends it?" "wait(2); prctl(2) PR_SET_PDEATHSIG"
	hint_if 'IPC object: ' "Who has made this object, and in which IPC
namespace?" "ipcs(1), ipc_namespaces(7); msgctl(2) IPC_RMID"
	hint_if 'mount: ' "In which mount namespace does your program mount
this, and are its mounts still connected with the host's?" \
		"mount_namespaces(7), \"Shared subtrees\"; MS_PRIVATE"
	hint_if 'mount: .*/run/netns' "A name of a network namespace keeps it
alive, with all that is in it. Who takes the name away?" "ip-netns(8)"
	hint_if 'link: ' "Which link is this? When does a link go away, and what
keeps its network namespace alive?" "veth(4), network_namespaces(7)"
	hint_if 'hostname: ' "Whose hostname does your program set? In which UTS
namespace is the process that does it?" "sethostname(2), uts_namespaces(7)"
}

# nothing_was_left: for the last test of each stage.
nothing_was_left() {
	hint_leftovers
	needs clean killed net-clean
	[ -e "$PROMISES/.left" ] || return 0
	echo "wanted: the host is as before"
	echo "seen: $(head -n 8 "$PROMISES/.left")"
	saw "$(< "$PROMISES/.left")"
	rm "$PROMISES/.left"
	return 1
}
