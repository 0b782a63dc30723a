# What our program promises of --rootfs: DIR becomes the root.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153

load helper
bats_require_minimum_version 1.5.0

# make_root [DIRECTORY...]: $ROOT has busybox, and these directories.
make_root() {
	let_in
	ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/usr/bin"
	cp "$(command -v busybox)" "$ROOT/usr/bin/busybox"
	ln -s usr/bin "$ROOT/bin"
	# It makes links to where it is itself, which is /usr/bin/busybox.
	"$ROOT/usr/bin/busybox" --install "$ROOT/usr/bin"
	for dir in "$@"; do
		mkdir "$ROOT/$dir"
	done
	chmod -R a+rwX "$ROOT"
}

inside() {
	"$ISOLATE" --rootfs "$ROOT" "$@"
}

# What must not be seen inside.
make_secret() {
	SECRET=$BATS_TEST_TMPDIR/secret
	echo secret > "$SECRET"
}

@test "--rootfs: a busybox root, with the network and --init" {
	make_root proc dev sys tmp
	for option in --init --net=veth; do
		run inside "$option" sh -c '
			ping -c 1 -W 5 10.11.12.13 > /dev/null && echo ping
			hostname; id -u; pwd; ls /'
		assert_success
		assert_output - <<-END
			ping
			isolated
			0
			/
			bin
			dev
			proc
			sys
			tmp
			usr
		END
	done
	run inside --init sh -c '(sleep 0 &); exit 7'
	assert_equal "$status" 7
}

@test "--rootfs: the host pings PROGRAM, and ps shows its processes alone" {
	make_root proc dev sys
	start --rootfs "$ROOT" sh -c 'ps -o pid,comm; echo up; exec sleep 100'
	eventually has_said '^up$'
	assert_equal "$(awk '{ print $1, $2 }' "$OUTPUT")" 'PID COMMAND
1 sh
2 ps
up '
	run on_host_side "$PID" ping -c 1 -W 5 10.11.12.14
	assert_success
}

@test "--rootfs: /proc, /dev and /sys are made where DIR has none" {
	make_root
	run inside ls /proc/self/mounts /dev/null /sys/class
	assert_success
}

@test "--rootfs: DIR may be relative, end in slashes, be a symbolic link" {
	make_root proc dev sys
	ln -s root "$BATS_TEST_TMPDIR/link"
	local dir
	cd "$BATS_TEST_TMPDIR"
	for dir in root ./root// "$BATS_TEST_TMPDIR/link" link root/../link/.; do
		run "$ISOLATE" --rootfs "$dir" ls -d /usr/bin/busybox
		assert_success
	done
	cd root
	run "$ISOLATE" --rootfs . ls -d /usr/bin/busybox
	assert_success
}

@test "--rootfs: DIR may not be /" {
	run -125 "$ISOLATE" --rootfs / true
	assert_output 'isolate: --rootfs /: that is the root already'
}

@test "--rootfs: DIR may be read-only, if it has /proc, /dev and /sys" {
	make_root proc dev sys tmp
	export ROOT
	local read_only='mount --bind "$ROOT" "$ROOT"
		mount -o remount,bind,ro "$ROOT"'
	run after_mounting "$read_only" "$ISOLATE" --rootfs "$ROOT" sh -c '
		echo text > /dev/null && ls /proc/self/mounts && : > /tmp/new'
	assert_failure
	assert_line /proc/self/mounts
	assert_output --partial '/tmp/new: Read-only file system'
	rmdir "$ROOT/sys"
	run after_mounting "$read_only" "$ISOLATE" --rootfs "$ROOT" echo runs
	assert_equal "$status" 125
	assert_line --regexp '^isolate: .*/sys.*: Read-only file system'
	refute_line runs
}

@test "--rootfs: DIR may be one that root inside may not write to" {
	make_root proc dev sys
	chmod -R go-w,u-w "$ROOT"
	run inside sh -c 'echo text > /dev/null && ls -d /sys/class'
	assert_success
	chmod -R u+w "$ROOT"
}

@test "--rootfs: /dev has what is needed, and it works" {
	make_root proc dev sys
	run inside sh -c '
		ls /dev | xargs
		for name in null zero full random urandom tty; do
			[ -c /dev/$name ] || echo "$name is no device"
		done
		echo text > /dev/null; cat /dev/null
		head -c 4 /dev/zero | od -An -tx1
		head -c 4 /dev/random | wc -c; head -c 4 /dev/urandom | wc -c
		ls /dev/pts; : <> /dev/ptmx && echo ptmx
		echo text > /dev/shm/file && cat /dev/shm/file
		echo text | cat /dev/stdin; readlink /dev/stderr
		{ echo text > /dev/stdout; echo text > /dev/fd/1; } | cat
		echo text > /dev/full'
	assert_failure
	assert_output - <<-END
		fd full mqueue null ptmx pts random shm stderr stdin stdout tty \
urandom zero
		 00 00 00 00
		4
		4
		ptmx
		ptmx
		text
		text
		/proc/self/fd/2
		text
		text
		sh: write error: No space left on device
	END
}

# assert_mounted TYPE DIRECTORY OPTION...: it is, with these.
assert_mounted() {
	local type=$1 dir=$2 option
	shift 2
	for option in "$@"; do
		assert_line --regexp "^$type $dir $type ([^ ]*,)?${option}[, ]"
	done
}

@test "--rootfs: what is mounted has the flags and modes that it is to have" {
	make_root proc dev sys
	run inside sh -c 'cat /proc/self/mounts
		stat -c "%n %a" /dev /dev/shm /dev/pts/ptmx
		exec 3<> /dev/ptmx; stat -c "%n %a" /dev/pts/0'
	assert_mounted proc /proc rw nosuid nodev noexec
	assert_mounted tmpfs /dev rw nosuid noexec
	assert_mounted devpts /dev/pts rw nosuid noexec
	assert_mounted tmpfs /dev/shm rw nosuid nodev
	assert_mounted mqueue /dev/mqueue rw nosuid nodev noexec
	assert_mounted sysfs /sys ro nosuid nodev noexec
	assert_line '/dev 755'
	assert_line '/dev/shm 1777'
	assert_line '/dev/pts/ptmx 666'
	assert_line '/dev/pts/0 620'
}

@test "--rootfs: /dev/mqueue shows the queues inside" {
	make_skeleton "$BATS_TEST_TMPDIR/root"
	let_in
	run "$ISOLATE" --rootfs "$BATS_TEST_TMPDIR/root" "${ROOT_BINDS[@]}" \
		--bind "${PROBE%/*}:/tmp:ro" sh -c \
		'/tmp/probe make-queue /queue && ls /dev/mqueue'
	assert_success
	assert_output queue
}

@test "--rootfs: /sys is read-only and has the network links inside" {
	make_root proc dev sys
	run inside sh -c 'ls /sys/class/net
		echo 1400 > /sys/class/net/lo/mtu'
	assert_failure
	assert_line --index 0 lo
	assert_line --index 1 peer0
	assert_line --index 2 --partial 'Read-only file system'
	assert_equal "${#lines[@]}" 3
}

@test "--rootfs: /tmp is as DIR has it" {
	make_root proc dev sys tmp
	echo text > "$ROOT/tmp/file"
	run inside sh -c 'cat /tmp/file; echo new > /tmp/new'
	assert_success
	assert_output text
	assert_equal "$(cat "$ROOT/tmp/new")" new
}

@test "--rootfs: what is mounted below DIR comes along" {
	make_root proc dev sys tmp
	export ROOT
	run -0 after_mounting 'mount -t tmpfs none "$ROOT/tmp"
		echo text > "$ROOT/tmp/file"' \
		"$ISOLATE" --rootfs "$ROOT" cat /tmp/file
	assert_output text
}

@test "--rootfs: PATH gets a default where it finds nothing, and only there" {
	make_root proc dev sys
	local default=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	PATH=/nonexistent run inside env
	assert_success
	assert_line "PATH=$default"
	run env -u PATH "$ISOLATE" --rootfs "$ROOT" env
	assert_success
	assert_line "PATH=$default"
	PATH=/nonexistent:/usr/bin run inside env
	assert_success
	assert_line PATH=/nonexistent:/usr/bin
	PATH=/nonexistent run inside /bin/env
	assert_success
	assert_line PATH=/nonexistent
	PATH=/usr/bin:/bin run -127 inside no-such-program
	run -127 env PATH=/nonexistent "$ISOLATE" --rootfs "$ROOT" no-such-program
}

@test "--rootfs: no mount of the old root is left" {
	make_root proc dev sys
	run inside sh -c 'cut -d " " -f 5 /proc/self/mountinfo | sort'
	assert_success
	assert_output "$(printf '%s\n' / /dev /dev/full /dev/mqueue /dev/null \
		/dev/pts /dev/random /dev/shm /dev/tty /dev/urandom /dev/zero \
		/proc /sys)"
}

# refute_secret DIRECTORY...: from none of these, nor from a directory above it,
# is the host's file seen, though DIRECTORY itself may be.
refute_secret() {
	local dir
	for dir in "$@"; do
		run inside sh -c 'ls -d / > /dev/null && echo control
			cat "$1/$2" "$1/../../../../../../../$2"' sh "$dir" "$SECRET"
		assert_failure
		assert_output --partial control
		refute_line secret
	done
}

@test "--rootfs: .. and what /proc shows do not lead out" {
	make_root proc dev sys
	make_secret
	refute_secret /.. /proc/1/root /proc/1/cwd /proc/self/root \
		/proc/self/cwd /dev /proc /sys
	run inside sh -c '[ / -ef /.. ] && [ / -ef /proc/1/root ] &&
		[ / -ef /proc/self/cwd ]'
	assert_success
	run inside --init sh -c 'cat "/proc/1/root/$1" "/proc/1/cwd/$1"
		ls /proc/1/fd' sh "$SECRET"
	assert_failure
	refute_line secret
}

@test "--rootfs: an inherited directory does not lead out" {
	make_root proc dev sys
	make_secret
	exec {directory}< /
	cat "/proc/self/fd/$directory/$SECRET"
	run inside sh -c 'ls /proc/self/fd
		cat "/proc/self/fd/$1/$2"' sh "$directory" "$SECRET"
	exec {directory}<&-
	assert_failure
	refute_line secret
	refute_line "$directory"
	assert_line 2
}

@test "--rootfs: a directory on descriptor 0, 1 or 2 is refused" {
	make_root proc dev sys
	local fd
	for fd in 0 1 2; do
		# The shell takes it for a copy, and so may write to it.
		run bash -c 'exec 3< / 4>&1 5>&2; "$@"' bash \
			bash -c "fd=$fd"'
			exec 6> "$1"; shift
			case $fd in
			0) exec "$@" <&3 >&6 2>&6 ;;
			1) exec "$@" >&3 2>&6 ;;
			2) exec "$@" 2>&3 >&6 ;;
			esac' bash "$BATS_TEST_TMPDIR/out" \
			"$ISOLATE" --rootfs "$ROOT" true
		assert_equal "$fd $status" "$fd 125"
		# Where it is 2, nobody can be told.
		((fd == 2)) || has_said \
			"^isolate: --rootfs: descriptor $fd is a directory" \
			"$BATS_TEST_TMPDIR/out"
	done
}

@test "--rootfs: mounting over the root and unmounting it do not lead out" {
	make_root proc dev sys tmp
	make_secret
	local way
	for way in 'mount -t tmpfs none /' 'mount --bind /tmp /' 'umount -l /' \
		'umount /; umount -l /dev; umount -l /; umount -l /proc'; do
		run inside sh -c 'busybox true && echo control; '"$way"'
			cat "$1" "/..$1" "/../..$1"; cd ..; cat "./$1"' \
			sh "$SECRET"
		assert_line control
		refute_line secret
	done
}

@test "--rootfs: a second chroot does not lead out, as it does of a chroot" {
	make_skeleton "$BATS_TEST_TMPDIR/root"
	make_secret
	let_in
	chmod a+rwx "$BATS_TEST_TMPDIR/root/tmp"
	mkdir "$BATS_TEST_TMPDIR/root/tests"
	ROOT_BINDS+=(--bind "${PROBE%/*}:/tests:ro")
	run "$ISOLATE" --rootfs "$BATS_TEST_TMPDIR/root" "${ROOT_BINDS[@]}" \
		/tests/probe leave-chroot /tmp "$SECRET"
	assert_failure
	assert_output --partial "$SECRET: No such file or directory"
	# The control: the same root, through chroot(2).
	run "$ISOLATE" "${ROOT_BINDS[@]/:/:$BATS_TEST_TMPDIR/root}" \
		chroot "$BATS_TEST_TMPDIR/root" \
		/tests/probe leave-chroot /tmp "$SECRET"
	assert_success
	assert_output out
}

@test "--rootfs: symbolic links in DIR do not lead out" {
	make_root
	local outside=$BATS_TEST_TMPDIR/outside name link
	mkdir -m 777 "$outside"
	for name in proc dev sys; do
		for link in "$outside" "../../../../../../../..$outside"; do
			rm -rf "${ROOT:?}"/{proc,dev,sys}
			ln -s "$link" "$ROOT/$name"
			# Outside the directory is there, inside it is not.
			run inside true
			assert_equal "$link $status" "$link 125"
			assert_equal "$(ls -A "$outside")" ''
		done
	done
}

@test "--rootfs: a symbolic link does not lead --bind out" {
	make_root proc dev sys data
	local outside=$BATS_TEST_TMPDIR/outside
	mkdir -m 777 "$outside" "$BATS_TEST_TMPDIR/source"
	echo text > "$BATS_TEST_TMPDIR/source/file"
	ln -s "$outside" "$ROOT/link"
	run inside --bind "$BATS_TEST_TMPDIR/source:/link" true
	assert_equal "$status" 125
	ln -s /data "$ROOT/inner"
	run inside --bind "$BATS_TEST_TMPDIR/source:/inner:ro" sh -c \
		'cat /data/file; : > /data/file'
	assert_failure
	assert_line --index 0 text
	assert_line --index 1 --partial 'Read-only file system'
	ln -s ../../../../../../.. "$ROOT/up"
	run inside --bind "$BATS_TEST_TMPDIR/source:/up/data" cat /data/file
	assert_success
	assert_output text
}

@test "--rootfs with --bind: files and directories, writable and not" {
	make_root proc dev sys one two
	: > "$ROOT/file"
	mkdir "$BATS_TEST_TMPDIR/source"
	echo text > "$BATS_TEST_TMPDIR/source/file"
	chmod -R a+rwX "$BATS_TEST_TMPDIR/source"
	run inside --bind "$BATS_TEST_TMPDIR/source:/one:ro" \
		--bind "$BATS_TEST_TMPDIR/source:/two" \
		--bind "$BATS_TEST_TMPDIR/source/file:/file:ro" sh -c '
		cat /one/file /two/file /file; echo new > /two/new
		cat /one/new; (: > /one/file); : > /file'
	assert_failure
	assert_line --index 2 text
	assert_line --index 3 new
	assert_line --index 4 --partial '/one/file: Read-only file system'
	assert_line --index 5 --partial '/file: Read-only file system'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/source/new")" new
}

@test "--rootfs with --bind ro: the old root's mounts of the name do not matter" {
	make_root proc dev sys
	export DEST=$BATS_TEST_TMPDIR/destination
	mkdir -p "$DEST/sub" "$ROOT$DEST" "$BATS_TEST_TMPDIR/source"
	chmod -R a+rX "$ROOT"
	echo text > "$BATS_TEST_TMPDIR/source/file"
	run after_mounting 'mount -t tmpfs -o noexec none "$DEST"
		mkdir "$DEST/sub"; mount -t tmpfs none "$DEST/sub"' \
		"$ISOLATE" --rootfs "$ROOT" \
		--bind "$BATS_TEST_TMPDIR/source:$DEST:ro" \
		sh -c 'cat "$1/file"; : > "$1/file"' sh "$DEST"
	assert_failure
	assert_line --index 0 text
	assert_line --index 1 --partial 'Read-only file system'
}

@test "--rootfs: what is no directory is an error before anything is made" {
	: > "$BATS_TEST_TMPDIR/file"
	local dir
	for dir in '' "$BATS_TEST_TMPDIR/missing" "$BATS_TEST_TMPDIR/file" \
		"$BATS_TEST_TMPDIR/file/below"; do
		run "$ISOLATE" -v --rootfs "$dir" true
		assert_equal "$dir: $status" "$dir: 125"
		assert_line --regexp '^isolate: --rootfs'
		refute_output --partial 'clone('
	done
	run "$ISOLATE" --rootfs
	assert_equal "$status" 125
}

@test "--rootfs: an empty DIR is an error, PROGRAM is not in it" {
	let_in
	mkdir -m 777 "$BATS_TEST_TMPDIR/empty"
	run -127 "$ISOLATE" --rootfs "$BATS_TEST_TMPDIR/empty" true
	assert_output --regexp '^isolate: execvp\("true"\): No such file'
}

@test "--rootfs: a DIR that root inside may not enter is an error with a hint" {
	only_as_root
	make_root proc dev sys
	mkdir -m 700 "$BATS_TEST_TMPDIR/closed"
	mv "$ROOT" "$BATS_TEST_TMPDIR/closed"
	run "$ISOLATE" --rootfs "$BATS_TEST_TMPDIR/closed/root" echo runs
	assert_equal "$status" 125
	assert_line --regexp '^isolate: .*Permission denied'
	assert_line --regexp '^hint: .*director'
	refute_line runs
}

@test "--rootfs with --cap-drop all: isolate can still set everything up" {
	make_root proc dev sys
	run inside --cap-drop all --init sh -c '
		grep CapEff /proc/self/status; ls /sys/class/net; : > /dev/null
		mount -t tmpfs none /usr'
	assert_failure
	assert_line --regexp '^CapEff:.*0000000000000000$'
	assert_line peer0
	assert_line --partial 'mount: '
}

@test "--rootfs: -v shows the way, and the old root goes before PROGRAM" {
	make_root proc dev sys
	run inside -v true
	assert_success
	assert_line --regexp '^child\[1\] pivot_root\(".", "."\)$'
	assert_line --regexp '^child\[1\] umount2\(".", MNT_DETACH\)$'
}

@test "--rootfs is in --help" {
	run "$ISOLATE" --help
	assert_success
	assert_line --regexp '^ +--rootfs '
}

@test "127 and a hint: what a program needs to start is missing" {
	make_root proc dev sys
	cp "$(command -v env)" "$ROOT/dynamic"
	printf '#! /no/interpreter -x\n' > "$ROOT/script"
	chmod a+rx "$ROOT/dynamic" "$ROOT/script"
	run -127 "$ISOLATE" --rootfs "$ROOT" /dynamic
	assert_line --index 0 'isolate: execvp("/dynamic"): No such file or directory'
	assert_line --index 1 --regexp '^hint: /dynamic is there, but not /lib.*ld'
	run -127 env PATH=/nowhere:/ "$ISOLATE" --rootfs "$ROOT" script
	assert_line --index 0 'isolate: execvp("script"): No such file or directory'
	assert_line --index 1 --regexp '^hint: //script is there, but not /no/interpreter,'
	printf '#!/bin/sh\r\n' > "$ROOT/crlf"
	chmod a+rx "$ROOT/crlf"
	run -127 "$ISOLATE" --rootfs "$ROOT" /crlf
	assert_line --index 1 \
		'hint: /crlf is there, but not /bin/sh?, which it needs to start, execve(2): the line ends with a carriage return'
	# A program that is not there lacks nothing else.
	run -127 "$ISOLATE" --rootfs "$ROOT" /missing
	assert_output 'isolate: execvp("/missing"): No such file or directory'
}
