# isolate in isolate in isolate.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031

load helper

# At each level: the ping of its own host side, then the next level.
level='ping -c 1 -W 5 10.11.12.13 > /dev/null && echo "up in $1" || exit 1
	[ "$1" -gt 1 ] || exit 5
	shift; exec "$@"'

@test "isolate in isolate in isolate: each pings its own host side" {
	local in=("$ISOLATE" sh -c "$level" sh)
	run "${in[@]}" 3 "${in[@]}" 2 "${in[@]}" 1
	assert_equal "$status" 5
	assert_output $'up in 3\nup in 2\nup in 1'
}

@test "the same with --init" {
	local in=("$ISOLATE" --init sh -c "$level" sh)
	run "${in[@]}" 3 "${in[@]}" 2 "${in[@]}" 1
	assert_equal "$status" 5
	assert_output $'up in 3\nup in 2\nup in 1'
}

# Roots with the host's programs and isolate itself, one in another: $ROOT, and
# /inner from inside.
make_roots() {
	let_in
	ROOT=$BATS_TEST_TMPDIR/root
	make_skeleton "$ROOT"
	make_skeleton "$ROOT/inner"
	make_skeleton "$ROOT/inner/inner"
	mkdir "$ROOT/isolate" "$ROOT/inner/isolate" "$ROOT/inner/inner/isolate"
	chmod -R a+rX "$ROOT"
	NAME=/isolate/${ISOLATE##*/}
	OUTER=("$ISOLATE" --rootfs "$ROOT" "${ROOT_BINDS[@]}"
		--bind "${ISOLATE%/*}:/isolate:ro")
	INNER=("$NAME" --rootfs /inner "${ROOT_BINDS[@]}"
		--bind /isolate:/isolate:ro)
}

@test "the same with --rootfs at each level" {
	make_roots
	local in=(sh -c "$level" sh)
	run "${OUTER[@]}" "${in[@]}" 3 "${INNER[@]}" "${in[@]}" 2 \
		"${INNER[@]}" "${in[@]}" 1
	assert_equal "$status" 5
	assert_output $'up in 3\nup in 2\nup in 1'
}

@test "the same with --rootfs outside alone, and inside alone" {
	make_roots
	local in=(sh -c "$level" sh)
	run "${OUTER[@]}" "${in[@]}" 3 "$NAME" "${in[@]}" 2 \
		"$NAME" "${in[@]}" 1
	assert_equal "$status" 5
	assert_output $'up in 3\nup in 2\nup in 1'
	run "$ISOLATE" "${in[@]}" 3 "$ISOLATE" "${in[@]}" 2 \
		"${OUTER[@]}" "${in[@]}" 1
	assert_equal "$status" 5
	assert_output $'up in 3\nup in 2\nup in 1'
}

@test "nested: SIGKILL of the outermost takes all with it" {
	local pid pids=()
	start "$ISOLATE" "$ISOLATE" sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	pid=$PID
	while pid=$(children_of "$pid") && [ "$pid" ]; do
		pids+=("$pid")
	done
	assert_equal "${#pids[@]}" 3
	eventually executes "${pids[2]}" 'sleep 100'
	kill -KILL "$PID"
	for pid in "${pids[@]}"; do
		eventually [ ! -e "/proc/$pid" ]
	done
}
