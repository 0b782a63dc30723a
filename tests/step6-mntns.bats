# Stage 6: PROGRAM has a mount namespace of its own, and in it a /proc that shows
# what is isolated.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...
# shellcheck disable=SC2034 # they use RAN

load stage

# on_shared_mounts SCRIPT: runs a bash script as a root that may mount, where
# the test's own host does not see it and all mounts are shared, as systemd has
# them. "${caller[@]}" COMMAND is in it the test's own user, on that host.
on_shared_mounts() {
	local owned=() caller=()
	has_sys_admin || {
		owned=(--user --map-root-user)
		caller=(unshare --user --map-user="$(id -u)" --map-group="$(id -g)")
	}
	export INSIDE=$BATS_TEST_TMPDIR/inside
	export NAP=$((100000 + BATS_TEST_NUMBER * 1000))
	let_in
	capture unshare "${owned[@]}" --mount --propagation shared bash -c '
		caller=("${@:2}")
		# A mount below the root one, with a place for another.
		mount -t tmpfs below /mnt
		mkdir /mnt/deep
		# isolate SCRIPT: starts it, and waits for "ready".
		isolate() {
			"${caller[@]}" "$ISOLATE" "$(type -P bash)" -c \
				"$1
				echo ready; exec sleep $NAP" > "$INSIDE" 2>&1 &
			until grep -qx ready "$INSIDE"; do
				kill -0 $! || exit
				sleep 0.02
			done
		}
		'"$1" bash "$1" "${caller[@]}"
	NAPS+=("$NAP")
	saw "$(cat "$INSIDE")"
	RAN="mine bash -c ... # where all mounts are shared"
}

# Promise mntns: PROGRAM has a mount namespace of its own.

@test "the mount namespace is a new one" {
	hint "Which flag makes one?" "CLONE_NEWNS; mount_namespaces(7)"
	begin ''
	expect_new_namespace mnt "$(namespace mnt "$PROGRAM")"
}

# Promise proc: /proc shows the isolated processes.

@test "/proc is a new one" {
	needs mntns pidns
	hint "What does /proc show as long as nobody has mounted another? Whose
processes does a new one show?" "proc(5); mount(2) by a process inside"
	hint_if "No such file|cannot" "Where does your program mount it, seen from
the caller's directory? Is there a /proc at all?" "mount(2), proc(5)"
	let_in
	cd "$BATS_TEST_TMPDIR"
	local last='$5 == "/proc" { device = $3 } END { print device }'
	inside awk "$last" /proc/self/mountinfo
	saw "$(cat "$ERRORS")"
	assert_output --regexp '^[0-9]+:[0-9]+$'
	refute_output "$(awk "$last" /proc/self/mountinfo)"
}

@test "ps aux shows PROGRAM alone, as process 1 and root" {
	needs mntns pidns first proc
	hint "Whose processes does this /proc show? In which pid namespace was
the process that mounted it?" "proc(5); pid_namespaces(7), \"/proc and PID
namespaces\""
	inside ps aux
	assert_line --index 0 --regexp '^USER +PID '
	assert_line --index 1 --regexp '^root +1 .*ps aux$'
	assert_equal "${#lines[@]}" 2
}

@test "/proc shows the isolated processes and no others" {
	needs mntns pidns first proc
	hint "Whose processes does this /proc show? In which pid namespace was
the process that mounted it?" "proc(5); pid_namespaces(7), \"/proc and PID
namespaces\""
	[ -e "/proc/$$" ]
	inside bash -c 'sleep 4711 & child=$!
		for ((i = 0; i < 100; i++)); do
			read -r name < /proc/$child/comm
			[ "$name" != sleep ] || break
			sleep 0.02
		done 2> /dev/null
		echo "$child"
		exec ps -e -o pid=,comm='
	assert_line --regexp '^ *1 ps$'
	assert_line --regexp "^ *${lines[0]} sleep$"
	assert_equal "${#lines[@]}" 3
}

# Promise private: mounts inside and outside do not meet.

@test "a mount made inside is not seen outside" {
	needs mntns capabilities clean
	hint "Where do the mounts of a new mount namespace come from, and what
keeps them connected? Are all of them changed, or the root mount alone?" \
		"mount_namespaces(7), \"Shared subtrees\"; MS_PRIVATE, MS_REC"
	on_shared_mounts '
		isolate "mount -t tmpfs inside /mnt/deep
			grep -o \" /mnt/deep .* tmpfs inside \" /proc/self/mountinfo"
		grep -q " /mnt/deep .* tmpfs inside " /proc/self/mountinfo &&
			echo seen outside
		echo looked'
	assert_line looked
	assert has_said ' /mnt/deep .* tmpfs inside ' "$INSIDE"
	refute_line 'seen outside'
}

@test "a mount made outside is not seen inside" {
	needs mntns clean
	hint "Where do the mounts of a new mount namespace come from, and what
keeps them connected? Are all of them changed, or the root mount alone?" \
		"mount_namespaces(7), \"Shared subtrees\"; MS_PRIVATE, MS_REC"
	on_shared_mounts '
		isolate ""
		mount -t tmpfs outside /mnt/deep
		grep -q " /mnt/deep .* tmpfs outside " /proc/self/mountinfo &&
			echo seen outside
		program=$(grep -lsz "^$NAP\$" /proc/[0-9]*/cmdline | cut -d / -f 3)
		[ "$program" ] && echo found
		grep -q " /mnt/deep .* tmpfs outside " /proc/$program/mountinfo &&
			echo seen inside'
	assert_line 'seen outside'
	assert_line found
	refute_line 'seen inside'
}

@test "what isolate mounts is not seen outside" {
	needs mntns clean
	hint "In which mount namespace is the process that mounts /proc, and are
its mounts still connected with the others?" "mount_namespaces(7); MS_PRIVATE"
	on_shared_mounts '
		before=$(grep -c . /proc/self/mountinfo)
		isolate ""
		echo "mounts: $(($(grep -c . /proc/self/mountinfo) - before))"'
	assert_line 'mounts: 0'
}

# Promise rootfs: the files are the caller's.

@test "the root file system is the caller's" {
	needs mntns
	hint "Which mounts does PROGRAM need, and which does it have already?" \
		"mount_namespaces(7): it begins with a copy"
	local files=(/ /etc/passwd "$PROBE")
	inside stat --format '%n %d:%i' "${files[@]}"
	assert_output "$(stat --format '%n %d:%i' "${files[@]}")"
}

# Promise clean-6: nothing is left behind.

@test "after stage 6 the host is as before" {
	nothing_was_left
}
