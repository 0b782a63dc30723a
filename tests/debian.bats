# A Debian root file system, for tests/debian, which sets:
#
#	DEBIAN	a directory that holds one, made by root
#	TREE	the same as a tar archive, without device nodes

# shellcheck disable=SC2016 # the programs inside are to expand it

load helper

# unpack: $TREE unpacked by isolate itself, so that ids inside own it. Root has
# these without an option.
unpack() {
	SEVERAL_IDS=()
	is_root || SEVERAL_IDS=(--map-auto)
	can_map_auto
	let_in
	ROOT=$BATS_TEST_TMPDIR/root
	"$ISOLATE" "${SEVERAL_IDS[@]}" mkdir "$ROOT"
	"$ISOLATE" "${SEVERAL_IDS[@]}" tar -C "$ROOT" -xpf "$TREE"
}

remove_tree() {
	"$ISOLATE" "${SEVERAL_IDS[@]}" rm -rf "$ROOT"
}

@test "Debian: apt-get --version" {
	run "$ISOLATE" --rootfs "$DEBIAN" apt-get --version
	assert_success
	assert_line --index 0 --regexp '^apt [0-9]'
}

@test "Debian: dpkg -l" {
	run "$ISOLATE" --rootfs "$DEBIAN" dpkg -l
	assert_success
	assert_line --regexp '^ii  libc6:'
	assert_line --regexp '^ii  dpkg '
}

@test "Debian: a static binary" {
	run "$ISOLATE" --rootfs "$DEBIAN" hello
	assert_success
	assert_output hello
}

@test "Debian: with the network and --init" {
	run "$ISOLATE" --init --rootfs "$DEBIAN" bash -c '
		ls /sys/class/net | xargs; hostname; echo $$'
	assert_success
	assert_output $'lo peer0\nisolated\n2'
}

@test "Debian: unpacked by isolate, a package is installed and removed" {
	unpack
	run "$ISOLATE" "${SEVERAL_IDS[@]}" --rootfs "$ROOT" \
		dpkg -i /tmp/isolate-test.deb
	assert_success
	run "$ISOLATE" "${SEVERAL_IDS[@]}" --rootfs "$ROOT" sh -c '
		cat /usr/share/isolate-test/file
		stat -c %U:%G /usr/share/isolate-test/file'
	assert_success
	assert_output $'text\ngames:games'
	run "$ISOLATE" "${SEVERAL_IDS[@]}" --rootfs "$ROOT" dpkg --purge isolate-test
	assert_success
	[ ! -e "$ROOT/usr/share/isolate-test" ]
	remove_tree
}
