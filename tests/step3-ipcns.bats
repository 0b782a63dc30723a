# Stage 3: PROGRAM has an IPC namespace of its own.
#
# System V objects are told apart by their keys, "0x98a1f109": their ids may be
# the same on both sides. What a test makes on the host it removes before it
# judges what it has seen.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...

load stage

QUEUE=/isolate-test.$$

# keys KIND: the keys of the host's objects; m, s and q are what ipcs(1) calls
# the kinds.
keys() {
	ipcs "-$1" | grep -o '^0x[0-9a-f]*' || true
}

# made_outside_is_not_seen_inside KIND IPCMK-OPTION...
made_outside_is_not_seen_inside() {
	needs ipcns
	hint "Whose IPC namespace is PROGRAM in?" "ipc_namespaces(7)"
	local kind=$1 id key after
	shift
	id=$(ipcmk "$@" | grep -oE '[0-9]+$')
	key=$(ipcs "-$kind" | awk -v id="$id" '$2 == id { print $1 }')
	assert_regex "$key" '^0x[0-9a-f]+$'
	begin 'ipcs "-$1"; ipcrm "-$2" "$3" && echo removed' \
		"$kind" "${kind^}" "$key"
	after=$(keys "$kind")
	ipcrm "-$kind" "$id" || true
	output=$(cat "$OUTPUT")
	assert_output --partial 'key '
	refute_output --partial "$key "
	refute_output --partial removed
	assert_regex "$after" "$key"
}

# made_inside_is_not_seen_outside KIND IPCMK-OPTION...
made_inside_is_not_seen_outside() {
	needs ipcns again
	hint "Whose IPC namespace is PROGRAM in?" "ipc_namespaces(7)"
	local kind=$1 key
	shift
	begin 'kind=$1; shift; ipcmk "$@"; ipcs "-$kind"' "$kind" "$@"
	key=$(grep -o '^0x[0-9a-f]*' "$OUTPUT")
	assert_regex "$key" '^0x[0-9a-f]+$'
	run -1 grep -x "$key" <(keys "$kind")
	# Nor is it by the next.
	inside ipcs "-$kind"
	assert_output --partial 'key '
	refute_output --partial "$key"
}

# Promise ipcns: PROGRAM has an IPC namespace of its own.

@test "the IPC namespace is a new one" {
	hint "Which flag makes one?" "CLONE_NEWIPC; ipc_namespaces(7)"
	inside readlink /proc/self/ns/ipc
	expect_new_namespace ipc "$output"
}

# Promise sysv: System V objects are its own.

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

# Promise posix: POSIX message queues are its own.

@test "a POSIX message queue made outside is not seen inside" {
	needs ipcns
	hint "Whose IPC namespace is PROGRAM in?" "mq_overview(7)"
	local outside=not
	"$PROBE" make-queue "$QUEUE"
	begin '"$1" open-queue "$2" 2>&1' "$PROBE" "$QUEUE"
	! "$PROBE" open-queue "$QUEUE" || outside=seen
	"$PROBE" remove-queue "$QUEUE"
	output=$(cat "$OUTPUT")
	assert_output --partial 'No such file or directory'
	assert_equal "$outside" seen
}

@test "a POSIX message queue made inside is not seen outside" {
	needs ipcns
	hint "Whose IPC namespace is PROGRAM in?" "mq_overview(7)"
	begin '"$1" make-queue "$2" && "$1" open-queue "$2" && echo made' \
		"$PROBE" "$QUEUE"
	assert has_said '^made$'
	run "$PROBE" open-queue "$QUEUE"
	assert_failure
	assert_output --partial 'No such file or directory'
}

# Promise clean-3: nothing is left behind.

@test "after stage 3 the host is as before" {
	nothing_was_left
}
