# What the exercises share: each file N-NAME.bats begins with `load exercise`. It
# has words of its own for what takes longer in the tests of ours: a reader waits.
#
# tests/exercises/run sets, and makes the tests run from /, in tests/sandbox:
#
#	MINE	the program or the answer under test; or else
#	MINES	a directory that has one for each exercise, under its number
#	STEPS	a directory with our six programs, step1 to step6
#	TOOLS	the directory of what the tests need and a shell cannot do

load ../helper

: "${EX:=$(basename "$BATS_TEST_FILENAME")}"
: "${MINE:=$MINES/${EX%%-*}}"
export MINE

# try COMMAND...: runs it for at most 5 s, or PATIENCE seconds. Sets $status,
# $output and $errors. Its output goes to files: a process that it leaves behind
# keeps nobody waiting.
# shellcheck disable=SC2034 # the tests use what it sets
try() {
	local started=$SECONDS
	RAN=$*
	status=0
	# The shell itself would say "Killed".
	{
		timeout -k 1 "${PATIENCE:-5}" "$@" > "$BATS_TEST_TMPDIR/output" \
			2> "$BATS_TEST_TMPDIR/errors" < /dev/null 3>&- ||
			status=$?
	} 2> /dev/null
	output=$(< "$BATS_TEST_TMPDIR/output")
	errors=$(< "$BATS_TEST_TMPDIR/errors")
	STATUS=$status
	((SECONDS - started < ${PATIENCE:-5})) ||
		STATUS="hung: ended after ${PATIENCE:-5} s"
}

# start COMMAND...: runs it in the background, its output in the file $OUTPUT.
# Sets PID. teardown kills it.
start() {
	RAN=$* STATUS='still runs' errors=''
	OUTPUT=$BATS_TEST_TMPDIR/output.$((++STARTED))
	timeout -k 1 20 "$@" > "$OUTPUT" 2>&1 < /dev/null 3>&- &
	PID=$!
	PIDS+=("$PID")
	disown # else the shell says "Killed"
}

# eventually COMMAND...: waits until the command succeeds, at most 4 s, or
# PATIENCE seconds.
eventually() {
	local end=$((SECONDS + ${PATIENCE:-4}))
	while ((SECONDS <= end)); do
		! "$@" || return 0
		sleep 0.02
	done
	return 1
}

# has_said REGEX [FILE]: says if what was started last has printed this.
has_said() {
	grep -qsE "$1" "${2:-$OUTPUT}"
}

# pid_of COMMAND: the pid, here outside, of the one process that runs just this.
pid_of() {
	pgrep -fx "$1"
}

runs() {
	pid_of "$1" > /dev/null
}

is_gone() {
	! runs "$1"
}

# differ WHAT WANTED SEEN HINT: says so, and fails.
differ() {
	local ran=${RAN%%$'\n'*}
	printf '%s\n' "$1" "wanted: $2" "seen:   ${3:-(nothing)}"
	[ -z "$ran" ] ||
		printf '%s\n' "ran: ${ran//"$MINE"/mine}" "status: $STATUS"
	[ -z "$errors" ] || head -n 5 <<< "$errors" | sed 's/^/stderr: /'
	echo "hint: $4"
	return 1
}

# expect WHAT WANTED SEEN HINT: fails unless they are equal.
expect() {
	[ "$2" = "$3" ] || differ "$@"
}

# expect_not WHAT UNWANTED SEEN HINT: fails if they are equal.
expect_not() {
	[ "$2" != "$3" ] || differ "$1" "not $2" "$3" "$4"
}

# expect_soon WHAT HINT COMMAND...: fails unless the command succeeds in 4 s.
expect_soon() {
	local what=$1 hint=$2
	shift 2
	eventually "$@" || {
		errors=$(< "$OUTPUT")
		differ "$what" "$*" "still not so after 4 s" "$hint"
	}
}

setup() {
	PIDS=()
	STARTED=0
	RAN='' STATUS='' errors=''
}

# Each leads a process group, by timeout(1).
teardown() {
	[ ${#PIDS[@]} -eq 0 ] || kill -KILL -- "${PIDS[@]/#/-}" 2> /dev/null ||
		true
}
