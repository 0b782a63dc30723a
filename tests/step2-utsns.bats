# What step 2 promises, of any `isolate PROGRAM [ARGS...]`: a UTS namespace.
# That it is a new one is asked in step 1.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153 # OUTPUT is start's, output is run's

load helper

@test "PROGRAM has a hostname of its own from the start" {
	run -0 "$ISOLATE" hostname
	assert_output
	refute_output "$(hostname)"
	assert_equal "$("$ISOLATE" uname -n)" "$output"
	assert_equal "$("$ISOLATE" cat /proc/sys/kernel/hostname)" "$output"
}

@test "a hostname set inside is not seen outside" {
	local before
	before=$(hostname)
	start sh -c 'hostname changed-inside; hostname; exec sleep 100'
	eventually has_said '^changed-inside$'
	assert_equal "$(hostname)" "$before"
	# Nor by the next.
	run -0 "$ISOLATE" hostname
	refute_output changed-inside
}

# The "outside" is a UTS namespace of this test, so that the host's name stays.
@test "a hostname set outside is not seen inside" {
	only_with_sys_admin
	start_outside unshare --uts bash -euc '
		coproc isolate { "$ISOLATE" sh -c "hostname; read -r go; hostname"; }
		read -r before <&"${isolate[0]}"
		hostname changed-outside
		echo go >&"${isolate[1]}"
		read -r after <&"${isolate[0]}"
		echo "$(hostname) $before $after"'
	wait "$PID"
	run -0 cat "$OUTPUT"
	assert_output --regexp '^changed-outside ([^ ]+) ([^ ]+)$'
	assert_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
}

@test "two at once each have their own hostname" {
	local name
	let_in
	for name in one two; do
		start sh -c 'hostname "$1"; echo set
			until [ -e "$2" ]; do sleep 0.02; done
			hostname' sh "$name" "$BATS_TEST_TMPDIR/go"
		eventually has_said '^set$'
	done
	: > "$BATS_TEST_TMPDIR/go"
	wait "${PIDS[@]}"
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/output.1")" one
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/output.2")" two
}
