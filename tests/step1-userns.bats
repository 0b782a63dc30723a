# What step 1 promises, of any `isolate PROGRAM [ARGS...]`: a user namespace,
# and that PROGRAM runs in it as it would run without.
#
# The programs of the later steps are held to it too, so a test asks $STEP what
# PROGRAM may do: over a namespace of its own it is root, over the host's not.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it

load helper

# outside_id uid|gid: what 0 inside is outside, as PROGRAM sees it.
outside_id() {
	"$ISOLATE" cat "/proc/self/$1_map" | awk '$1 == 0 { print $2 }'
}

# allowed_from N: the last `run` succeeded just if the program is of step N or
# later.
allowed_from() {
	if ((STEP >= $1)); then
		assert_success
	else
		assert_failure
	fi
}

@test "the namespaces of this step and those before are new, the others the host's" {
	local kind i
	for i in "${!NAMESPACES[@]}"; do
		kind=${NAMESPACES[i]}
		run "$ISOLATE" readlink "/proc/self/ns/$kind"
		assert_success
		assert_output --regexp "^$kind:\[[0-9]+\]$"
		if ((i < STEP)); then
			refute_output "$(namespace "$kind" self)"
		else
			assert_output "$(namespace "$kind" self)"
		fi
	done
}

@test "PROGRAM is root inside" {
	run "$ISOLATE" id -u
	assert_success
	assert_output 0
	run "$ISOLATE" id -g
	assert_success
	assert_output 0
}

@test "PROGRAM is the caller outside" {
	only_as_ordinary_user
	run "$ISOLATE" cat /proc/self/uid_map /proc/self/gid_map
	assert_success
	assert_line --index 0 --regexp "^ *0 +$(id -u) +1$"
	assert_line --index 1 --regexp "^ *0 +$(id -g) +1$"
}

@test "PROGRAM is not root outside, even if the caller is" {
	local kind outside
	for kind in uid gid; do
		outside=$(outside_id "$kind")
		assert_regex "$outside" '^[0-9]+$'
		assert [ "$outside" -ne 0 ]
	done
}

@test "the host sees PROGRAM under the ids of the maps" {
	local uid gid file
	uid=$(outside_id uid)
	gid=$(outside_id gid)
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	file=/proc/$(children_of "$PID")/status
	run grep '^Uid:' "$file"
	assert_output $'Uid:\t'"$uid"$'\t'"$uid"$'\t'"$uid"$'\t'"$uid"
	run grep '^Gid:' "$file"
	assert_output $'Gid:\t'"$gid"$'\t'"$gid"$'\t'"$gid"$'\t'"$gid"
}

@test "a file created inside belongs to root there, and to the mapped ids outside" {
	local file=$BATS_TEST_TMPDIR/file
	let_in
	run "$ISOLATE" sh -c 'umask 022; echo > "$1"; stat -c %u:%g "$1"' sh "$file"
	assert_success
	assert_output 0:0
	run stat -c %u:%g "$file"
	assert_output "$(outside_id uid):$(outside_id gid)"
}

@test "PROGRAM has all capabilities" {
	local last all set
	last=$(cat /proc/sys/kernel/cap_last_cap)
	all=$(printf '%016x' $(((1 << (last + 1)) - 1)))
	run "$ISOLATE" grep ^Cap /proc/self/status
	assert_success
	for set in CapPrm CapEff CapBnd; do
		assert_line "$set:"$'\t'"$all"
	done
}

@test "its capabilities do not reach the host's mounts" {
	let_in
	mkdir "$BATS_TEST_TMPDIR/here"
	run "$ISOLATE" mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/here"
	allowed_from 6
	((STEP >= 6)) || assert_output --partial 'permission denied'
}

# To be on the safe side, what is set is what is so already.
@test "its capabilities do not reach the host's name" {
	run "$ISOLATE" sh -c 'hostname "$(hostname)"'
	allowed_from 2
}

@test "its capabilities do not reach the host's network" {
	run "$ISOLATE" ip link set lo up
	allowed_from 4
	((STEP >= 4)) || assert_output --partial 'Operation not permitted'
}

@test "root inside cannot read what is for root outside" {
	only_as_root
	let_in
	echo secret > "$BATS_TEST_TMPDIR/file"
	chmod 644 "$BATS_TEST_TMPDIR/file"
	run "$ISOLATE" cat "$BATS_TEST_TMPDIR/file"
	assert_output secret
	chmod 600 "$BATS_TEST_TMPDIR/file"
	run "$ISOLATE" cat "$BATS_TEST_TMPDIR/file"
	assert_failure
	refute_output --partial secret
}

@test "PROGRAM is looked up in PATH" {
	let_in
	printf '#!/bin/sh\necho found\n' > "$BATS_TEST_TMPDIR/some-program"
	chmod 755 "$BATS_TEST_TMPDIR/some-program"
	PATH=$PATH:$BATS_TEST_TMPDIR run "$ISOLATE" some-program
	assert_success
	assert_output found
	run "$ISOLATE" ps aux
	assert_success
	assert_output --partial 'ps aux'
}

@test "PROGRAM starts in the caller's directory" {
	let_in
	cd "$BATS_TEST_TMPDIR"
	run "$ISOLATE" pwd -P
	assert_success
	assert_output "$(pwd -P)"
}

@test "arguments arrive as they are" {
	local arguments=('a  b' '' "it's" '"' $'two\nlines' '*' '$HOME' '\n' -v
		--help -- -)
	"$ISOLATE" printf '<%s>\n' "${arguments[@]}" > "$BATS_TEST_TMPDIR/got"
	printf '<%s>\n' "${arguments[@]}" > "$BATS_TEST_TMPDIR/wanted"
	cmp "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/wanted"
}

@test "standard input, output and error are the caller's" {
	cd "$BATS_TEST_TMPDIR"
	head -c 200000 /dev/urandom > in
	"$ISOLATE" sh -c 'cat; echo to the error output >&2' < in > out 2> err
	cmp in out
	run cat err
	assert_output 'to the error output'
}

@test "the exit status is PROGRAM's, 0 to 255" {
	local wanted got=()
	for wanted in {0..255}; do
		"$ISOLATE" sh -c "exit $wanted" && got+=(0) || got+=($?)
	done
	assert_equal "${got[*]}" "$(echo {0..255})"
}

@test "there is one process below isolate, PROGRAM" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	run children_of "$PID"
	assert_output --regexp '^[0-9]+$'
	eventually executes "$output" 'sleep 100'
	assert_equal "$(children_of "$output")" ''
}

@test "PROGRAM ends when isolate is killed" {
	local program
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	program=$(children_of "$PID")
	refute is_gone "$program"
	kill -KILL "$PID"
	eventually is_gone "$program"
}

@test "one run right after the other" {
	local i
	for i in {1..5}; do
		run "$ISOLATE" echo "run $i"
		assert_success
		assert_output "run $i"
	done
}

@test "several at once, each in namespaces of its own" {
	local i pid kind inodes programs=()
	for i in {1..8}; do
		start sh -c 'echo ready; exec sleep 100'
	done
	for i in {1..8}; do
		eventually has_said '^ready$' "$BATS_TEST_TMPDIR/output.$i"
	done
	for pid in "${PIDS[@]}"; do
		programs+=("$(children_of "$pid")")
	done
	for kind in "${NAMESPACES[@]::STEP}"; do
		inodes=$(for pid in "${programs[@]}"; do
			readlink "/proc/$pid/ns/$kind"
		done | sort -u)
		assert_equal "$(wc -l <<< "$inodes")" 8
	done
}
