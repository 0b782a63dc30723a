# What step 3 promises, of any `isolate PROGRAM [ARGS...]`: an IPC namespace.
# That it is a new one is asked in step 1.
#
# System V objects are told apart by their keys, "0x98a1f109": their ids may be
# the same on both sides. What a test makes on the host it removes before it
# judges what it has seen.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153 # OUTPUT is start's, output is run's

load helper

QUEUE=/isolate-test.$$

# keys KIND: the keys of the host's objects; m, s and q are what ipcs(1) calls
# the kinds.
keys() {
	ipcs "-$1" | grep -o '^0x[0-9a-f]*' || true
}

# made_outside_is_not_seen_inside KIND IPCMK-OPTION...
made_outside_is_not_seen_inside() {
	local kind=$1 id key after
	shift
	id=$(ipcmk "$@" | grep -oE '[0-9]+$')
	key=$(ipcs "-$kind" | awk -v id="$id" '$2 == id { print $1 }')
	run "$ISOLATE" sh -c 'ipcs "-$1"; ipcrm "-$2" "$3" && echo removed' \
		sh "$kind" "${kind^}" "$key"
	after=$(keys "$kind")
	ipcrm "-$kind" "$id" || true
	assert_regex "$key" '^0x[0-9a-f]+$'
	assert_line --regexp '^key '
	refute_line --regexp "^$key "
	refute_line removed
	assert_regex "$after" "$key"
}

# made_inside_is_not_seen_outside KIND IPCMK-OPTION...
made_inside_is_not_seen_outside() {
	local kind=$1 key
	shift
	start sh -c 'kind=$1; shift; ipcmk "$@"; ipcs "-$kind"
		echo ready; exec sleep 100' sh "$kind" "$@"
	eventually has_said '^ready$'
	key=$(grep -o '^0x[0-9a-f]*' "$OUTPUT")
	assert_regex "$key" '^0x[0-9a-f]+$'
	run -1 grep -x "$key" <(keys "$kind")
	# Nor is it by the next.
	run -0 "$ISOLATE" ipcs "-$kind"
	assert_line --regexp '^key '
	refute_output --partial "$key"
}

@test "shared memory made outside is not seen inside" {
	made_outside_is_not_seen_inside m -M 4096
}

@test "shared memory made inside is not seen outside" {
	made_inside_is_not_seen_outside m -M 4096
}

@test "semaphores made outside are not seen inside" {
	made_outside_is_not_seen_inside s -S 1
}

@test "semaphores made inside are not seen outside" {
	made_inside_is_not_seen_outside s -S 1
}

@test "a message queue made outside is not seen inside" {
	made_outside_is_not_seen_inside q -Q
}

@test "a message queue made inside is not seen outside" {
	made_inside_is_not_seen_outside q -Q
}

@test "a POSIX message queue made outside is not seen inside" {
	local outside
	"$PROBE" make-queue "$QUEUE"
	run "$ISOLATE" "$PROBE" open-queue "$QUEUE"
	"$PROBE" open-queue "$QUEUE" && outside=seen
	"$PROBE" remove-queue "$QUEUE"
	assert_failure
	assert_output --partial 'No such file or directory'
	assert_equal "$outside" seen
}

@test "a POSIX message queue made inside is not seen outside" {
	start sh -c '"$1" make-queue "$2" && "$1" open-queue "$2" && echo made
		exec sleep 100' sh "$PROBE" "$QUEUE"
	eventually has_said '^made$'
	run "$PROBE" open-queue "$QUEUE"
	assert_failure
	assert_output --partial 'No such file or directory'
}
