# What is particular to our step 1, and to the later ones: options, default
# maps, messages, exit statuses, and all that PROGRAM gets from its caller.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2154 # run sets stderr and stderr_lines
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and is to be one

load helper

# The ids that any caller may map.
UID_MAP=0:$EUID:1
GID_MAP=0:$(id -g):1

# maps OPTIONS...: the uid_map inside, a comma, then the gid_map, as in
# "0 1000 1,0 1000 1".
maps() {
	"$ISOLATE" "$@" sh -c 'cat /proc/self/uid_map; echo ,
		cat /proc/self/gid_map' |
		awk '{ $1 = $1; print }' | paste -s -d ' ' | sed 's/ , /,/'
}

# with_subids FILE CONTENT FILE CONTENT COMMAND...: runs the command where /etc
# has just these files, and one that knows root.
with_subids() {
	unshare --mount sh -euc '
		mount -t tmpfs tmpfs /etc
		echo root:x:0:0:root:/root:/bin/sh > /etc/passwd
		for _ in 1 2; do
			printf "$2" > "/etc/$1"
			shift 2
		done
		exec "$@"' sh "$@"
}

# as_root_of_userns COMMAND...: the caller is root there, and no one else is.
as_root_of_userns() {
	unshare --user --map-root-user "$@"
}

# created_nothing: says if the strace written to $TRACE ends and has no clone.
created_nothing() {
	grep -qF '+++ exited with' "$TRACE" && ! grep -qE 'clone|fork' "$TRACE"
}

# rejects MESSAGE ARGS...: with these, isolate only says MESSAGE.
rejects() {
	local message=$1
	shift
	TRACE=$BATS_TEST_TMPDIR/trace
	run --separate-stderr traced -f -o "$TRACE" \
		-e trace=clone,clone3,fork,vfork "$ISOLATE" "$@"
	assert_failure 125
	assert_output ''
	assert_equal "$stderr" "isolate: $message"
	created_nothing
}

# fails_with STATUS MESSAGE HINT ARGS...: both are regular expressions.
fails_with() {
	local status_wanted=$1 message=$2 hint=$3
	shift 3
	run "-$status_wanted" --separate-stderr "$@"
	assert_output ''
	assert_regex "${stderr_lines[0]}" "^isolate: $message$"
	if [ "$hint" ]; then
		assert_regex "${stderr_lines[1]}" "^hint: $hint"
		assert_equal "${#stderr_lines[@]}" 2
	else
		assert_equal "${#stderr_lines[@]}" 1
	fi
}

# The process PROGRAM of the isolate started last.
program() {
	children_of "$PID"
}

#
# The command line
#

# allowed_from N: the last `run` succeeded just if the program is of step N or
# later.
allowed_from() {
	if ((STEP >= $1)); then
		assert_success
	else
		assert_failure
	fi
}

@test "the namespaces of this step and those before are new, the others the host's" {
	local kind i
	for i in "${!NAMESPACES[@]}"; do
		kind=${NAMESPACES[i]}
		run "$ISOLATE" readlink "/proc/self/ns/$kind"
		assert_success
		assert_output --regexp "^$kind:\[[0-9]+\]$"
		if ((i < STEP)); then
			refute_output "$(namespace "$kind" self)"
		else
			assert_output "$(namespace "$kind" self)"
		fi
	done
}

@test "an ordinary user's map is that user alone" {
	only_as_ordinary_user
	run "$ISOLATE" cat /proc/self/uid_map /proc/self/gid_map
	assert_success
	assert_line --index 0 --regexp "^ *0 +$(id -u) +1$"
	assert_line --index 1 --regexp "^ *0 +$(id -g) +1$"
}

@test "its capabilities do not reach the host's mounts" {
	let_in
	mkdir "$BATS_TEST_TMPDIR/here"
	run "$ISOLATE" mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/here"
	allowed_from 6
	((STEP >= 6)) || assert_output --partial 'permission denied'
}

# To be on the safe side, what is set is what is so already.
@test "its capabilities do not reach the host's name" {
	run "$ISOLATE" sh -c 'hostname "$(hostname)"'
	allowed_from 2
}

@test "its capabilities do not reach the host's network" {
	run "$ISOLATE" ip link set lo up
	allowed_from 4
	((STEP >= 4)) || assert_output --partial 'Operation not permitted'
}

@test "the exit status is PROGRAM's, 0 to 255" {
	local wanted got=()
	for wanted in {0..255}; do
		"$ISOLATE" sh -c "exit $wanted" && got+=(0) || got+=($?)
	done
	assert_equal "${got[*]}" "$(echo {0..255})"
}

@test "there is one process below isolate, PROGRAM" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	run children_of "$PID"
	assert_output --regexp '^[0-9]+$'
	eventually executes "$output" 'sleep 100'
	assert_equal "$(children_of "$output")" ''
}

@test "eight at once, each in namespaces of its own" {
	local i pid kind inodes programs=()
	for i in {1..8}; do
		start sh -c 'echo ready; exec sleep 100'
	done
	for i in {1..8}; do
		eventually has_said '^ready$' "$BATS_TEST_TMPDIR/output.$i"
	done
	for pid in "${PIDS[@]}"; do
		programs+=("$(children_of "$pid")")
	done
	for kind in "${NAMESPACES[@]::STEP}"; do
		inodes=$(for pid in "${programs[@]}"; do
			readlink "/proc/$pid/ns/$kind"
		done | sort -u)
		assert_equal "$(wc -l <<< "$inodes")" 8
	done
}

@test "-h and --help explain all options on standard output" {
	local option
	for option in -h --help; do
		run -0 --separate-stderr "$ISOLATE" "$option"
		assert_line --index 0 'Usage: isolate [OPTIONS] PROGRAM [ARGS...]'
		assert_line --regexp '^  -u, --uid-map INSIDE:OUTSIDE:COUNT$'
		assert_line --regexp '^  -g, --gid-map INSIDE:OUTSIDE:COUNT$'
		assert_line --regexp '^  -v, --verbose$'
		assert_line --regexp '^  -h, --help$'
		assert_line --regexp '^  -V, --version$'
		assert_equal "$stderr" ''
	done
}

@test "-V and --version print one line" {
	local option
	for option in -V --version; do
		run -0 --separate-stderr "$ISOLATE" "$option"
		assert_output --regexp '^isolate [0-9.]+$'
		assert_equal "$stderr" ''
	done
}

@test "help that cannot be written is a failure" {
	local option
	for option in --help --version; do
		run -0 bash -c '"$0" "$1" > /dev/null' "$ISOLATE" "$option"
		run -125 bash -c '"$0" "$1" > /dev/full' "$ISOLATE" "$option"
		assert_output \
			"isolate: write to the standard output: No space left on device"
	done
}

@test "-u, --uid-map, -g and --gid-map set the maps" {
	local u=$UID_MAP g=$GID_MAP wanted
	wanted="0 $(id -u) 1,0 $(id -g) 1"
	assert_equal "$(maps -u "$u" -g "$g")" "$wanted"
	assert_equal "$(maps -u"$u" -g"$g")" "$wanted"
	assert_equal "$(maps --uid-map "$u" --gid-map "$g")" "$wanted"
	assert_equal "$(maps --gid-map="$g" --uid-map="$u")" "$wanted"
}

@test "a map of several ranges" {
	only_as_root
	run maps -u 0:1000:1 -u 10:2000:20 -u 7:5:1 -g 0:1000:1 -g 1:2000:5
	assert_output '0 1000 1 10 2000 20 7 5 1,0 1000 1 1 2000 5'
}

@test "the greatest possible maps" {
	only_as_root
	local ranges=() i
	for i in {0..119}; do
		ranges+=(-u "$((4294960000 + i)):$((4294950000 + 2 * i)):1")
	done
	run -0 "$ISOLATE" "${ranges[@]}" cat /proc/self/uid_map
	assert_equal "${#lines[@]}" 120
	assert_line --index 119 --regexp '^ *4294960119 +4294950238 +1$'
	run -0 "$ISOLATE" -u 0:0:4294967295 -g 4294967294:4294967294:1 \
		cat /proc/self/uid_map
	assert_output --regexp '^ *0 +0 +4294967295$'
}

@test "PROGRAM has the first ids of the maps" {
	run -0 "$ISOLATE" -u "1234:$(id -u):1" -g "5678:$(id -g):1" \
		sh -c 'id -u; id -g'
	assert_output $'1234\n5678'
}

@test "PROGRAM is root wherever 0 is mapped, and else has the first ids" {
	only_as_root
	run -0 "$ISOLATE" -u 5:1000:1 -u 3:2000:1 -g 6:1000:1 -g 4:2000:1 \
		sh -c 'id -u; id -g'
	assert_output $'5\n6'
	run -0 "$ISOLATE" -u 5:1000:1 -u 0:2000:1 -g 6:1000:1 -g 0:2000:1 \
		sh -c 'id -u; id -g'
	assert_output $'0\n0'
	# The caller's own id is 0 inside, but not the first.
	run -0 "$ISOLATE" -u 5:1000:1 -u 0:0:1 -g 6:1000:1 -g 0:0:1 \
		sh -c 'id -u; id -g'
	assert_output $'0\n0'
}

@test "all ids of PROGRAM are those of the maps, the real and the saved ones too" {
	run -0 "$ISOLATE" -u "1234:$(id -u):1" -g "5678:$(id -g):1" \
		grep -E '^[UG]id:' /proc/self/status
	assert_output $'Uid:\t1234\t1234\t1234\t1234\nGid:\t5678\t5678\t5678\t5678'
	run -0 "$ISOLATE" grep -E '^[UG]id:' /proc/self/status
	assert_output $'Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0'
}

@test "options end at PROGRAM or at --" {
	run -0 --separate-stderr "$ISOLATE" sh -c 'echo "$*"' sh -v --help -u
	assert_output '-v --help -u'
	assert_equal "$stderr" ''
	run -0 "$ISOLATE" -- sh -c 'echo "$*"' sh -- -v
	assert_output -- '-- -v'
	PATH=/usr/bin:/bin fails_with 127 \
		'execvp\("-v"\): No such file or directory' '' "$ISOLATE" -- -v
}

@test "an unknown option is rejected" {
	rejects "invalid option -- 'x'" -x true
	rejects "unrecognized option '--nonsense'" --nonsense true
	rejects "option '--verbose' doesn't allow an argument" --verbose=x true
}

@test "an option without its argument is rejected" {
	rejects "option requires an argument -- 'u'" -u
	rejects "option requires an argument -- 'g'" -v -g
	rejects "option '--uid-map' requires an argument" --uid-map
	rejects "option '--gid-map' requires an argument" --gid-map
}

@test "a command line without PROGRAM is rejected" {
	local message='no PROGRAM given: see isolate --help'
	rejects "$message"
	rejects "$message" --
	rejects "$message" -u "$UID_MAP"
}

@test "a malformed id map is rejected" {
	local map
	for map in '' 0 0:0 0:0: :0:1 0::1 ::: 0:0:1: 0:0:1:1 a:0:1 0:b:1 0:0:c \
		-1:0:1 0:-1:1 0:0:-1 +0:0:1 0x0:0:1 ' 0:0:1' '0: 0:1' '0:0:1 ' \
		0:0:1x 0,0,1 4294967296:0:1 0:4294967296:1 0:0:4294967296 \
		99999999999999999999:0:1; do
		rejects "id map \"$map\": not INSIDE:OUTSIDE:COUNT" -u "$map" true
	done
	rejects 'id map "0:0:1\n": not INSIDE:OUTSIDE:COUNT' -u $'0:0:1\n' true
	rejects 'id map "": not INSIDE:OUTSIDE:COUNT' -g '' true
	rejects 'id map "0:0": not INSIDE:OUTSIDE:COUNT' --gid-map=0:0 true
}

@test "an id map of nothing, or of ids that cannot be, is rejected" {
	local map
	rejects 'id map "0:0:0": COUNT is 0' -u 0:0:0 true
	rejects 'id map "0:0:0": COUNT is 0' -g "$GID_MAP" -g 0:0:0 true
	for map in 4294967295:0:1 0:4294967295:1 4294967294:0:2 \
		0:1:4294967295; do
		rejects "id map \"$map\": ids end at 4294967294" -u "$map" true
	done
}

@test "an id map of too many ranges is rejected" {
	local ranges=() i
	for i in {0..119}; do
		ranges+=(-u "$i:$i:1")
	done
	rejects 'id map "120:120:1": more than 120 ranges' \
		"${ranges[@]}" -u 120:120:1 true
}

@test "the trace that shows no clone for a rejected command line shows others" {
	TRACE=$BATS_TEST_TMPDIR/trace
	traced -f -o "$TRACE" -e trace=clone,clone3,fork,vfork "$ISOLATE" true
	refute created_nothing
	run grep -c 'clone(' "$TRACE"
	assert_output 1
}

#
# The default maps
#

@test "the default maps of an ordinary user are of the user's own ids" {
	only_as_ordinary_user
	local own
	own="0 $(id -u) 1,0 $(id -g) 1"
	assert_equal "$(maps)" "$own"
	# These are for root to set.
	SUDO_UID=1234 SUDO_GID=1234 run maps
	assert_output "$own"
	assert_equal "$("$ISOLATE" cat /proc/self/setgroups)" deny
}

@test "the default maps under sudo are of the one who typed it" {
	only_as_root
	SUDO_UID=1234 SUDO_GID=5678 run maps
	assert_output '0 1234 1,0 5678 1'
}

@test "the default maps are not of root, whatever sudo says" {
	only_as_root
	local value
	for value in 0 '' x -1 1x 4294967295 4294967296; do
		SUDO_UID=$value SUDO_GID=$value \
			run "$ISOLATE" sh -c 'cat /proc/self/?id_map'
		assert_success
		assert_line --index 0 --regexp '^ *0 +1073741824 +65536$'
		assert_line --index 1 --regexp '^ *0 +1073741824 +65536$'
	done
}

# No file is asked for them.
@test "the default maps of root are 65536 ids from 2^30 on, which nobody has" {
	only_with_sys_admin
	run with_subids subuid 'root:200000:100\n' subgid 'root:200000:100\n' \
		"$ISOLATE" sh -c 'cat /proc/self/?id_map'
	assert_success
	assert_line --index 0 --regexp '^ *0 +1073741824 +65536$'
	assert_line --index 1 --regexp '^ *0 +1073741824 +65536$'
	assert_equal "${#lines[@]}" 2
}

# The range must be there as a whole.
@test "the default maps of root where a part of these ids is mapped" {
	only_as_root
	run "$ISOLATE" -u 0:0:1 -u 1073741824:1073741824:100 -g 0:0:1 \
		-g 1073741824:1073741824:100 unshare --mount-proc --pid --fork \
		"$ISOLATE" sh -c 'cat /proc/self/?id_map'
	assert_success
	assert_line --index 0 --regexp '^ *0 +0 +1$'
	assert_line --index 1 --regexp '^ *0 +0 +1$'
}

# Else the map of the host's root would be taken for one without the range.
@test "125: the caller's own map cannot be read" {
	only_as_root
	local trace=$BATS_TEST_TMPDIR/trace number
	traced -o "$trace" -e trace=openat,read "$ISOLATE" true
	number=$(awk '/^openat.*"\/proc\/self\/uid_map"/ { print n + 1; exit }
		/^read/ { n++ }' "$trace")
	fails_with 125 'read\("/proc/self/uid_map"\): Cannot allocate memory' '' \
		traced -o "$trace" -e "inject=read:error=ENOMEM:when=$number" \
		"$ISOLATE" echo PROGRAM runs
}

@test "the default maps where no id but root is mapped" {
	run as_root_of_userns "$ISOLATE" sh -c 'cat /proc/self/?id_map'
	assert_success
	assert_line --index 0 --regexp '^ *0 +0 +1$'
	assert_line --index 1 --regexp '^ *0 +0 +1$'
}

# What counts is the right to map, and not to be root. The kernel takes no gid_map
# from who has it not, until setgroups is denied.
@test "setgroups is denied where root has no CAP_SETGID, and only there" {
	only_as_root
	run -0 setpriv --bounding-set=-setgid --inh-caps=-setgid \
		"$ISOLATE" -g 0:0:1 cat /proc/self/setgroups
	assert_output deny
	run -0 "$ISOLATE" -g 0:0:1 cat /proc/self/setgroups
	assert_output allow
}

# With securebits root gets the capabilities of the file, as others do: permitted,
# and none of them effective, which only the program itself could change.
@test "a capability that is permitted and not effective is none" {
	only_with_sys_admin
	local copy=$BATS_TEST_TMPDIR/isolate
	cp "$ISOLATE" "$copy"
	setcap cap_setgid,cap_setuid,cap_setfcap=p "$copy"
	run -125 setpriv --securebits +noroot "$copy" -v -g 0:0:1 true
	assert_line --regexp '/setgroups", "deny"\)$'
	assert_line --regexp '/gid_map", "0 0 1"\)$'
	assert_line --regexp '/uid_map".*: Operation not permitted$'
	assert_line --regexp '^hint: without CAP_SETUID '
	setcap cap_setgid,cap_setuid,cap_setfcap=ep "$copy"
	run setpriv --securebits +noroot "$copy" -v -g 0:0:1 true
	assert_line --regexp '/uid_map", "0 1073741824 65536"\)$'
	refute_output --partial setgroups
}

#
# The exit status
#

# A directory in PATH that PROGRAM may not enter would make it 126.
@test "127: PROGRAM is not found" {
	local message='No such file or directory' PATH=/usr/bin:/bin
	fails_with 127 "execvp\(\"no-such\"\): $message" '' "$ISOLATE" no-such
	fails_with 127 "execvp\(\"/no/such\"\): $message" '' "$ISOLATE" /no/such
	fails_with 127 "execvp\(\"\"\): $message" '' "$ISOLATE" ''
}

@test "127: PROGRAM is not found, with a directory in PATH that it may not enter" {
	only_as_root
	local closed=$BATS_TEST_TMPDIR/closed
	mkdir -m 700 "$closed"
	fails_with 127 'execvp\("no-such"\): No such file or directory' '' \
		env "PATH=$closed:/usr/bin:/bin" "$ISOLATE" no-such
	run -0 env "PATH=$closed:/usr/bin:/bin" "$ISOLATE" id -u
	assert_output 0
}

@test "126: PROGRAM is found, in the directory without a name, and cannot be run" {
	let_in
	cd "$BATS_TEST_TMPDIR"
	echo 'exit 0' > no-such
	fails_with 126 'execvp\("no-such"\): Permission denied' \
		'outside, root' env PATH=:/usr/bin "$ISOLATE" no-such
}

@test "126: PROGRAM is found, in the second directory, and cannot be run" {
	let_in
	mkdir "$BATS_TEST_TMPDIR"/{first,second}
	echo 'exit 0' > "$BATS_TEST_TMPDIR/second/file"
	fails_with 126 'execvp\("file"\): Permission denied' 'outside, root' \
		env "PATH=$BATS_TEST_TMPDIR/first:$BATS_TEST_TMPDIR/second" \
		"$ISOLATE" file
}

@test "126: PROGRAM is found, without a PATH, and cannot be run" {
	let_in
	export FILE=$BATS_TEST_TMPDIR/file
	echo 'exit 0' > "$FILE"
	# execvp(3) looks in /bin then.
	fails_with 126 'execvp\("tac"\): Permission denied' 'outside, root' \
		after_mounting 'mount --bind "$FILE" /bin/tac' \
		env -u PATH "$ISOLATE" tac
}

@test "126: PROGRAM is found but cannot be run" {
	let_in
	echo 'exit 0' > "$BATS_TEST_TMPDIR/file"
	chmod 644 "$BATS_TEST_TMPDIR/file"
	fails_with 126 "execvp\(\"$BATS_TEST_TMPDIR/file\"\): Permission denied" \
		'outside, root is one of the ids of the map' \
		"$ISOLATE" "$BATS_TEST_TMPDIR/file"
	fails_with 126 'execvp\("/usr"\): Permission denied' \
		'outside, root is one of the ids of the map' "$ISOLATE" /usr
}

# A terminal would obey them.
@test "control characters of an argument are not printed" {
	PATH=/usr/bin:/bin fails_with 127 \
		'execvp\("no\?\[31m\\nsuch\?"\): No such file or directory' '' \
		"$ISOLATE" $'no\e[31m\nsuch\x7f'
}

@test "125 and a hint: a map of an id that is not one's own" {
	only_as_ordinary_user
	local hint
	hint="without CAP_SETUID and CAP_SETGID one may map one id, one's own, here $(id -u) and group $(id -g), user_namespaces\(7\)\$"
	fails_with 125 'write\("/proc/[0-9]+/uid_map", "0 0 1"\): Operation not permitted' \
		"$hint" "$ISOLATE" -u 0:0:1 true
	fails_with 125 'write\("/proc/[0-9]+/gid_map", "0 0 1"\): Operation not permitted' \
		"$hint" "$ISOLATE" -g 0:0:1 true
}

@test "125 and a hint: a map of an id that is not in one's own map" {
	fails_with 125 'write\("/proc/[0-9]+/uid_map", "0 1 1"\): Operation not permitted' \
		"the OUTSIDE ids must be mapped in the caller's own user namespace" \
		as_root_of_userns "$ISOLATE" -u 0:1:1 true
}

# Else it may be killed between the two, and its hint be lost.
@test "a message and its hint are one write" {
	local trace=$BATS_TEST_TMPDIR/trace
	run -125 traced -f -s 1000 -o "$trace" -e trace=write \
		"$ISOLATE" -u 0:1000:10 -u 5:2000:10 true
	grep -q ' write(2, "isolate: .*hint: .*\\n", ' "$trace"
}

@test "125 and a hint: overlapping ranges of a map" {
	# There newuidmap is asked first, and says what it thinks of them.
	((STEP < 6)) || only_as_root
	fails_with 125 'write\("/proc/[0-9]+/uid_map", "0 1000 10\\n5 2000 10"\): Invalid argument' \
		'two ranges of a map must not overlap' \
		"$ISOLATE" -u 0:1000:10 -u 5:2000:10 true
}

@test "125 and a hint: no more user namespaces" {
	fails_with 125 'clone\(CLONE_NEWUSER\|.*SIGCHLD\): No space left on device' \
		'a limit is reached, .* the lowest is 0, in /proc/sys/user/max_user_namespaces' \
		as_root_of_userns sh -c '
			echo 0 > /proc/sys/user/max_user_namespaces
			exec "$@"' sh "$ISOLATE" true
}

@test "125 and a hint: no user namespace in a chroot" {
	mkdir "$BATS_TEST_TMPDIR/root"
	cp "$ISOLATE" "$BATS_TEST_TMPDIR/root/isolate"
	fails_with 125 'clone\(CLONE_NEWUSER\|.*SIGCHLD\): Operation not permitted' \
		'nothing is mounted on /, so this is a chroot\(2\)' \
		as_root_of_userns --mount sh -euc '
			cd "$1"
			for directory in usr proc dev; do
				mkdir "$directory"
				mount --rbind "/$directory" "$directory"
			done
			ln -s usr/* .
			exec chroot . /isolate true' sh "$BATS_TEST_TMPDIR/root"
}

@test "125 and a hint: no user namespace for who has no id in this one" {
	fails_with 125 'clone\(CLONE_NEWUSER\|.*SIGCHLD\): Operation not permitted' \
		"the caller's own ids must be mapped in the user namespace" \
		unshare --user "$ISOLATE" true
}

# Step 1 makes none of the calls that the probe can refuse.
@test "125 and a hint: a seccomp filter refuses" {
	((STEP > 1)) || return 0
	run -0 "$PROBE" refuse nothing 'exec "$ISOLATE" true'
	fails_with 125 'sethostname\("isolated"\): Operation not permitted' \
		'a seccomp filter is in force' \
		"$PROBE" refuse sethostname 'exec "$ISOLATE" true'
}

# no_apparmor: for a test that claims it is there, and that this process cannot
# tell its own profile.
no_apparmor() {
	[ ! -e /proc/self/attr/apparmor/current ] ||
		cannot "AppArmor is there, and tells the profile"
}

@test "125 and a hint: AppArmor takes the capabilities away" {
	no_apparmor
	run -125 as_root_of_userns --mount sh -euc '
			mount -t tmpfs tmpfs /proc/sys/kernel
			cd /proc/sys/kernel
			echo 1 > apparmor_restrict_unprivileged_userns
			exec env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null \
				-e inject=setresuid:error=EPERM \
				"$ISOLATE" true'
	assert_line --index 0 'isolate: setresuid(0, 0, 0): Operation not permitted'
	assert_line --index 1 --regexp \
		'^hint: AppArmor .* kernel.apparmor_restrict_unprivileged_userns is 1: '
	assert_line --index 2 --partial "profile isolate \"$ISOLATE\" "
	assert_line --index 3 'sudo apparmor_parser -r /etc/apparmor.d/isolate'
}

@test "AppArmor is not what the hint names where PROGRAM cannot be run" {
	((STEP < 6)) || return 0 # there the mount below would mask /proc
	no_apparmor
	run -126 as_root_of_userns --mount sh -euc '
		mount -t tmpfs tmpfs /proc/sys/kernel
		cd /proc/sys/kernel
		echo 1 > apparmor_restrict_unprivileged_userns
		exec "$@"' sh "$ISOLATE" /etc/passwd
	assert_line --index 0 \
		'isolate: execvp("/etc/passwd"): Permission denied'
	refute_output --partial AppArmor
}

@test "125 and a hint: too many processes" {
	fails_with 125 'clone\(.*\): Resource temporarily unavailable' \
		'there are too many processes: see ulimit -u' \
		traced -o /dev/null -e inject=clone:error=EAGAIN "$ISOLATE" true
}

@test "125: isolate has a set-user-ID bit" {
	only_as_root
	let_in
	local copy=$BATS_TEST_TMPDIR/isolate
	cp "$ISOLATE" "$copy"
	chmod 755 "$copy"
	run -0 setpriv --reuid 47111 --clear-groups "$copy" --version
	chmod 4755 "$copy"
	fails_with 125 'isolate has a set-user-ID bit or file capabilities: .*' '' \
		setpriv --reuid 47111 --clear-groups "$copy" --version
}

# It has said what is wrong. The parent finds that it is gone.
@test "125: a child that fails before the parent's last word fails alone" {
	local call
	call=$(parents_calls | tail -n 1)
	run -125 traced -f -o /dev/null -e inject=prctl:error=EINVAL \
		-e "inject=write:delay_enter=500000:when=$((${call#* } + 1))" \
		"$ISOLATE" true
	assert_line --regexp '^isolate: prctl\(.*\): Invalid argument$'
	refute_output --partial 'Broken pipe'
}

@test "125: a step of the child fails, and PROGRAM does not run" {
	local call
	for call in setresgid setresuid prctl keyctl; do
		fails_with 125 "$call\(.*\): Invalid argument" '' \
			traced -f -o /dev/null -e "inject=$call:error=EINVAL" \
			"$ISOLATE" echo PROGRAM runs
	done
	fails_with 125 'setgroups\(0, NULL\): Invalid argument' '' \
		traced -f -o /dev/null -e inject=setgroups:error=EINVAL \
		"$ISOLATE" echo PROGRAM runs
	fails_with 125 'keyctl\(.*\): Disk quota exceeded' \
		'each isolate takes a key' \
		traced -f -o /dev/null -e inject=keyctl:error=EDQUOT \
		"$ISOLATE" echo PROGRAM runs
}

@test "a kernel without keys will do" {
	run -0 traced -f -o "$BATS_TEST_TMPDIR/trace" \
		-e inject=keyctl:error=ENOSYS "$ISOLATE" echo PROGRAM runs
	assert_output 'PROGRAM runs'
	run grep -c INJECTED "$BATS_TEST_TMPDIR/trace"
	assert_output 1
}

@test "128+N: a fault ended PROGRAM" {
	ulimit -c 0
	run "$ISOLATE" "$PROBE" fault ILL
	assert_failure 132
	run "$ISOLATE" "$PROBE" fault BUS
	assert_failure 135
	run "$ISOLATE" "$PROBE" fault SEGV
	assert_failure 139
}

@test "128+N: SIGKILL ended PROGRAM" {
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	kill -KILL "$(program)"
	wait "$PID" || assert_equal $? 137
	run is_gone "$PID"
	assert_success
}

@test "128+N: other signals ended PROGRAM" {
	local signal got=()
	((STEP < 5)) || return 0 # PID 1 is not ended so
	ulimit -c 0
	for signal in {1..15} {24..27} {29..31}; do
		"$ISOLATE" sh -c "kill -$signal \$\$; exit 0" && got+=(0) ||
			got+=($(($? - 128)))
	done
	assert_equal "${got[*]}" "$(echo {1..15} {24..27} {29..31})"
}

#
# -v
#

# Leaves out what the later steps add; their tests have it.
narration_of_step_1() {
	grep -vE '\] (sethostname|RTM_[A-Z]*|open|setns|unshare|mount|pivot_root|cap_set_proc)\(|/proc/sys/net/' "$1"
}

@test "-v tells who does what, in order" {
	local option child inside flags=CLONE_NEWUSER
	((STEP < 2)) || flags+='|CLONE_NEWUTS'
	((STEP < 3)) || flags+='|CLONE_NEWIPC'
	((STEP < 4)) || flags+='|CLONE_NEWNET'
	((STEP < 5)) || flags+='|CLONE_NEWPID'
	((STEP < 6)) || flags+='|CLONE_NEWNS'
	for option in -v --verbose; do
		start "$option" -u "7:$(id -u):1" -g "8:$(id -g):1" sh -c 'exit 3'
		wait "$PID" || assert_equal $? 3
		child=$(sed -n '1s/.* = //p' "$OUTPUT")
		inside=$child
		((STEP < 5)) || inside=1
		{
			echo "parent[$PID] clone($flags|SIGCHLD) = $child"
			is_root || echo "parent[$PID]" \
				"write(\"/proc/$child/setgroups\", \"deny\")"
			cat <<-END
				parent[$PID] write("/proc/$child/gid_map", "8 $(id -g) 1")
				parent[$PID] write("/proc/$child/uid_map", "7 $(id -u) 1")
				parent[$PID] write(sync_pipe): go
				child[$inside] keyctl(KEYCTL_JOIN_SESSION_KEYRING)
				child[$inside] setresgid(8, 8, 8)
				child[$inside] setresuid(7, 7, 7)
				child[$inside] prctl(PR_SET_PDEATHSIG, SIGKILL)
				child[$inside] prctl(PR_SET_NO_NEW_PRIVS, 1)
				child[$inside] execvp("sh")
				parent[$PID] waitpid($child) = exit status 3
			END
		} | diff - <(narration_of_step_1 "$OUTPUT")
	done
}

@test "-v shows a map of several ranges on one line, and the signal that ended" {
	only_as_root
	ulimit -c 0
	run "$ISOLATE" -v -u 0:1000:1 -u 5:2000:3 "$PROBE" fault SEGV
	assert_failure 139
	assert_line --regexp \
		'^parent\[[0-9]+\] write\("/proc/[0-9]+/uid_map", "0 1000 1\\n5 2000 3"\)$'
	assert_line --regexp \
		'^parent\[[0-9]+\] waitpid\([0-9]+\) = signal 11$'
}

@test "-v into a pipe that nobody reads is no signal to PROGRAM" {
	local pipe=$BATS_TEST_TMPDIR/pipe both unread
	mkfifo "$pipe"
	exec {both}<> "$pipe"
	exec {unread}> "$pipe"
	exec {both}>&-
	run -141 bash -c 'echo text >&"$1"; exit 0' bash "$unread"
	run -7 bash -c 'exec "$0" -v bash -c "echo said; exit 7" 2>&"$1"' \
		"$ISOLATE" "$unread"
	assert_output said
	exec {unread}>&-
}

@test "without -v isolate says nothing" {
	run -0 "$ISOLATE" true
	assert_output ''
}

#
# What PROGRAM gets from its caller
#

@test "the environment is the caller's, byte for byte" {
	local cat environment
	cat=$(type -P cat)
	cd "$BATS_TEST_TMPDIR"
	for environment in A=1 'B= x  y ' $'C=two\nlines' D= $'E=\xff\x01'; do
		set -- "$@" "$environment"
		env -i "$@" "$cat" /proc/self/environ > wanted
		env -i "$@" "$ISOLATE" "$cat" /proc/self/environ > got
		cmp wanted got
		[ -s got ]
	done
	env -i "$ISOLATE" "$cat" /proc/self/environ > got
	[ ! -s got ]
}

@test "the umask is the caller's" {
	local mask
	for mask in 0000 0027 0777; do
		umask "$mask"
		run "$ISOLATE" sh -c umask
		assert_output "$mask"
	done
}

@test "blocked and ignored signals are the caller's" {
	local option wanted
	# A sanitized build would handle these itself.
	export ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0
	# Without =SIGNAL: all.
	for option in --default-signal --block-signal --ignore-signal \
		--block-signal=USR1,TERM --ignore-signal=CHLD,HUP,USR2 \
		--block-signal=CHLD; do
		run -0 timeout -s KILL 10 env "$option" \
			grep -E '^Sig(Blk|Ign)' /proc/self/status
		wanted=$output
		run -0 timeout -s KILL 10 env "$option" "$ISOLATE" \
			grep -E '^Sig(Blk|Ign)' /proc/self/status
		assert_output "$wanted"
	done
}

@test "nohup isolate PROGRAM means what it says" {
	nohup "$ISOLATE" "$PROBE" catch-signals > "$BATS_TEST_TMPDIR/out" \
		2> /dev/null < /dev/null 3>&- &
	PID=$!
	PIDS+=("$PID")
	eventually has_said '^ready$' "$BATS_TEST_TMPDIR/out"
	run grep '^SigIgn:.*[13579bdf]$' "/proc/$(program)/status"
	assert_success
	kill -HUP "$PID"
	kill -TERM "$PID"
	wait "$PID"
}

# ls opens the directory under the lowest number that is free. Of the other
# descriptors, bats has 3.
@test "file descriptors other than 0, 1 and 2 are not inherited" {
	run ls /proc/self/fd 5< /dev/null 200< /dev/null
	assert_line 200
	run -0 "$ISOLATE" ls /proc/self/fd 5< /dev/null 200< /dev/null
	assert_output $'0\n1\n2\n3'
}

@test "file descriptors are not inherited on a kernel without close_range" {
	run -0 --separate-stderr traced -f -o "$BATS_TEST_TMPDIR/trace" \
		-e inject=close_range:error=ENOSYS \
		"$ISOLATE" ls /proc/self/fd 5< /dev/null 200< /dev/null
	assert_output $'0\n1\n2\n3'
	run grep -c INJECTED "$BATS_TEST_TMPDIR/trace"
	assert_output 1
}

@test "standard descriptors that the caller closed stay closed" {
	# Its exit status has a bit for each that is open.
	local script='status=0
		[ ! -e /proc/self/fd/0 ] || status=$((status + 1))
		[ ! -e /proc/self/fd/1 ] || status=$((status + 2))
		[ ! -e /proc/self/fd/2 ] || status=$((status + 4))
		exit $status'
	local got=()
	open_is() {
		"$ISOLATE" sh -c "$script" && got+=(0) || got+=($?)
	}
	open_is
	open_is <&-
	open_is >&-
	open_is 2>&-
	open_is <&- >&-
	open_is <&- 2>&-
	open_is >&- 2>&-
	open_is <&- >&- 2>&-
	assert_equal "${got[*]}" '7 6 5 3 4 2 1 0'
}

# The sync pipe must not become one of them: the first line of -v would release
# the child, here before its ids are mapped.
@test "what isolate says with descriptors 0 and 2 closed is said to no one" {
	traced -o /dev/null -e inject=capget:delay_enter=200000 \
		sh -c 'exec "$0" -v true <&- 2>&-' "$ISOLATE"
}

@test "PROGRAM gains no privileges through execve" {
	run "$ISOLATE" grep NoNewPrivs /proc/self/status
	assert_output $'NoNewPrivs:\t1'
}

@test "the session keyring is PROGRAM's own" {
	# env passes it on, isolate does not.
	run -0 "$PROBE" join-session-keyring env
	assert_output --regexp '^[0-9]+'$'\n''[0-9]+$'
	assert_equal "${lines[0]}" "${lines[1]}"
	run -0 "$PROBE" join-session-keyring "$ISOLATE"
	assert_output --regexp '^[0-9]+'$'\n''[0-9]+$'
	assert_not_equal "${lines[0]}" "${lines[1]}"
}

# All of plain root's PROGRAMs are this user, who may have 200 keys.
@test "the session keyring is none of those that the ids of the map may have" {
	only_as_root
	start sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	run cat /proc/key-users
	assert_line --regexp '^ +0: '
	refute_line --regexp '^ *1073741824: '
}

@test "supplementary groups are dropped" {
	only_as_root
	run setpriv --groups 100001,100002 id -G
	assert_output '0 100001 100002'
	run -0 setpriv --groups 100001,100002 "$ISOLATE" id -G
	assert_output 0
}

#
# Signals
#

@test "signals sent to isolate reach PROGRAM" {
	local signal
	start "$PROBE" catch-signals
	eventually has_said '^ready$'
	kill -CHLD "$PID" # not passed on: isolate has its own
	for signal in HUP INT QUIT USR1 USR2 PIPE ALRM WINCH; do
		kill "-$signal" "$PID"
		eventually has_said "^$signal$"
	done
	kill -TERM "$PID"
	wait "$PID"
	assert_equal "$(paste -s -d ' ' "$OUTPUT")" \
		'ready HUP INT QUIT USR1 USR2 PIPE ALRM WINCH TERM'
}

@test "a signal that ends PROGRAM ends isolate with 128+N" {
	((STEP < 5)) || return 0 # PID 1 is not ended so
	start sh -c 'echo ready; exec sleep 100'
	eventually has_said '^ready$'
	kill -TERM "$PID"
	wait "$PID" || assert_equal $? 143
	assert_equal "$(leftover_processes "$TEST_MARKER")" ''
}

# The child drops a SIGPIPE of its own, of a narration that nobody reads.
@test "a SIGPIPE from elsewhere during the set-up is PROGRAM's" {
	local parent
	start_outside env --block-signal=PIPE ASAN_OPTIONS=detect_leaks=0 \
		strace -f -o "$BATS_TEST_TMPDIR/trace" \
		-e inject=setresuid:delay_enter=1000000 \
		"$ISOLATE" grep ShdPnd /proc/self/status
	eventually grep -qs 'write([0-9]*, "\\0", 1' "$BATS_TEST_TMPDIR/trace"
	parent=$(children_of "$PID")
	kill -PIPE "$(children_of "$parent")"
	wait "$PID"
	run cat "$OUTPUT"
	assert_output $'ShdPnd:\t0000000000001000'
}

# start_on_terminal COMMAND: the shell's COMMAND, in which isolate runs $PROGRAM,
# on a terminal. What is written to $KEYS is typed there. Sets PID to that of
# isolate, a child of the shell's, and TERMINAL to that of script(1).
start_on_terminal() {
	KEYS=$BATS_TEST_TMPDIR/keys
	OUTPUT=$BATS_TEST_TMPDIR/output
	mkfifo "$KEYS"
	PROGRAM="$PROBE catch-signals" script --quiet --return --command "$1" \
		/dev/null <> "$KEYS" > "$OUTPUT" 2>&1 3>&- &
	TERMINAL=$!
	PIDS+=("$TERMINAL")
	eventually has_said '^ready'
	PID=$(children_of "$(children_of "$TERMINAL")")
}

# isolate is stopped when the terminal sends both of them SIGINT: if it passed
# its one on, PROGRAM would get a second one later, not two at once, which
# would look like one.
@test "Ctrl-C reaches PROGRAM once" {
	start_on_terminal 'trap : INT; "$ISOLATE" $PROGRAM; exit $?'
	kill -STOP "$PID"
	eventually is_stopped "$PID"
	printf '\003' > "$KEYS"
	eventually has_said INT
	kill -CONT "$PID"
	eventually has_said CONT # isolate is past its own SIGINT
	kill -TERM "$PID"
	wait "$TERMINAL"
	run grep -c INT "$OUTPUT"
	assert_output 1
}

@test "Ctrl-Z stops isolate, whatever a process 1 makes of it, and fg goes on" {
	((STEP >= 5)) || return 0 # another PROGRAM stops itself
	start_on_terminal 'set -m; "$ISOLATE" $PROGRAM; echo sh""ell; read _; fg'
	printf '\032' > "$KEYS"
	eventually has_said shell
	assert is_stopped "$PID"
	eventually is_stopped "$(program)"
	echo > "$KEYS"
	eventually has_said CONT
	refute is_stopped "$PID"
	kill -TERM "$PID"
	wait "$TERMINAL"
}

# As less(1) or an editor does: it tidies up, and then stops itself.
@test "Ctrl-Z is left to a PROGRAM that handles it, and fg goes on" {
	((STEP < 5)) || return 0 # a process 1 cannot stop itself
	let_in
	cat > "$BATS_TEST_TMPDIR/program" <<-'END'
		$| = 1; print "ready\n";
		$SIG{TSTP} = sub { print "tidy\n"; kill STOP => $$; print "CONT\n" };
		sleep 1 while 1
	END
	start_on_terminal "set -m; \"\$ISOLATE\" perl $BATS_TEST_TMPDIR/program
		echo sh\"\"ell; read _; fg"
	printf '\032' > "$KEYS"
	eventually has_said shell
	assert is_stopped "$PID"
	has_said tidy
	echo > "$KEYS"
	eventually has_said CONT
	refute is_stopped "$PID"
	kill -TERM "$PID"
	eventually is_gone "$TERMINAL"
}

# The process group is orphaned: a stopped isolate would stay so for ever.
@test "Ctrl-Z does not stop isolate where no shell can make it go on" {
	start_on_terminal 'trap : INT; "$ISOLATE" $PROGRAM; exit $?'
	printf '\032' > "$KEYS"
	# isolate is past it. A process 1 was stopped by force, and continued.
	eventually has_said "$( ((STEP < 5)) && echo TSTP || echo CONT)"
	refute is_stopped "$PID"
	refute is_stopped "$(program)"
	kill -TERM "$PID"
	wait "$TERMINAL"
}

# A shell looks if a command died of the signal: then the script is to end too.
@test "Ctrl-C ends a script that calls isolate in a loop" {
	((STEP < 5)) || AS=--init # process 1 without a handler would not die
	export AS
	# shellcheck disable=SC2016 # another shell is to expand it
	echo 'for n in 1 2 3; do
			"$ISOLATE" $AS sh -c "echo ready; exec sleep 100"
			echo "it goes on"
		done' > "$BATS_TEST_TMPDIR/script"
	start_on_terminal "exec env --default-signal=INT,QUIT \
		bash '$BATS_TEST_TMPDIR/script'"
	printf '\003' > "$KEYS"
	eventually is_gone "$TERMINAL"
	run cat "$OUTPUT"
	refute_output --partial 'goes on'
	assert_equal "$(grep -c ready "$OUTPUT")" 1
}

@test "isolate ends by the signal that has ended PROGRAM" {
	local as=-- signal
	((STEP < 5)) || as=--init
	ulimit -c 0
	for signal in HUP INT KILL SEGV PIPE TERM RTMIN; do
		run perl -e 'system(@ARGV); print $? & 127' "$ISOLATE" "$as" \
			sh -c 'kill -s "$1" $$' sh "$signal"
		assert_output "$(kill -l "$signal")"
	done
	run perl -e 'system(@ARGV); print $?' "$ISOLATE" "$as" sh -c 'exit 130'
	assert_output "$((130 << 8))"
}

# To see a dump takes a host that makes some. But this is what prevents them.
@test "isolate, which ends by the signal of a fault, dumps no core" {
	local trace=$BATS_TEST_TMPDIR/trace
	run -139 traced -o "$trace" -e trace=prctl,kill "$ISOLATE" "$PROBE" fault SEGV
	run -0 grep -E '^(prctl\(PR_SET_|kill\()' "$trace"
	assert_line --index 0 --regexp '^prctl\(PR_SET_DUMPABLE, (0|SUID_DUMP_DISABLE)\) += 0$'
	assert_line --index 1 --regexp '^kill\([0-9]+, SIGSEGV\) += 0$'
}

@test "isolate is process 1 of a container: signals, stops, 128+N" {
	((STEP < 5)) || return 0 # PROGRAM would be one too
	local parent
	start_outside unshare --user --map-root-user --fork --pid --mount-proc \
		"$ISOLATE" "$PROBE" catch-signals
	eventually has_said '^ready$'
	parent=$(children_of "$PID")
	kill -TSTP "$parent"
	eventually has_said '^TSTP$'
	kill -USR1 "$parent"
	eventually has_said '^USR1$'
	kill -TERM "$parent"
	wait "$PID"
	# shellcheck disable=SC2016 # PROGRAM is to expand it
	run -143 as_root_of_userns --fork --pid --mount-proc \
		"$ISOLATE" sh -c 'kill -TERM $$'
}

@test "125: what has become of PROGRAM cannot be known" {
	let_in
	isolate_with wait4:error=EIO:when=1 125
	run grep isolate: "$BATS_TEST_TMPDIR/output"
	assert_output --regexp '^isolate: waitpid\(.*: Input/output error$'
	eventually nothing_is_left
}

# start_in_terminal COMMAND: the shell's COMMAND, on a terminal that goes with
# PID. In it, isolate runs $PROGRAM, whose output is not in the terminal.
start_in_terminal() {
	export SAID=$BATS_TEST_TMPDIR/said PROGRAM="$PROBE catch-signals"
	touch "$SAID"
	start_outside script --quiet --command "$1" /dev/null
	eventually has_said '^ready$' "$SAID"
}

@test "a hang-up reaches PROGRAM where isolate is the leader of the session" {
	local pid
	start_in_terminal 'exec "$ISOLATE" $PROGRAM > "$SAID"'
	pid=$(children_of "$PID")
	PIDS+=("$pid")
	kill -KILL "$PID"
	eventually has_said '^HUP$' "$SAID"
	kill -TERM "$pid"
	eventually is_gone "$pid"
}

@test "a hang-up reaches PROGRAM once where a shell is the leader" {
	local pid
	start_in_terminal '"$ISOLATE" $PROGRAM > "$SAID"; exit'
	pid=$(children_of "$(children_of "$PID")")
	PIDS+=("$pid")
	kill -KILL "$PID"
	eventually has_said '^HUP$' "$SAID"
	kill -WINCH "$pid"
	eventually has_said '^WINCH$' "$SAID" # it is past its own SIGHUP
	run grep -c HUP "$SAID"
	assert_output 1
	kill -TERM "$pid"
	eventually is_gone "$pid"
}

# It is blocked, for PROGRAM to get it whenever it comes.
@test "the alarm(2) that the caller has set reaches PROGRAM" {
	start_outside env --block-signal=ALRM perl -e 'alarm 1; exec @ARGV' \
		"$ISOLATE" "$PROBE" catch-signals
	eventually has_said '^ALRM$'
	kill -TERM "$PID"
	wait "$PID"
}

# start_as_job PROGRAM: as start, as a shell with job control does it.
start_as_job() {
	set -m
	start "$@"
	set +m
}

# Isolate and PROGRAM stop together, and go on together.
stops_and_goes_on() {
	eventually is_stopped "$PID"
	eventually is_stopped "$(program)"
	kill -CONT "$PID"
	eventually has_said '^CONT$'
	refute is_stopped "$PID"
	kill -TERM "$PID"
	wait "$PID"
}

@test "SIGTSTP from a process stops isolate and PROGRAM" {
	# shellcheck disable=SC2016 # perl is to expand it
	start_as_job perl -e '$| = 1; $SIG{TERM} = sub { exit 0 };
		$SIG{CONT} = sub { print "CONT\n" };
		print "ready\n"; sleep 1 while 1'
	eventually has_said '^ready$'
	kill -TSTP "$PID"
	stops_and_goes_on
}

@test "isolate stops with PROGRAM and continues it" {
	start_as_job "$PROBE" catch-signals
	eventually has_said '^ready$'
	refute is_stopped "$PID"
	kill -STOP "$(program)"
	stops_and_goes_on
}

@test "isolate stops with PROGRAM more than once" {
	local number
	start_as_job "$PROBE" catch-signals
	eventually has_said '^ready$'
	for number in 1 2; do
		kill -STOP "$(program)"
		eventually is_stopped "$PID"
		kill -CONT "$PID"
		eventually said_times "$number" CONT
	done
	kill -TERM "$PID"
	wait "$PID"
}

# said_times N LINE: says if the program started last has printed it so often.
said_times() {
	[ "$(grep -c "^$2\$" "$OUTPUT")" -eq "$1" ]
}

@test "isolate stops with PROGRAM, though the caller ignores SIGTSTP" {
	set -m
	start_outside env --ignore-signal=TSTP "$ISOLATE" "$PROBE" catch-signals
	set +m
	eventually has_said '^ready$'
	kill -STOP "$(program)"
	stops_and_goes_on
}

#
# Failing closed
#

# The parent's system calls from clone on, each as "CALL N", the Nth of that
# name in its life. The last one is that which releases the child.
parents_calls() {
	# The route of a run before, while it is there, takes a call more.
	eventually links_are_gone
	traced -o "$BATS_TEST_TMPDIR/calls" "$ISOLATE" true
	awk -F '(' '{ n[$1]++ }
		$1 == "clone" { on = 1 }
		on { print $1, n[$1] }
		on && /^write\([0-9]+, "\\0", 1\)/ { exit }' \
		"$BATS_TEST_TMPDIR/calls"
}

# The same for those that follow, to the one that waits.
parents_later_calls() {
	awk -F '(' '{ n[$1]++ }
		on { print $1, n[$1] }
		/^write\([0-9]+, "\\0", 1\)/ { on = 1 }
		$1 == "wait4" { exit }' \
		"$BATS_TEST_TMPDIR/calls"
}

nothing_is_left() {
	[ -z "$(leftover_processes "$TEST_MARKER")" ]
}

# isolate_with INJECTION STATUS: runs isolate, with a PROGRAM that leaves a file
# and stays, under strace with this injection; it is to end with this status.
# Not by `run`, which would wait for a child that is left; and -I 1 lets
# timeout(1) end strace.
isolate_with() {
	local status=0
	timeout 10 strace -I 1 -o /dev/null -e "inject=$1" \
		"$ISOLATE" sh -c 'echo > "$0"; exec sleep 100' \
		"$BATS_TEST_TMPDIR/ran" > "$BATS_TEST_TMPDIR/output" 2>&1 3>&- ||
		status=$?
	assert_equal "$1: $status" "$1: $2"
}

# killed_at "CALL N": isolate gets SIGKILL when it is about to make this call.
killed_at() {
	isolate_with "${1% *}:signal=KILL:when=${1#* }" 137
}

@test "killed at any moment before the release, PROGRAM never runs" {
	local call calls
	let_in
	mapfile -t calls < <(parents_calls)
	assert_regex "${calls[0]} ${calls[-1]}" '^clone 1 write [0-9]+$'
	for call in "${calls[@]}"; do
		killed_at "$call"
	done
	eventually nothing_is_left
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	# So would it have told:
	"$ISOLATE" sh -c 'echo > "$0"' "$BATS_TEST_TMPDIR/ran"
	assert [ -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "killed at any moment after the release, PROGRAM ends too" {
	local call calls
	let_in
	parents_calls > /dev/null
	mapfile -t calls < <(parents_later_calls)
	assert_regex "${calls[*]}" 'wait4 1$'
	for call in "${calls[@]}"; do
		killed_at "$call"
	done
	eventually nothing_is_left
}

# The child is held for a second where the kernel does not yet kill it with its
# parent, and finds the parent dead after that.
@test "killed before the child has asked to die with it, PROGRAM never runs" {
	local trace=$BATS_TEST_TMPDIR/trace
	let_in
	start_outside strace -f -o "$trace" \
		-e inject=setresuid:delay_enter=1000000 \
		"$ISOLATE" sh -c 'echo > "$0"; exec sleep 3' \
		"$BATS_TEST_TMPDIR/ran"
	# The line ends in "<unfinished ...>" where the child goes on at once.
	eventually grep -qs 'write([0-9]*, "\\0", 1' "$trace"
	kill -KILL "$(children_of "$PID")"
	wait "$PID" || assert_equal $? 137
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	run -0 grep -c 'setresuid.*(DELAYED)' "$trace"
	assert_output 1
}

# The one that reaps the orphans here is told of each by waitpid(2).
@test "125: a step of the parent fails, and the child is killed and reaped" {
	local reap='system(@ARGV); print waitpid(-1, 0)'
	run -0 timeout -k 1 5 unshare --user --map-root-user --fork --pid \
		--mount-proc perl -e "$reap" "$ISOLATE" -u 0:1:1 true
	assert_line --index 0 --regexp '/uid_map", .*: Operation not permitted$'
	assert_line --index 2 -- -1
	run -0 unshare --user --map-root-user --fork --pid --mount-proc \
		perl -e "$reap" sh -c 'sleep 0.1 & echo orphan'
	assert_output --regexp 'orphan'$'\n''[0-9]+$'
}

# Its ids are not mapped: whatever it tried, it would say that it had failed.
@test "killed before the maps are written, the child ends in silence" {
	let_in
	killed_at "write 1"
	eventually nothing_is_left
	run cat "$BATS_TEST_TMPDIR/output"
	assert_output ''
}

@test "125: a step of the parent fails, and no child is left" {
	local call n count=0
	let_in
	while read -r call n; do
		[[ $call == @(openat|write|setns|unshare|sendto) ]] || continue
		isolate_with "$call:error=EIO:when=$n" 125
		run -0 head -n 1 "$BATS_TEST_TMPDIR/output"
		assert_output --regexp '^isolate: .*: Input/output error$'
		assert nothing_is_left
		count=$((count + 1))
	done < <(parents_calls)
	assert [ "$count" -ge 5 ]
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}
