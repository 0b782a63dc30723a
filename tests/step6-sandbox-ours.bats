# What tests/sandbox promises to the tests, above all that a program which ruins
# its host ruins the sandbox alone. The host is here what this test itself runs
# on, a sandbox as well; that it is as before afterwards, teardown proves.

# shellcheck disable=SC2016 # the shells in the sandbox are to expand it
# shellcheck disable=SC2153,SC2154 # start_outside sets OUTPUT, run sets stderr

load helper

SANDBOX=$BATS_TEST_DIRNAME/sandbox

needs_sandbox() {
	[ -z "$("$SANDBOX" true 2>&1)" ] || cannot "no sandbox here"
}

# as_its_root COMMAND...: the command as root of a sandbox, real root or not.
as_its_root() {
	if is_root; then
		"$SANDBOX" "$@"
	else
		unshare --user --map-root-user "$SANDBOX" "$@"
	fi
}

@test "sandbox: the exit status is the command's, and so are its descriptors" {
	needs_sandbox
	local wanted
	for wanted in 0 7 255; do
		run "-$wanted" "$SANDBOX" sh -c "exit $wanted"
	done
	run -143 "$SANDBOX" sh -c 'kill -TERM $$'
	run -0 --separate-stderr "$SANDBOX" sh -c 'cat; echo error >&2' <<< input
	assert_output input
	assert_equal "$stderr" error
}

@test "sandbox: the command is the caller, with the caller's ids and rights" {
	needs_sandbox
	local show=(sh -c 'id -u; id -g; hostname
		grep -E "^Cap[IPEA]|^Sig(Blk|Ign)" /proc/self/status')
	run -0 "$SANDBOX" "${show[@]}"
	assert_output "$(env --default-signal "${show[@]}")"
}

@test "sandbox: its namespaces are its own, /proc shows its processes, lo is up" {
	needs_sandbox
	local kind
	for kind in uts ipc net pid mnt; do
		run -0 "$SANDBOX" readlink "/proc/self/ns/$kind"
		assert_output --partial "$kind:["
		refute_output "$(namespace "$kind" self)"
	done
	run -0 "$SANDBOX" ps -e -o pid=,comm=
	assert_line --index 0 --regexp '^ *1 sandbox$'
	assert_line --index 1 --regexp '^ *[0-9]+ ps$'
	assert_equal "${#lines[@]}" 2
	run -0 "$SANDBOX" ip -o -4 address show up
	assert_output --regexp '^1: lo +inet 127\.0\.0\.1/8 '
}

@test "sandbox: what ruins the host ruins the sandbox alone" {
	needs_sandbox
	run -0 as_its_root sh -euc '
		hostname ruined; hostname
		ip link add left0 type veth peer name left1; ip -o link show left0
		ip link set lo down; ip -o link show lo
		ipcmk -Q; "$PROBE" make-queue /left; "$PROBE" open-queue /left
		mount -t tmpfs left /mnt; grep " left " /proc/self/mountinfo
		setsid sleep 100 > /dev/null 2>&1 3>&- & kill -0 $! && echo stays'
	# It had its effect there.
	assert_line ruined
	assert_line --partial ' left0@left1: '
	assert_line --regexp ' lo: .* state DOWN '
	assert_line --partial 'Message queue id: '
	assert_line --partial ' /mnt '
	assert_line stays
	# Not here: at once, and see teardown.
	refute [ "$(hostname)" = ruined ]
	refute "$PROBE" open-queue /left
	assert host_is_as_before
}

@test "sandbox: orphans are reaped" {
	needs_sandbox
	run -0 "$SANDBOX" bash -c '"$PROBE" orphans 100
		for _ in {1..500}; do
			[ "$(ps -o stat= --ppid 1 | grep -c Z)" -ne 0 ] || break
			sleep 0.02
		done
		ps -o stat= --ppid 1 | grep -c Z; exit 0'
	assert_output 0
}

# damage_and_remove [COMMAND...]: in a sandbox, a bash that has the words of stage.bash
# damages its host and removes that. What is left stands after "Now:".
damage_and_remove() {
	"$SANDBOX" env "$@" bash -c '
		TEST_MARKER=none
		load() { . "$BATS_TEST_DIRNAME/$1.bash"; }
		bats_require_minimum_version() { :; }
		load stage
		HOST_BEFORE=$(host_state)
		hostname ruined
		ip link add left0 type veth peer name left1
		ip link set lo down
		ipcmk -Q
		mount -t tmpfs left /mnt
		left_behind
		remove_what_is_left
		echo Now:
		left_behind
		ip -o link show up lo'
}

@test "sandbox: what a program leaves is removed in a sandbox alone" {
	only_with_sys_admin
	needs_sandbox
	export BATS_TEST_DIRNAME
	run -0 damage_and_remove
	assert_line --partial 'new: link: left0:'
	assert_line --partial 'new: IPC object: '
	assert_line --regexp '^new: mount: .* /mnt '
	assert_line 'new: hostname: ruined'
	assert_regex "$output" $'\nNow:\n[0-9]+: lo: [^\n]*$'
	# Elsewhere it may be anybody's. What is elsewhere is another sandbox here.
	run damage_and_remove -u IN_SANDBOX
	run -0 sed -n '/^Now:/,$p' <<< "$output"
	assert_line --partial 'new: link: left0:'
	assert_line 'new: hostname: ruined'
	refute_line --partial ' lo: '
}

@test "sandbox: tests/run says first that there is none" {
	only_with_sys_admin
	needs_sandbox
	run -0 "$BATS_TEST_DIRNAME/run"
	refute_line --partial 'No sandbox'
	run setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
		"$BATS_TEST_DIRNAME/run"
	assert_line --partial 'No sandbox, what is run here runs on this machine itself'
}

# Where /tmp is empty, one sees what is left there.
@test "sandbox: tests/run leaves nothing where there is no program" {
	export BATS_TEST_DIRNAME
	run -1 after_mounting 'mount --bind "$BATS_TEST_DIRNAME/.." /mnt
		mount -t tmpfs -o mode=1777 tmpfs /tmp
		mkdir /tmp/seen' sh -c 'ISOLATE=/nonexistent /mnt/tests/run 1
		status=$?; ls -A /tmp; exit $status'
	assert_line --partial "/nonexistent: No such file or directory"
	assert_line seen
	assert_equal "${#lines[@]}" 2
}

@test "sandbox: tests/run ends a file that takes too long, and has not passed" {
	printf '#!/bin/sh\nsleep 1000\n' > "$BATS_TEST_TMPDIR/hangs"
	chmod 755 "$BATS_TEST_TMPDIR/hangs"
	let_in
	FILE_LIMIT=2 ISOLATE=$BATS_TEST_TMPDIR/hangs run -1 timeout 60 \
		"$BATS_TEST_DIRNAME/run" 1
	assert_line --regexp '^bats ran 0 of [0-9]+ tests of 1/.*/step1-userns.bats/$'
}

# ip-netns(8) keeps names in /run/netns. A test runs in a sandbox already, so that
# one is two deep, and a kernel stacks no more overlays than that.
@test "sandbox: the name of a network namespace goes with it" {
	only_with_sys_admin
	needs_sandbox
	run "$SANDBOX" grep -q ' /run .* - overlay ' /proc/self/mountinfo
	[ "$status" -eq 0 ] || skip "only as root where /run can be an overlay"
	run -0 "$SANDBOX" sh -euc 'ip netns add left; ls /run/netns'
	assert_output left
	refute [ -e /run/netns/left ]
}

@test "sandbox: two at once do not see each other" {
	needs_sandbox
	for _ in 1 2; do
		start_outside "$SANDBOX" "$PROBE" serve 127.0.0.1 47110
		eventually has_said '^listening$'
	done
	# Without it the second one could not listen.
	start_outside "$PROBE" serve 127.0.0.1 47110
	eventually has_said '^listening$'
	run "$PROBE" serve 127.0.0.1 47110
	assert_failure
	assert_output --partial 'Address already in use'
}

@test "sandbox: SIGTERM and SIGINT reach the command" {
	needs_sandbox
	local signal
	for signal in TERM INT; do
		start_outside env --default-signal=INT "$SANDBOX" bash -c '
			trap "echo got '"$signal"'; exit 3" '"$signal"'
			echo ready; while :; do sleep 0.02; done'
		eventually has_said '^ready$'
		kill "-$signal" "$PID"
		wait "$PID" || assert_equal $? 3
		has_said "^got $signal$"
	done
}

nothing_is_left() {
	[ -z "$(leftover_processes "$TEST_MARKER")" ]
}

@test "sandbox: SIGKILL of it, or of the one who started it, ends all" {
	needs_sandbox
	local starter
	for starter in 'exec "$@"' '"$@"; true'; do
		start_outside sh -c "$starter" sh "$SANDBOX" \
			sh -c 'setsid sleep 100 & echo ready; sleep 100'
		eventually has_said '^ready$'
		refute nothing_is_left
		kill -KILL "$PID"
		eventually nothing_is_left
	done
}

@test "sandbox: where there are no namespaces, one line says so" {
	run -7 --separate-stderr unshare --user --map-root-user sh -c '
		echo 0 > /proc/sys/user/max_pid_namespaces
		exec "$0" sh -c "echo runs; exit 7"' "$SANDBOX"
	assert_output runs
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^No sandbox, .*: No space left on device$'
}

@test "sandbox: a user's subordinate ids can be mapped in it" {
	only_as_ordinary_user
	needs_sandbox
	can_map_auto
	run -0 "$SANDBOX" getsubids "$(id -un)"
	assert_output --regexp '^0: .* [0-9]+ [0-9]+$'
	assert_equal "${#lines[@]}" 1
	run -0 "$SANDBOX" sh -c 'unshare --user sleep 100 &
		first=$(getsubids "$1" | cut -d" " -f3)
		until newuidmap $! 0 "$(id -u)" 1 1 "$first" 9 2> /dev/null; do
			sleep 0.02
		done
		cat /proc/$!/uid_map; kill $!' sh "$(id -un)"
	assert_line --index 0 --regexp "^ *0 +$(id -u) +1$"
	assert_line --index 1 --regexp '^ *1 +[0-9]+ +9$'
}

@test "sandbox: a user without subordinate ids has one, too" {
	only_as_ordinary_user
	needs_sandbox
	run -0 after_mounting 'mount --bind /dev/null /etc/subuid' \
		"$SANDBOX" sh -c 'id -u; grep CapEff: /proc/self/status'
	assert_line --index 0 "$(id -u)"
	assert_line --index 1 --regexp '^CapEff:.0+$'
	assert_equal "${#lines[@]}" 2
}
