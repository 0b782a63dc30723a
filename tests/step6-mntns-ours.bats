# What is particular to our step 6: what -v says, and failures to mount.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2154 # run sets stderr

load helper

PROC='mount\("proc", "/proc", "proc", MS_NOSUID\|MS_NODEV\|MS_NOEXEC, NULL\)'
PRIVATE='mount\(NULL, "/", NULL, MS_REC\|MS_PRIVATE, NULL\)'

# as_host SCRIPT: runs it where mounts may be made that the tests' own host
# shall not see. isolate runs in it as on a host.
as_host() {
	local owned=()
	has_sys_admin || owned=(--user --map-root-user)
	unshare "${owned[@]}" --mount sh -ec "$1"
}

# fails_at CALL ERROR MESSAGE: what isolate says when the system call CALL
# ("mount:when=2") fails with ERROR. That it leaves nothing, teardown proves.
fails_at() {
	local inject=${1/:/:error="$2":}
	[[ $1 == *:* ]] || inject=$1:error=$2
	run -125 --separate-stderr traced -f -o /dev/null \
		-e "trace=${inject%%:*}" -e "inject=$inject" "$ISOLATE" true
	assert_output ''
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" "^isolate: $3$"
}

@test "/proc is mounted nosuid, nodev and noexec" {
	# shellcheck disable=SC2016 # awk's
	run "$ISOLATE" awk '$5 == "/proc" { options = $6 } END { print options }' \
		/proc/self/mountinfo
	assert_success
	assert_output --partial nosuid
	assert_output --partial nodev
	assert_output --partial noexec
}

@test "all mounts are private inside, though the parent's are shared" {
	local owned=()
	has_sys_admin || owned=(--user --map-root-user --net)
	# shellcheck disable=SC2016 # expanded by that shell
	run unshare "${owned[@]}" --mount --propagation shared bash -c '
		findmnt --noheadings --output PROPAGATION | sort -u
		"$ISOLATE" findmnt --noheadings --output PROPAGATION | sort -u'
	assert_output $'shared\nprivate'
}

@test "-v narrates the mounts, before the network is waited for" {
	run -0 --separate-stderr "$ISOLATE" -v true
	assert_narrated \
		'^parent\[[0-9]+\] clone\(.*\|CLONE_NEWPID\|CLONE_NEWNS\|SIGCHLD\) = [0-9]+$' \
		'^child\[1\] sethostname\("isolated"\)$' \
		"^child\\[1\\] $PRIVATE\$" \
		"^child\\[1\\] $PROC\$" \
		'^child\[1\] RTM_GETLINK\(peer0\): IF_OPER_UP$' \
		'^child\[1\] cap_set_proc\("=ep"\)$' \
		'^child\[1\] execvp\("true"\)$'
}

# As inside Docker. The kernel refuses a new /proc, which would show what is
# below the mount.
@test "a /proc that is masked: 125, and the hint says what masks it" {
	run -125 --separate-stderr as_host '
		mount --bind /dev/null /proc/version
		exec "$ISOLATE" true'
	assert_regex "${stderr_lines[0]}" \
		"^isolate: $PROC: Operation not permitted$"
	assert_regex "${stderr_lines[1]}" '^hint: /proc/version is mounted over'
	assert_equal "${#stderr_lines[@]}" 2
}

# The kernel tolerates a mount over an empty directory, which hides nothing.
# Every host with systemd has one.
@test "a mount over an empty directory of /proc is not what the hint names" {
	[ -d /proc/sys/fs/binfmt_misc ] || cannot "no binfmt_misc"
	run -125 --separate-stderr as_host '
		mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc
		"$ISOLATE" true
		mount --bind /dev/null /proc/version
		exec "$ISOLATE" true'
	assert_regex "${stderr_lines[1]}" '^hint: /proc/version is mounted over'
}

# Below /sys many are harmless, so it does not name one.
@test "a /sys that is masked: 125, and a hint" {
	let_in
	mkdir "$BATS_TEST_TMPDIR/root"
	chmod a+rwx "$BATS_TEST_TMPDIR/root"
	export ROOT=$BATS_TEST_TMPDIR/root
	run -125 --separate-stderr as_host '
		mount -t tmpfs tmpfs /sys/kernel/mm
		exec "$ISOLATE" --rootfs "$ROOT" true'
	assert_regex "${stderr_lines[0]}" \
		'^isolate: mount\("sysfs".*\): Operation not permitted$'
	assert_regex "${stderr_lines[1]}" '^hint: part of /sys may be mounted over'
	assert_equal "${#stderr_lines[@]}" 2
}

@test "a mount that fails is reported, and leaves nothing" {
	fails_at mount:when=1 EPERM "$PRIVATE: Operation not permitted"
	fails_at mount:when=2 EBUSY "$PROC: Device or resource busy"
}

# Those of the child, in the order in which it makes them.
@test "any other call of the child's that fails is reported, and leaves nothing" {
	fails_at setresgid EAGAIN 'setresgid\(0, 0, 0\): Resource temporarily unavailable'
	fails_at setresuid EAGAIN 'setresuid\(0, 0, 0\): Resource temporarily unavailable'
	fails_at sethostname ENOMEM 'sethostname\("isolated"\): Cannot allocate memory'
	fails_at keyctl ENOMEM 'keyctl\(KEYCTL_JOIN_SESSION_KEYRING\): Cannot allocate memory'
}

@test "a child that is killed before any of these calls: 137, and nothing left" {
	local call
	for call in setresuid sethostname mount keyctl; do
		run -137 --separate-stderr traced -f -o /dev/null \
			-e "trace=$call" -e "inject=$call:signal=KILL" \
			"$ISOLATE" true
		assert_equal "$stderr" ''
	done
}

@test "PROGRAM of isolate in isolate sees itself alone" {
	run -0 "$ISOLATE" "$ISOLATE" "$ISOLATE" ps -e -o pid=,comm=
	assert_output --regexp '^ *1 ps$'
}

# README: what -u 0:0:1 gives. It is opened, and nothing is written.
@test "core_pattern, which is the host's, is for root outside alone" {
	only_as_root
	local opens='exec 3>> /proc/sys/kernel/core_pattern && echo opened'
	run "$ISOLATE" -u 0:0:1 sh -c "$opens"
	assert_output opened
	run "$ISOLATE" sh -c "$opens"
	assert_failure
	assert_output --partial 'Permission denied'
}
