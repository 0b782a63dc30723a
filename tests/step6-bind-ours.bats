# What our program promises of --bind: SRC is shown at DEST, inside.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load helper

# Directories source, with files, and destination, which a plain root's PROGRAM
# may write to too.
make_tree() {
	let_in
	export SRC=$BATS_TEST_TMPDIR/source DEST=$BATS_TEST_TMPDIR/destination
	mkdir -p "$SRC/sub" "$DEST"
	echo text > "$SRC/file"
	echo below > "$SRC/sub/file"
	chmod -R a+rwX "$SRC" "$DEST"
}

@test "--bind: a directory, to be read and written" {
	make_tree
	run "$ISOLATE" --bind "$SRC:$DEST" sh -c '
		cat "$DEST/file" "$DEST/sub/file"; echo new > "$DEST/new"'
	assert_success
	assert_output $'text\nbelow'
	assert_equal "$(cat "$SRC/new")" new
	# The host does not see it.
	assert_equal "$(ls "$DEST")" ''
}

@test "--bind: a file" {
	make_tree
	local target=$BATS_TEST_TMPDIR/target
	echo old > "$target"
	run "$ISOLATE" --bind "$SRC/file:$target" cat "$target"
	assert_success
	assert_output text
	assert_equal "$(cat "$target")" old
	run "$ISOLATE" --bind "$SRC/file:$target:ro" sh -c 'cat "$1"
		echo new > "$1"' sh "$target"
	assert_failure
	assert_line text
	assert_output --partial 'Read-only file system'
	assert_equal "$(cat "$SRC/file")" text
}

@test "--bind: ro is read-only, and SRC is not" {
	make_tree
	run "$ISOLATE" --bind "$SRC:$DEST:ro" sh -c '
		cat "$DEST/file"; echo new > "$SRC/new" && echo "new" > "$DEST/new"'
	assert_failure
	assert_line text
	assert_output --partial 'Read-only file system'
	assert_equal "$(cat "$SRC/new")" new
}

@test "--bind: ro with --cap-drop sys_admin stays read-only" {
	make_tree
	local remount='mount -o remount,bind,rw "$DEST"; echo new > "$DEST/new"'
	run "$ISOLATE" --cap-drop sys_admin --bind "$SRC:$DEST:ro" \
		sh -c "$remount"
	assert_failure
	assert_output --partial 'Read-only file system'
	run "$ISOLATE" --cap-drop sys_admin --bind "$SRC:$DEST" sh -c "$remount"
	assert_success
}

@test "--bind: several, the later over the earlier" {
	make_tree
	mkdir "$BATS_TEST_TMPDIR/second"
	echo second > "$BATS_TEST_TMPDIR/second/file"
	run "$ISOLATE" --bind "$SRC:$DEST" \
		--bind "$BATS_TEST_TMPDIR/second:$DEST/sub:ro" \
		sh -c 'cat "$DEST/file" "$DEST/sub/file" && : > "$DEST/file" &&
			: > "$DEST/sub/file"'
	assert_failure
	assert_line --index 0 text
	assert_line --index 1 second
	assert_line --index 2 --partial 'Read-only file system'
	assert_equal "$(cat "$SRC/file")" ''
	assert_equal "$(cat "$SRC/sub/file")" below
}

@test "--bind: ro names are not mixed up with those that begin alike" {
	make_tree
	mkdir "$DEST-2"
	run "$ISOLATE" --bind "$SRC:$DEST-2" --bind "$SRC:$DEST:ro" sh -c '
		echo new > "$DEST-2/new"'
	assert_success
	assert_equal "$(cat "$SRC/new")" new
}

@test "--bind: blanks and odd characters in paths" {
	make_tree
	local name
	for name in 'a b' $'tab\tand\nline' '#hash' 'back\slash' 'quo"te' \
		'\040' "it's"; do
		mkdir "$BATS_TEST_TMPDIR/$name" "$BATS_TEST_TMPDIR/to $name"
		echo "$name" > "$BATS_TEST_TMPDIR/$name/file"
		run "$ISOLATE" --bind \
			"$BATS_TEST_TMPDIR/$name:$BATS_TEST_TMPDIR/to $name:ro" \
			sh -c 'cat "$1/file"; : > "$1/file"' \
			sh "$BATS_TEST_TMPDIR/to $name"
		assert_failure
		assert_output --partial "$name"
		assert_output --partial 'Read-only file system'
	done
}

@test "--bind: SRC may be relative, and a symbolic link" {
	make_tree
	ln -s source "$BATS_TEST_TMPDIR/link"
	cd "$BATS_TEST_TMPDIR"
	run "$ISOLATE" --bind "source:$DEST" cat "$DEST/file"
	assert_success
	assert_output text
	run "$ISOLATE" --bind "link:$DEST:ro" cat "$DEST/file"
	assert_success
	assert_output text
}

@test "--bind: DEST may be reached through a symbolic link; ro goes with it" {
	make_tree
	ln -s "$DEST" "$BATS_TEST_TMPDIR/link"
	run "$ISOLATE" --bind "$SRC:$BATS_TEST_TMPDIR/link:ro" \
		sh -c 'cat "$DEST/file"; : > "$DEST/new"'
	assert_failure
	assert_line text
	assert_output --partial 'Read-only file system'
}

# A file system of the host's below SRC.
submount='mount -t tmpfs -o mode=777 none "$SRC/sub"; echo mounted > "$SRC/sub/file"
	chmod 666 "$SRC/sub/file"'

@test "--bind: what is mounted below SRC comes along" {
	make_tree
	run after_mounting "$submount" "$ISOLATE" --bind "$SRC:$DEST" \
		sh -c 'cat "$DEST/sub/file"; echo more >> "$DEST/sub/file"
			cat "$SRC/sub/file"'
	assert_success
	assert_output $'mounted\nmounted\nmore'
}

@test "--bind: ro is for what is mounted below SRC too" {
	make_tree
	run after_mounting "$submount" "$ISOLATE" --bind "$SRC:$DEST:ro" \
		sh -c 'cat "$DEST/sub/file"; : > "$DEST/sub/file"'
	assert_failure
	assert_line mounted
	assert_output --partial 'Read-only file system'
}

@test "--bind: ro that cannot be had is an error, and PROGRAM does not run" {
	make_tree
	run -125 --separate-stderr traced -f -o /dev/null \
		-e inject=mount_setattr:error=ENOSYS \
		"$ISOLATE" --bind "$SRC:$DEST:ro" echo runs
	assert_output ''
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^isolate: mount_setattr\(.*\): Function not implemented$'
}

# Who owns DEST may make it lead elsewhere at the wrong moment, CVE-2021-30465.
@test "--bind: ro is for what was mounted, whatever DEST is by then" {
	make_tree
	local trace=$BATS_TEST_TMPDIR/trace child
	start_outside env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$trace" \
		-e inject=mount_setattr:delay_enter=2000000 \
		"$ISOLATE" --bind "$SRC:$DEST:ro" \
		sh -c 'cat "$DEST.old/file"; : > "$DEST.old/file"'
	is_mounted() {
		child=$(children_of "$(children_of "$PID")") &&
			grep -q " $DEST " "/proc/$child/mountinfo"
	}
	eventually is_mounted 2> /dev/null
	mv "$DEST" "$DEST.old"
	ln -s /dev/shm "$DEST"
	wait "$PID" || true
	grep -q 'mount_setattr.*(DELAYED)' "$trace"
	has_said '^text$'
	has_said 'Read-only file system'
	assert_equal "$(cat "$SRC/file")" text
}

@test "--bind: ro keeps the flags that the mount has" {
	make_tree
	local flags='nosuid,nodev,noexec,noatime,nosymfollow' flag
	run after_mounting "mount -t tmpfs -o $flags none \$SRC
		mkdir \$SRC/sub
		mount -t tmpfs -o $flags,ro none \$SRC/sub" \
		"$ISOLATE" --bind "$SRC:$DEST:ro" \
		grep "$DEST" /proc/self/mounts
	assert_success
	assert_equal "${#lines[@]}" 2
	for flag in ro ${flags//,/ }; do
		assert_line --index 0 --regexp "[ ,]${flag}[ ,]"
		assert_line --index 1 --regexp "[ ,]${flag}[ ,]"
	done
}

@test "--bind: wrong forms are errors before anything is made" {
	make_tree
	local value
	for value in '' : "$SRC" "$SRC:" ":$DEST" "$SRC:relative" \
		"$SRC:$DEST:" "$SRC:$DEST:rw" "$SRC:$DEST:RO" \
		"$SRC:$DEST:ro:ro" "$SRC:$DEST:ro:" "$SRC::ro" \
		"$BATS_TEST_TMPDIR/missing:$DEST"; do
		run "$ISOLATE" -v --bind "$value" true
		assert_equal "$value: $status" "$value: 125"
		assert_output --regexp '^isolate: --bind'
		assert_equal "${#lines[@]}" 1
	done
}

@test "--bind: the root, by whatever name, is no DEST" {
	make_tree
	ln -s / "$BATS_TEST_TMPDIR/link"
	local target
	for target in / // /. /tmp/.. "$BATS_TEST_TMPDIR/link"; do
		run -125 "$ISOLATE" --bind "$SRC:$target:ro" echo runs
		assert_output "isolate: --bind to $target: for another root there is --rootfs"
	done
	# What shows the root is not the root.
	run -0 "$ISOLATE" --bind "/:$DEST" --bind "$SRC:$DEST" cat "$DEST/file"
	assert_output "$(cat "$SRC/file")"
}

@test "--bind: a DEST that is not there, or of another kind, is an error" {
	make_tree
	: > "$BATS_TEST_TMPDIR/plain"
	local target why
	while read -r target why; do
		target=$BATS_TEST_TMPDIR/$target
		run "$ISOLATE" --bind "$SRC:$target" echo runs
		assert_equal "$status" 125
		assert_line --index 0 --regexp \
			"^isolate: move_mount\\([0-9]+, \"$target\"\\): $why\$"
		assert_line --index 1 --regexp '^hint: DEST .* must be there'
		assert_equal "${#lines[@]}" 2
	done <<-'END'
		missing No such file or directory
		plain Invalid argument
		plain/below Not a directory
	END
	[ ! -e "$BATS_TEST_TMPDIR/missing" ]
}

@test "--bind: a SRC that root inside may not reach is an error with a hint" {
	make_tree
	only_as_root
	chmod 700 "$SRC"
	run "$ISOLATE" --bind "$SRC/sub:$DEST" echo runs
	assert_equal "$status" 125
	assert_line --regexp '^isolate: .*Permission denied'
	assert_line --regexp '^hint: .*director'
	refute_line runs
}

# The hint would be about the map, which there is not yet.
@test "--bind: a SRC that the caller may not reach is an error without a hint" {
	only_as_ordinary_user
	make_tree
	chmod 0 "$SRC"
	run -125 "$ISOLATE" --bind "$SRC/sub:$DEST" echo runs
	chmod 700 "$SRC"
	assert_output "isolate: --bind $SRC/sub:$DEST: SRC: Permission denied"
}

@test "--bind: as many as 64, and one more is an error" {
	make_tree
	local options=()
	while ((${#options[@]} < 2 * 64)); do
		options+=(--bind "$SRC:$DEST")
	done
	run "$ISOLATE" "${options[@]}" cat "$DEST/file"
	assert_success
	assert_output text
	run "$ISOLATE" "${options[@]}" --bind "$SRC:$DEST" true
	assert_equal "$status" 125
	assert_output --regexp '^isolate: --bind'
}

@test "--bind is in --help" {
	run "$ISOLATE" --help
	assert_success
	assert_line --regexp '^ +--bind '
}
