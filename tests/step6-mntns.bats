# What step 6 promises, of any `isolate PROGRAM [ARGS...]`: a mount namespace,
# and in it a /proc that shows what is isolated.

load helper

# as_host SCRIPT [ARGS...]: runs a bash script where mounts may be made that the
# tests' own host shall not see, and where all mounts are shared, as systemd has
# them. isolate runs in it as on a host.
as_host() {
	local owned=()
	has_sys_admin || owned=(--user --map-root-user --net)
	export -f eventually children_of
	unshare "${owned[@]}" --mount --propagation shared bash -c "$@"
}

@test "ps aux shows PROGRAM alone, as process 1 and root" {
	run "$ISOLATE" ps aux
	assert_success
	assert_line --index 0 --regexp '^USER +PID '
	assert_line --index 1 --regexp '^root +1 .* ps aux$'
	assert_equal "${#lines[@]}" 2
}

@test "/proc shows the isolated processes and no others" {
	[ -e "/proc/$$" ]
	# shellcheck disable=SC2016 # expanded inside
	run "$ISOLATE" sh -c 'sleep 100 &
		until read -r name < /proc/2/comm && [ "$name" = sleep ]; do
			:
		done
		ps -e -o pid=,comm='
	assert_success
	assert_line --regexp '^ *1 sh$'
	assert_line --regexp '^ *2 sleep$'
	assert_line --regexp '^ *3 ps$'
	assert_equal "${#lines[@]}" 3
}

@test "/proc is a new one, mounted nosuid, nodev and noexec" {
	# shellcheck disable=SC2016 # awk's
	local last='$5 == "/proc" { device = $3; options = $6 }
		END { print device, options }'
	run "$ISOLATE" awk "$last" /proc/self/mountinfo
	assert_success
	assert_output --partial nosuid
	assert_output --partial nodev
	assert_output --partial noexec
	refute_output --partial "$(awk "$last" /proc/self/mountinfo |
		cut -d' ' -f1) "
}

@test "the root file system is the parent's" {
	local files=(/ /etc/passwd "$PROBE")
	run "$ISOLATE" stat --format '%n %d:%i' "${files[@]}"
	assert_success
	assert_output "$(stat --format '%n %d:%i' "${files[@]}")"
}

@test "a mount made inside is not seen outside" {
	# shellcheck disable=SC2016 # expanded by that shell
	run as_host '
		"$ISOLATE" sh -c "mount -t tmpfs inside /mnt &&
			grep inside /proc/self/mountinfo; exec sleep 100" &
		pid=$!
		ready() {
			grep -qx sleep "/proc/$(children_of $pid)/comm"
		}
		eventually ready
		grep -q " /mnt .* tmpfs inside " \
			"/proc/$(children_of $pid)/mountinfo" &&
			echo seen inside
		grep -q inside /proc/self/mountinfo &&
			echo seen outside
		kill -KILL $pid'
	assert_line --regexp ' /mnt .* tmpfs inside '
	assert_line 'seen inside'
	refute_line 'seen outside'
}

@test "a mount made outside is not seen inside" {
	# shellcheck disable=SC2016 # expanded by that shell
	run as_host '
		"$ISOLATE" sleep 100 &
		pid=$!
		ready() {
			grep -qx sleep "/proc/$(children_of $pid)/comm"
		}
		eventually ready
		mount -t tmpfs outside /mnt
		grep -q outside /proc/self/mountinfo &&
			echo seen outside
		grep -q outside "/proc/$(children_of $pid)/mountinfo" &&
			echo seen inside
		kill -KILL $pid'
	assert_line 'seen outside'
	refute_line 'seen inside'
}

@test "all mounts are private inside, though the parent's are shared" {
	# shellcheck disable=SC2016 # expanded by that shell
	run as_host '
		findmnt --noheadings --output PROPAGATION | sort -u
		"$ISOLATE" findmnt --noheadings --output PROPAGATION | sort -u'
	assert_output $'shared\nprivate'
}
