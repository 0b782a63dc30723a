# Stage 2: PROGRAM has a UTS namespace of its own, and in it another hostname.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...

load stage

# Promise utsns: PROGRAM has a UTS namespace of its own.

@test "the UTS namespace is a new one" {
	hint "Which flag makes one?" "CLONE_NEWUTS; uts_namespaces(7)"
	inside readlink /proc/self/ns/uts
	expect_new_namespace uts "$output"
}

# Promise hostname: the hostname is PROGRAM's own, from the start.

@test "PROGRAM has a hostname of its own from the start" {
	needs utsns clean
	hint "A new UTS namespace begins with a copy of the name. Who changes it,
and before what?" "sethostname(2)"
	local name
	inside hostname
	name=$output
	assert_output
	refute_output "$(hostname)"
	inside uname -n
	assert_output "$name"
	inside cat /proc/sys/kernel/hostname
	assert_output "$name"
}

@test "the host's own hostname stays" {
	needs utsns clean
	hint "In which UTS namespace is the process that sets the name?" \
		"sethostname(2) is for the caller's; clone(2) or unshare(2) first"
	local before
	before=$(hostname)
	inside hostname
	assert_output
	assert_equal "$(hostname)" "$before"
}

# Promise uts-apart: names that are set inside and outside do not meet.

@test "a hostname set inside is not seen outside" {
	needs utsns capabilities clean again hostname
	hint "Whose UTS namespace is PROGRAM in?" "uts_namespaces(7)"
	local before
	before=$(hostname)
	begin 'hostname changed-inside; hostname'
	assert_equal "$(head -n 1 "$OUTPUT")" changed-inside
	assert_equal "$(hostname)" "$before"
	# Nor by the next.
	inside hostname
	refute_output changed-inside
}

# The "outside" is a UTS namespace of this test, so that the host's name stays.
@test "a hostname set outside is not seen inside" {
	only_with_sys_admin
	needs utsns clean hostname
	hint "Whose UTS namespace is PROGRAM in?" "uts_namespaces(7)"
	let_in
	start_outside unshare --uts bash -euc '
		go=$1/go
		: > "$1/first"
		"$ISOLATE" /bin/sh -c "hostname; echo first >&2
			until [ -e $go ]; do sleep 0.02; done
			hostname" > "$1/names" 2> "$1/first" &
		until grep -q first "$1/first"; do
			kill -0 $!
			sleep 0.02
		done
		hostname changed-outside
		hostname
		: > "$go"
		wait' bash "$BATS_TEST_TMPDIR"
	await is_gone "$PID"
	assert_equal "$(cat "$OUTPUT")" changed-outside
	mapfile -t lines < "$BATS_TEST_TMPDIR/names"
	assert_equal "${#lines[@]}" 2
	assert_equal "${lines[1]}" "${lines[0]}"
}

@test "two at once each have their own hostname" {
	needs utsns capabilities again hostname
	hint "Do two of them share a UTS namespace?" "clone(2) CLONE_NEWUTS"
	local name
	let_in
	for name in one two; do
		begin '(until [ -e "$2" ]; do sleep 0.02; done
			hostname > "$2.$1") &
			hostname "$1"' "$name" "$BATS_TEST_TMPDIR/go"
	done
	: > "$BATS_TEST_TMPDIR/go"
	soon [ -s "$BATS_TEST_TMPDIR/go.one" ]
	soon [ -s "$BATS_TEST_TMPDIR/go.two" ]
	assert_equal "$(cat "$BATS_TEST_TMPDIR/go.one")" one
	assert_equal "$(cat "$BATS_TEST_TMPDIR/go.two")" two
}

# Promise clean-2: nothing is left behind.

@test "after stage 2 the host is as before" {
	nothing_was_left
}
