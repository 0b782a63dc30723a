# What our program promises of --map-auto: ranges of subordinate ids.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031

load helper

setup_file() {
	local file
	# For the tests in which /etc/subuid and /etc/subgid are others.
	for file in subuid subgid; do
		: > "$BATS_FILE_TMPDIR/$file"
	done
}

# with_ranges LINES COMMAND...: where /etc/subuid and /etc/subgid hold these
# lines, after one of somebody else's.
with_ranges() {
	export RANGES=$BATS_TEST_TMPDIR/ranges
	printf '# ids\nsomebody:1000000:65536\n%b' "$1" > "$RANGES"
	shift
	after_mounting 'mount --bind "$RANGES" /etc/subuid
		mount --bind "$RANGES" /etc/subgid' "$@"
}

# The id maps inside: as "uid 0 1000 1" or "gid 0 1000 1" a line.
show_maps=(sh -c 'for kind in uid gid; do
	while read -r inside outside count; do
		echo "$kind $inside $outside $count"
	done < /proc/self/${kind}_map
done')

# auto_map FILE FIRST: the ranges that this user has in /etc/FILE, from the
# inside id FIRST on.
auto_map() {
	awk -F: -v name="$(id -un)" -v id="$(id -u)" -v inside="$2" '
		$1 == name || $1 == id {
			printf "%d %d %d\n", inside, $2, $3
			inside += $3
		}' "/etc/$1"
}

# map_auto ARGS...: isolate --map-auto. Root, who has no range on most hosts, has
# one for it.
map_auto() {
	if is_root; then
		with_ranges 'root:300000:65536\n' "$ISOLATE" --map-auto "$@"
	else
		"$ISOLATE" --map-auto "$@"
	fi
}

# Where the outside ids of this user's range begin.
first_subordinate() {
	if is_root; then
		echo 300000
	else
		auto_map "$1" 0 | awk '{ print $2; exit }'
	fi
}

@test "--map-auto: 0 is the caller, 1 and on are all its ranges" {
	only_as_ordinary_user
	can_map_auto
	run "$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output "uid 0 $(id -u) 1
$(auto_map subuid 1 | sed 's/^/uid /')
gid 0 $(id -g) 1
$(auto_map subgid 1 | sed 's/^/gid /')"
}

@test "--map-auto: for plain root, all its ranges, by name and by id" {
	only_with_sys_admin
	run with_ranges 'root:200000:1000\n0:400000:500\n' \
		"$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 200000 1000
		uid 1000 400000 500
		gid 0 200000 1000
		gid 1000 400000 500
	END
	# Without it none of them.
	run with_ranges 'root:200000:1000\n0:400000:500\n' \
		"$ISOLATE" "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 1073741824 65536
		gid 0 1073741824 65536
	END
}

@test "--map-auto: for plain root without a range, an error" {
	only_with_sys_admin
	run with_ranges '' "$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output 'isolate: --map-auto: user root has no subordinate user ids: getsubids(1) reads none in subuid(5), NAME:FIRST:COUNT'
}

# newuidmap(1) would not map them, and for root the kernel would.
@test "--map-auto: ranges that hold the host's root, or cannot be, are left out" {
	only_with_sys_admin
	run with_ranges \
		'root:0:65536\nroot:4294967290:100\nroot:200000:1000\nroot:5:0\nroot:4295067296:5\nroot:900000:4294967300\n' \
		"$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 200000 1000
		gid 0 200000 1000
	END
}

@test "--map-auto: more ranges than a map can have are an error" {
	only_with_sys_admin
	local ranges='' i
	for i in {0..120}; do
		ranges+="root:$((200000 + 10 * i)):1\n"
	done
	run with_ranges "$ranges" "$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output 'isolate: --map-auto: more than 120 ranges'
}

@test "--map-auto: under sudo, the person who typed it and its ranges" {
	only_with_sys_admin
	local name
	name=$(id -un 1)
	run with_ranges "root:200000:1000\n$name:300000:1000\n1:400000:500\n" \
		env SUDO_UID=1 SUDO_GID=2 \
		"$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 1 1
		uid 1 300000 1000
		uid 1001 400000 500
		gid 0 2 1
		gid 1 300000 1000
		gid 1001 400000 500
	END
}

@test "--map-auto with -u or -g is rejected" {
	can_map_auto
	local option
	for option in -u -g; do
		run -125 map_auto "$option" 0:5:1 true
		assert_output 'isolate: --map-auto: not with --uid-map or --gid-map'
	done
}

@test "-u and -g: subordinate ids are mapped by newuidmap and newgidmap" {
	only_as_ordinary_user
	can_map_auto
	local uids gids
	uids=$(first_subordinate subuid)
	gids=$(first_subordinate subgid)
	run "$ISOLATE" -u "0:$(id -u):1" -u "1:$uids:5" "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 $(id -u) 1
		uid 1 $uids 5
		gid 0 $(id -g) 1
	END
	run "$ISOLATE" -g "0:$gids:5" "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 $(id -u) 1
		gid 0 $gids 5
	END
	run -125 "$ISOLATE" -u "0:$(id -u):1" -u "1:5:5" true
	assert_line --regexp '^isolate: newuidmap .*"0 .* 1.n1 5 5"'
}

@test "--map-auto: chown 1:1 gives a file to the first subordinate ids" {
	can_map_auto
	local file=$BATS_TEST_TMPDIR/file
	let_in
	run map_auto sh -c 'umask 077; : > "$1"; stat -c %u:%g "$1"
		chown 1:1 "$1"; stat -c %u:%g "$1"' sh "$file"
	assert_success
	assert_output $'0:0\n1:1'
	run stat -c %u:%g "$file"
	if is_root; then
		assert_output "$(($(first_subordinate subuid) + 1)):$((
			$(first_subordinate subgid) + 1))"
	else
		assert_output "$(first_subordinate subuid):$(
			first_subordinate subgid)"
	fi
}

@test "without --map-auto an ordinary user's chown 1:1 fails" {
	only_as_ordinary_user
	: > "$BATS_TEST_TMPDIR/file"
	run "$ISOLATE" chown 1:1 "$BATS_TEST_TMPDIR/file"
	assert_failure
	assert_output --partial 'Invalid argument'
}

# Not by su(1), which asks the host for the password of both.
@test "--map-auto: PROGRAM can become another user" {
	can_map_auto
	run map_auto setpriv --reuid 65534 --regid 65533 --clear-groups \
		sh -c 'id -u; id -g'
	assert_success
	assert_output $'65534\n65533'
}

@test "--map-auto: setgroups works, and the caller's groups are gone" {
	can_map_auto
	run map_auto setpriv --groups 1,2 id -G
	assert_success
	assert_output '0 1 2'
	run map_auto id -G
	assert_success
	assert_output 0
	if is_root; then
		run with_ranges 'root:300000:65536\n' \
			setpriv --groups 1,2 "$ISOLATE" --map-auto id -G
		assert_success
		assert_output 0
	else
		# Without it the kernel has setgroups denied.
		refute "$ISOLATE" setpriv --groups 1,2 id -G
		run "$ISOLATE" cat /proc/self/setgroups
		assert_output deny
	fi
}

@test "--map-auto: -v shows the helper's command line, or the write" {
	can_map_auto
	local kind map
	run map_auto -v true
	assert_success
	for kind in uid gid; do
		if is_root; then
			assert_line --regexp "^parent\[[0-9]+\] write\(\"/proc/\
[0-9]+/${kind}_map\", \"0 $(first_subordinate "sub$kind") [0-9]+"
		else
			map=$(auto_map "sub$kind" 1 | awk -v ORS='' '
				{ print "\\\\n" $0 }')
			assert_line --regexp "^parent\[[0-9]+\] new${kind}map \
[0-9]+ \"0 [0-9]+ 1$map\"$"
		fi
	done
}

# refute_cloned: the error came before anything was made.
refute_cloned() {
	assert_equal "$status" 125
	refute_output --partial 'clone('
}

@test "--map-auto: without a range, an error that says of which ids" {
	only_as_ordinary_user
	run with_ranges '' "$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output "isolate: --map-auto: user $(id -un) has no subordinate user ids: getsubids(1) reads none in subuid(5), NAME:FIRST:COUNT"
	# The same where it is the groups' that is missing.
	export RANGES=$BATS_TEST_TMPDIR/ranges
	export NONE=$BATS_FILE_TMPDIR/subgid
	echo "$(id -u):300000:1000" > "$RANGES"
	run after_mounting 'mount --bind "$RANGES" /etc/subuid
		mount --bind "$NONE" /etc/subgid' "$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output "isolate: --map-auto: user $(id -un) has no subordinate group ids: getsubids(1) reads none in subgid(5), NAME:FIRST:COUNT"
}

@test "--map-auto: under sudo without a range, an error that names the person" {
	only_with_sys_admin
	run with_ranges 'root:200000:1000\n' \
		env SUDO_UID=4711 SUDO_GID=4711 "$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output --partial 'user 4711 has no subordinate user ids'
}

@test "--map-auto: without the files, an error" {
	run after_mounting 'mount -t tmpfs none /etc' \
		"$ISOLATE" -v --map-auto true
	refute_cloned
	assert_output --partial "user $(id -u) has no subordinate user ids"
}

@test "--map-auto: without getsubids, an error and a hint, and no child" {
	run env PATH="$BATS_TEST_TMPDIR" "$ISOLATE" -v --map-auto /bin/true
	refute_cloned
	assert_line --regexp '^isolate: getsubids [a-z0-9-]+: No such file or directory'
	assert_line 'hint: getsubids, newuidmap and newgidmap are in Debian'\''s package uidmap'
	assert_equal "${#lines[@]}" 2
}

@test "--map-auto: without newuidmap, an error and a hint; the child is gone" {
	only_as_ordinary_user
	can_map_auto
	ln -s "$(command -v getsubids)" "$BATS_TEST_TMPDIR"
	run env PATH="$BATS_TEST_TMPDIR" "$ISOLATE" --map-auto /bin/true
	assert_equal "$status" 125
	assert_line --regexp '^isolate: new[ug]idmap .*: No such file or directory'
	assert_line 'hint: getsubids, newuidmap and newgidmap are in Debian'\''s package uidmap'
	assert_equal "${#lines[@]}" 2
}

# The ranges come from it, and so from wherever the host has them.
@test "--map-auto: what getsubids tells counts" {
	only_as_root
	printf '#!/bin/sh\n[ "$1" != -g ] || shift
		echo "0: $1 500000 10"; echo "1: $1 600000 20"' \
		> "$BATS_TEST_TMPDIR/getsubids"
	chmod +x "$BATS_TEST_TMPDIR/getsubids"
	run env PATH="$BATS_TEST_TMPDIR:$PATH" \
		"$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 500000 10
		uid 10 600000 20
		gid 0 500000 10
		gid 10 600000 20
	END
}

@test "--map-auto works where the caller ignores SIGCHLD" {
	can_map_auto
	# At the last moment: a shell between would take it back.
	local ours=$ISOLATE
	export ISOLATE=$BATS_TEST_TMPDIR/isolate
	let_in
	printf '#!/bin/sh\nexec env --ignore-signal=CHLD "%s" "$@"\n' \
		"$ours" > "$ISOLATE"
	chmod +x "$ISOLATE"
	run map_auto "${show_maps[@]}"
	assert_success
	assert_line --partial " $(first_subordinate subuid) "
}

# fake_helpers COMMAND: newuidmap and newgidmap are this script, for bash(1), which
# unlike others leaves the signal mask alone.
fake_helpers() {
	local name
	for name in newuidmap newgidmap; do
		printf '#!/bin/bash\n%s\n' "$1" > "$BATS_TEST_TMPDIR/$name"
		chmod +x "$BATS_TEST_TMPDIR/$name"
	done
}

@test "--map-auto: a helper that fails is an error with a hint" {
	only_as_ordinary_user
	can_map_auto
	local script
	for script in 'exit 1' 'exit 77' 'kill -KILL $$'; do
		fake_helpers "$script"
		run env PATH="$BATS_TEST_TMPDIR:$PATH" "$ISOLATE" --map-auto true
		assert_equal "$status" 125
		assert_line --regexp '^isolate: new[ug]idmap [0-9]+ "0 '
		assert_line --regexp '^hint: .*/etc/subuid'
	done
}

@test "--map-auto: a helper has no signals blocked, and can be interrupted" {
	only_as_ordinary_user
	can_map_auto
	fake_helpers 'grep SigBlk: /proc/self/status >&2; exit 1'
	run env PATH="$BATS_TEST_TMPDIR:$PATH" "$ISOLATE" --map-auto true
	assert_line --regexp '^SigBlk:.0+$'
}

# If it had the write end of the sync pipe, the child would not see isolate die.
@test "--map-auto: a helper inherits no descriptor of isolate's own" {
	only_as_ordinary_user
	can_map_auto
	fake_helpers 'echo descriptors: /proc/self/fd/* >&2; exit 1'
	run -1 "$BATS_TEST_TMPDIR/newgidmap"
	local wanted=$output
	run -125 env PATH="$BATS_TEST_TMPDIR:$PATH" "$ISOLATE" --map-auto true
	assert_line "$wanted"
}

@test "--map-auto: a helper that writes no map does not let PROGRAM run" {
	only_as_ordinary_user
	can_map_auto
	fake_helpers 'exit 0'
	run env PATH="$BATS_TEST_TMPDIR:$PATH" "$ISOLATE" --map-auto echo runs
	assert_equal "$status" 125
	assert_line --regexp '^isolate: setres[ug]id'
	refute_line runs
}

@test "--map-auto: a range that newuidmap refuses is an error with a hint" {
	only_as_ordinary_user
	can_map_auto
	# It is set-user-ID root, but root is no id of this user namespace.
	run with_ranges "$(id -u):300000:1000\n" "$ISOLATE" --map-auto true
	assert_equal "$status" 125
	assert_line --regexp '^isolate: new[ug]idmap .*"0 .*1 300000 1000'
	assert_line --regexp '^hint: .*/etc/subuid'
}

@test "--map-auto: ranges that overlap are rejected" {
	local first=200000 who
	who=$(id -un 2> /dev/null || id -u)
	for first in 200500 200000 199500; do
		run -125 with_ranges "$who:200000:1000\n$who:$first:1000\n" \
			"$ISOLATE" --map-auto true
		assert_output "isolate: --map-auto: $first:1000 and 200000:1000 overlap, subuid(5)"
	done
	only_with_sys_admin
	run -0 with_ranges "$who:200000:1000\n$who:201000:1000\n$who:199000:1000\n" \
		"$ISOLATE" --map-auto true
}

@test "--map-auto: no_new_privs of the caller is named" {
	only_as_ordinary_user
	can_map_auto
	run -125 setpriv --no-new-privs "$ISOLATE" --map-auto true
	assert_line --regexp '^hint: no_new_privs is set'
}

@test "--map-auto: lines that are no ranges are passed over" {
	only_with_sys_admin
	run with_ranges 'root\nroot:\nroot:1:\nroot:x:1\n\nroot:200000:1000' \
		"$ISOLATE" --map-auto "${show_maps[@]}"
	assert_success
	assert_output - <<-END
		uid 0 200000 1000
		gid 0 200000 1000
	END
}

@test "--map-auto is in --help" {
	run "$ISOLATE" --help
	assert_success
	assert_line --regexp '^ +--map-auto'
}
