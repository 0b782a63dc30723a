# make doctor: each check is made to fail, without touching the host.
#
# shellcheck disable=SC2016 # an inner shell is to expand it
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and is to be one

load helper

DOCTOR=$BATS_TEST_DIRNAME/doctor

# says STATE WHAT DO: two lines of the output, one after the other, by regexes.
says() {
	local number
	for number in "${!lines[@]}"; do
		if [[ ${lines[number]} =~ ^$1\ +$2 &&
			${lines[number + 1]:-} =~ ^\ {7}$3$ ]]; then
			return
		fi
	done
	fail "not said: $1 $2, $3
$output"
}

# says_nothing_of REGEX: fails if something is wrong with it, or worth a note.
says_nothing_of() {
	refute_line --regexp "^(WRONG|note).*($1)"
}

# as_root_of_userns SCRIPT: the doctor, after this shell script.
as_root_of_userns() {
	unshare --user --map-root-user --mount sh -euc "$1; exec \"\$@\"" sh \
		"$DOCTOR"
}

# after_faking FILE TEXT COMMAND...: as after_mounting, where this is in a file of
# /proc/sys. A copy of /proc, bound to $BATS_TEST_TMPDIR, has nothing mounted
# over, so that the kernel still allows a new one.
after_faking() {
	local directory=/proc/sys/${1%/*}
	export BATS_TEST_TMPDIR
	after_mounting "mount --rbind /proc \"\$BATS_TEST_TMPDIR\"
		mount -t tmpfs tmpfs $directory
		echo $2 > /proc/sys/$1" "${@:3}"
}

# path_without PROGRAM...: PATH becomes a directory that has all others.
path_without() {
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	ln -sft "$bin" /usr/sbin/* /usr/bin/* /sbin/* /bin/* 2>/dev/null || true
	(cd "$bin" && rm "$@")
	PATH=$bin
}

# replace PROGRAM SCRIPT: what PATH then finds under this name.
replace() {
	printf '#!/bin/sh\n%s\n' "$2" > "$BATS_TEST_TMPDIR/$1"
	chmod 755 "$BATS_TEST_TMPDIR/$1"
	[[ $PATH == "$BATS_TEST_TMPDIR:"* ]] || PATH=$BATS_TEST_TMPDIR:$PATH
}

# The control of all others: the doctor does not say it of itself.
@test "doctor: nothing is wrong with a machine that passes the tests" {
	run -0 "$DOCTOR"
	assert_line 'ok     a new /proc can be mounted'
	assert_line 'ok     the kernel makes veth links'
	assert_line "isolate can work here, as user $EUID"
	refute_output --partial WRONG
	run -0 "$DOCTOR" -q
	refute_output --regexp $'(^|\n)(ok|WRONG|isolate)'
}

@test "doctor: no /proc" {
	run -1 as_root_of_userns 'mount -t tmpfs tmpfs /proc'
	says WRONG '/proc is not mounted' 'mount -t proc proc /proc'
	assert_equal "${#lines[@]}" 2
}

@test "doctor: too few processes" {
	run -1 prlimit --nproc=5 "$DOCTOR"
	says WRONG 'ulimit -u, .*, leaves room for -?[0-9]+ processes' \
		'end some, or raise it: ulimit -S -u hard; .*'
	assert_equal "${#lines[@]}" 2
}

@test "doctor: processes are counted by user, and not for root" {
	local n
	for ((n = 0; n < 20; n++)); do
		start_outside sleep 100
	done
	run -0 prlimit --nproc=80 "$DOCTOR"
	if is_root; then
		run -0 prlimit --nproc=25 "$DOCTOR"
	else
		run -1 prlimit --nproc=25 "$DOCTOR"
		says WRONG 'ulimit -u, ' 'end some, .*'
	fi
}

@test "doctor: too few processes in a cgroup" {
	local mount='mount -t tmpfs tmpfs /sys/fs/cgroup
		mkdir -p "/sys/fs/cgroup$CGROUP"
		cd "/sys/fs/cgroup$CGROUP"
		echo 91 > pids.current
		echo "$MOST" > pids.max; cd /'
	CGROUP=$(sed -n 's/^0:://p' /proc/self/cgroup)
	export CGROUP MOST=100
	run -1 after_mounting "$mount" "$DOCTOR"
	says WRONG '.* pids.max of the cgroup, leaves room for 9 processes' \
		'.*; in Docker: docker run --pids-limit 1000'
	MOST=max
	run -0 after_mounting "$mount" "$DOCTOR"
	says_nothing_of pids.max
}

@test "doctor: too few open files" {
	run -1 prlimit --nofile=15 "$DOCTOR"
	says WRONG 'ulimit -n lets a process open 15 files' 'ulimit -S -n hard'
	assert_line "isolate cannot work here, as user $EUID"
}

@test "doctor: an old kernel" {
	run -1 setarch --uname-2.6 "$DOCTOR"
	says WRONG 'Linux 2\.6\..* is too old' 'install a newer kernel, and boot it'
}

@test "doctor: ids that are not mapped" {
	run -1 unshare --user "$DOCTOR"
	says WRONG 'unshare\(1\), .*: Operation not permitted$' 'a line below .*'
	says WRONG 'this user namespace does not map your own ids' 'leave it: exit'
}

# as_root COMMAND...: as root of a user namespace, if we are no other root.
as_root() {
	local owned=(unshare --user --map-root-user)
	! is_root || owned=()
	"${owned[@]}" "$@"
}

@test "doctor: root without a capability for id maps" {
	local name lacks=(setfcap)
	! is_root || lacks+=(setuid setgid)
	for name in "${lacks[@]}"; do
		run -1 as_root setpriv --bounding-set=-"$name" \
			--inh-caps=-"$name" "$DOCTOR"
		says WRONG 'root has not the capabilities' '.*--cap-add setfcap'
	done
}

@test "doctor: a chroot" {
	mkdir "$BATS_TEST_TMPDIR/root"
	cp "$DOCTOR" "$BATS_TEST_TMPDIR/root/doctor"
	export BATS_TEST_TMPDIR
	run -1 unshare --user --map-root-user --mount sh -euc '
		cd "$BATS_TEST_TMPDIR/root"
		for directory in usr proc dev; do
			mkdir "$directory"
			mount --rbind "/$directory" "$directory"
		done
		ln -s usr/* .
		exec chroot . /doctor'
	says WRONG 'unshare\(1\), .*: Operation not permitted$' 'a line below .*'
	says WRONG 'this is a chroot\(2\)' 'leave it: exit'
	says_nothing_of 'seccomp|AppArmor|/proc|/sys|veth'
}

@test "doctor: a limit of 0 for each kind of namespace" {
	local kind
	for kind in user uts ipc net pid mnt; do
		run -1 as_root_of_userns \
			"echo 0 > /proc/sys/user/max_${kind}_namespaces"
		says WRONG 'unshare\(1\), .*: No space left on device$' 'a line below .*'
		says WRONG "user.max_${kind}_namespaces is 0 \(No space left on device\)" \
			"sysctl user.max_${kind}_namespaces=10000"
		says_nothing_of 'chroot|seccomp|AppArmor|is reached'
	done
}

@test "doctor: one network namespace is too few for an ordinary user" {
	if is_root; then
		run -0 after_faking user/max_net_namespaces 1 "$DOCTOR"
		says_nothing_of max_net_namespaces
	else
		run -1 after_faking user/max_net_namespaces 1 "$DOCTOR"
		says WRONG 'user.max_net_namespaces is 1' \
			'sudo sysctl user.max_net_namespaces=10000'
	fi
}

# /proc/sys/user is that of the user namespace one is in.
@test "doctor: a limit of a user namespace outside" {
	run -1 as_root_of_userns '
		echo 1 > /proc/sys/user/max_user_namespaces
		set -- unshare --user --map-root-user "$@"'
	says WRONG 'a limit of namespaces is reached' \
		'see the limits: sysctl user; raise one: .*'
}

@test "doctor: Debian's sysctl is 0" {
	local name=kernel/unprivileged_userns_clone
	if is_root; then
		run -0 after_faking "$name" 0 "$DOCTOR"
		says_nothing_of unprivileged_userns_clone
	fi
	run -1 after_faking "$name" 0 "$PROBE" refuse unshare "$DOCTOR"
	says WRONG 'kernel.unprivileged_userns_clone is 0' \
		'(sudo )?sysctl kernel.unprivileged_userns_clone=1'
}

@test "doctor: a seccomp filter, as in Docker" {
	run -1 "$PROBE" refuse unshare "$DOCTOR"
	says WRONG 'unshare\(1\), .*: Operation not permitted$' 'a line below .*'
	says WRONG 'a seccomp filter is in force' \
		'.*docker run --security-opt seccomp=unconfined'
	says_nothing_of 'chroot|AppArmor|mounted|veth'
}

@test "doctor: a seccomp filter, as in podman" {
	run -1 "$PROBE" refuse sethostname "$DOCTOR"
	says WRONG 'unshare\(1\), .*: hostname: .*' 'a line below .*'
	says WRONG 'a seccomp filter is in force' '.*seccomp=unconfined'
}

@test "doctor: a seccomp filter that refuses nothing is worth a note" {
	run -0 "$PROBE" refuse nothing "$DOCTOR"
	says note 'a seccomp filter is in force' '.*seccomp=unconfined'
}

@test "doctor: AppArmor's sysctl" {
	local name=kernel/apparmor_restrict_unprivileged_userns
	run -1 after_faking $name 1 "$PROBE" refuse sethostname "$DOCTOR"
	says WRONG 'AppArmor takes the capabilities away: .* is 1' \
		'(sudo )?sysctl kernel.apparmor_restrict_unprivileged_userns=0; .*'
	# As for root, or a program that has a profile.
	run -0 after_faking $name 1 "$DOCTOR"
	says_nothing_of AppArmor
	run -1 after_faking $name 0 "$PROBE" refuse sethostname "$DOCTOR"
	says_nothing_of AppArmor
}

@test "doctor: an AppArmor profile" {
	local confine='mount -t tmpfs tmpfs /proc/$$/attr
		mkdir /proc/$$/attr/apparmor
		echo "$PROFILE" > /proc/$$/attr/apparmor/current'
	export PROFILE='docker-default (enforce)'
	run -1 after_mounting "$confine" "$PROBE" refuse sethostname "exec $DOCTOR"
	says WRONG 'AppArmor confines this shell by its profile docker-default \(enforce\)' \
		'.*docker run --security-opt apparmor=unconfined'
	PROFILE=unconfined
	run -1 after_mounting "$confine" "$PROBE" refuse sethostname "exec $DOCTOR"
	says_nothing_of AppArmor
}

@test "doctor: a masked /proc" {
	run -1 after_mounting 'mount --bind /dev/null /proc/version' "$DOCTOR"
	says WRONG '/proc/version is mounted over' \
		'.*docker run --security-opt systempaths=unconfined'
	says_nothing_of 'unshare|seccomp|AppArmor|--rootfs'
}

@test "doctor: a mount over an empty directory of /proc is not what it names" {
	[ -d /proc/sys/fs/binfmt_misc ] || cannot "no binfmt_misc"
	run -1 after_mounting 'mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc
		mount --bind /dev/null /proc/version' "$DOCTOR"
	says WRONG '/proc/version is mounted over' '.*'
}

@test "doctor: a /proc that is refused for another reason" {
	replace mount 'echo mount: what it says; exit 32'
	run -1 "$DOCTOR"
	says WRONG 'a new /proc cannot be mounted: mount: what it says' \
		'a line above .*'
	says note '--rootfs cannot work' '.*'
}

@test "doctor: a /proc/sys that is read-only" {
	run -1 after_mounting 'mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys' "$DOCTOR"
	says WRONG '/proc/sys cannot be written \(Read-only file system\)' \
		'.*systempaths=unconfined'
}

@test "doctor: a masked /sys is worth a note" {
	run -0 after_mounting 'mount -t tmpfs tmpfs /sys/kernel/mm' "$DOCTOR"
	says note '--rootfs cannot work: part of /sys is mounted over' \
		'.*systempaths=unconfined'
}

@test "doctor: no veth" {
	replace ip 'echo Error: Unknown device type.; exit 2'
	run -1 "$DOCTOR"
	says WRONG 'the kernel makes no veth link: Error: Unknown device type' \
		'(sudo )?modprobe veth'
}

# where_subids_are SUBUID SUBGID COMMAND...: the content of these files.
where_subids_are() {
	echo "$1" > "$BATS_TEST_TMPDIR/subuid"
	echo "$2" > "$BATS_TEST_TMPDIR/subgid"
	export BATS_TEST_TMPDIR
	after_mounting 'for file in subuid subgid; do
			mount --bind "$BATS_TEST_TMPDIR/$file" "/etc/$file"
		done' "${@:3}"
}

@test "doctor: no subordinate ids, a note for an ordinary user" {
	only_as_ordinary_user
	local user
	user=$(id -un)
	run -0 where_subids_are nobody:1:100 nobody:100:99950 "$DOCTOR"
	says note "--map-auto cannot work: $user has no ids in /etc/subuid /etc/subgid" \
		"echo $user:100050:65536 \| sudo tee -a /etc/subuid /etc/subgid"
	run -0 where_subids_are "$user:100000:65536" '' "$DOCTOR"
	says note "--map-auto cannot work: $user has no ids in /etc/subgid" \
		"echo $user:165536:65536 \| sudo tee -a /etc/subgid"
}

@test "doctor: no subordinate ids, with sudo those of the person" {
	only_as_root
	export SUDO_USER=nobody
	run -0 where_subids_are '' '' "$DOCTOR"
	says note '--map-auto cannot work: nobody has no ids in /etc/subuid' \
		'echo nobody:100000:65536 \| tee -a /etc/subuid /etc/subgid'
	run -0 where_subids_are nobody:1:9 nobody:1:9 \
		setpriv --no-new-privs "$DOCTOR"
	says_nothing_of --map-auto
	SUDO_USER=
	run -0 where_subids_are '' '' "$DOCTOR"
	says_nothing_of --map-auto
}

@test "doctor: no newuidmap" {
	path_without newuidmap
	run -0 "$DOCTOR"
	is_root || says note '--map-auto cannot work: it takes .*newuidmap' \
		'sudo apt-get install -y uidmap'
	says note 'tests cannot run, .*: uidmap$' \
		'(sudo )?apt-get install -y uidmap'
}

@test "doctor: a newuidmap without privilege" {
	only_as_ordinary_user
	local user
	user=$(id -un)
	replace getsubids true
	replace newuidmap 'echo newuidmap: what it says; exit 1'
	run -0 "$DOCTOR"
	says note "--map-auto cannot work: $BATS_TEST_TMPDIR/newuidmap is not set-user-ID" \
		"sudo chmod u\+s $BATS_TEST_TMPDIR/newuidmap"
	replace getcap 'echo "$1 cap_setuid=ep"'
	run -0 "$DOCTOR"
	says_nothing_of set-user-ID
	# It is asked itself, if all else is well.
	says note '--map-auto cannot work: newuidmap: what it says$' 'compare /etc/subuid .*'
}

@test "doctor: no_new_privs" {
	run -0 setpriv --no-new-privs "$DOCTOR"
	if is_root; then
		says_nothing_of no_new_privs
	else
		says note '--map-auto cannot work: no_new_privs is set' 'log in anew; .*'
	fi
}

@test "doctor: what the build needs" {
	local sudo='sudo '
	! is_root || sudo=
	path_without make
	run -1 "$DOCTOR"
	says WRONG 'isolate cannot be built, .*: make$' \
		"${sudo}apt-get install -y make"
	run -1 after_mounting 'mount -t tmpfs tmpfs /usr/include/libmnl' "$DOCTOR"
	says WRONG 'isolate cannot be built, .*: make libmnl-dev$' \
		'(sudo )?apt-get install -y make libmnl-dev'
	CC=/nonexistent run -1 "$DOCTOR"
	says WRONG 'isolate cannot be built, .*: make gcc libc6-dev libcap-dev libmnl-dev$' \
		'.*'
}

@test "doctor: an old glibc, and another library" {
	replace getconf 'echo glibc 2.35'
	run -1 "$DOCTOR"
	says WRONG 'isolate cannot be built: .* this is glibc 2.35' 'use a newer release.*'
	replace getconf 'exit 1'
	run -1 "$DOCTOR"
	says WRONG 'isolate cannot be built: .* this is another library' '.*'
	replace getconf 'echo glibc 3.1'
	run -0 "$DOCTOR"
	says_nothing_of glibc
}

@test "doctor: what the tests need" {
	path_without bats strace
	BATS_LIB_PATH=/nonexistent run -0 "$DOCTOR"
	says note 'tests cannot run, .*: bats bats-support bats-assert strace$' \
		'(sudo )?apt-get install -y bats bats-support bats-assert strace'
}

# Of no step, it runs no tests.
@test "doctor: tests/run says first what is wrong, and nothing if nothing is" {
	[ -z "$("$DOCTOR" -q)" ] || cannot "the doctor has something to say"
	run -0 "$BATS_TEST_DIRNAME/run"
	assert_output '0 passed, 0 failed, 0 blocked, 0 skipped'
	path_without strace
	run -0 "$BATS_TEST_DIRNAME/run"
	says note 'tests cannot run, .*: strace$' '.*apt-get install -y strace'
	assert_line --partial "may be this machine's fault, and not the program's"
	assert_line "As $(id -un), tests/doctor finds:"
	! is_root || assert_line 'As an ordinary user, tests/doctor finds:'
}
