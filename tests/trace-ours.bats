# make trace: what it shows is what -v says, and it can be used on any program.
# Run by `make test-trace`, in a sandbox: where tests/trace fails to make one of
# its own, what these tests run must not reach this machine either.

load helper

setup_file() {
	export TREE=$BATS_FILE_TMPDIR/tree LIMIT=5 step
	copy=$BATS_FILE_TMPDIR
	mkdir "$TREE"
	cp -r "$BATS_TEST_DIRNAME" "$TREE"
	for step in "$BATS_TEST_DIRNAME"/../step?-*; do
		mkdir "$TREE/${step##*/}"
		cp "$step/isolate" "$TREE/${step##*/}"
	done
	make_programs "$TREE"
	chmod -R a+rX "$TREE" "$BATS_RUN_TMPDIR"
}

# make_programs DIR: programs of others. What each does is in its name.
make_programs() {
	local name
	cat > "$1/mine.c" <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <sched.h>
		#include <signal.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/prctl.h>
		#include <sys/syscall.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void put(pid_t pid, const char *file, const char *text)
		{
			char path[64];
			sprintf(path, "/proc/%d/%s", pid, file);
			int fd = open(path, O_WRONLY);
			dprintf(fd, "%s", text);
			close(fd);
		}

		int main(int argc, char *argv[])
		{
			int flags = SIGCHLD | CLONE_NEWUSER | CLONE_NEWUTS | IPC;
			char map[64];
			int id = getuid() ? getuid() : 1 << 30;
			int go[2], status;

			pipe2(go, O_CLOEXEC);
			pid_t child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
			if (child == 0) {
				if (!KEEP)
					close(go[1]);
				if (read(go[0], &status, 1) != 1)
					return 125;
				setgid(0);
				setuid(0);
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				sethostname("box", 3);
				execvp(argv[1], argv + 1);
				return 127;
			}
			sprintf(map, "0 %d 1", id);
			if (LATE)
				write(go[1], "", 1);
			put(child, "setgroups", "deny");
			put(child, "gid_map", map);
			put(child, "uid_map", map);
			if (HELPER)
				system("ip link add lost type nosuch; hostname");
			if (!LATE && !HANG)
				write(go[1], "", 1);
			waitpid(child, &status, 0);
			return WEXITSTATUS(status);
		}
	END
	for name in right IPC=0 LATE=1 HANG=1 KEEP=1 HELPER=1; do
		cc -w -DIPC=CLONE_NEWIPC -DLATE=0 -DHANG=0 -DKEEP=0 -DHELPER=0 \
			-U"${name%=*}" -D"$name" -o "$1/$name" "$1/mine.c"
	done
	cat > "$1/mine.py" <<-'END'
		import ctypes, os, subprocess, sys
		read_end, write_end = os.pipe()
		back_read, back_write = os.pipe()
		uid, gid = os.getuid() or 1 << 30, os.getgid() or 1 << 30
		child = os.fork()
		if child == 0:
		    os.close(write_end)
		    libc = ctypes.CDLL(None)
		    if libc.unshare(0x10000000 | 0x04000000):
		        sys.exit(125)
		    os.write(back_write, b"x")
		    if not os.read(read_end, 1):
		        sys.exit(125)
		    os.setresgid(0, 0, 0)
		    os.setresuid(0, 0, 0)
		    libc.prctl(1, 9)
		    libc.sethostname(b"box", 3)
		    os.execvp(sys.argv[1], sys.argv[1:])
		os.read(back_read, 1)
		for file, text in (("setgroups", "deny"), ("gid_map", f"0 {gid} 1"),
		                   ("uid_map", f"0 {uid} 1")):
		    with open(f"/proc/{child}/{file}", "w") as stream:
		        stream.write(text)
		subprocess.run(["ip", "-V"], stdout=subprocess.DEVNULL)
		os.write(write_end, b"x")
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
	END
	cat > "$1/mine.sh" <<-'END'
		#!/bin/sh
		exec unshare --user --map-root-user --uts --net --pid --fork sh -c '
			hostname box
			ip link set lo up
			exec "$@"' sh "$@"
	END
	chmod a+x "$1/mine.sh"
}

# as CALLER COMMAND...: as root, or as the ordinary user.
as() {
	local copy=$BATS_TEST_TMPDIR caller=$1
	shift
	if [ "$caller" = root ] || ! is_root; then
		"$@"
		return
	fi
	# shellcheck source=tests/ordinary-user.bash
	[ -e "$copy/accounts" ] || . "$BATS_TEST_DIRNAME/ordinary-user.bash"
	# shellcheck disable=SC2154 # from there
	"${as_ordinary_user[@]}" "$@"
}

# trace CALLER [NAME=VALUE...] PROGRAM...: $output is what it shows.
trace() {
	local caller=$1 variables=()
	shift
	while [[ $1 == *=* ]]; do
		variables+=("$1")
		shift
	done
	cd "$TREE" || return
	let_in
	run as "$caller" env TMPDIR="$BATS_TEST_TMPDIR" "${variables[@]}" \
		timeout -k 5 60 tests/trace "$@"
}

callers() {
	! is_root || echo root
	echo user
}

# assert_told REGEX...: lines match these, in this order.
assert_told() {
	# shellcheck disable=SC2034 # for assert_narrated
	local stderr=$output stderr_lines=("${lines[@]}")
	assert_narrated "$@"
}

# all_said SAID SHOWN: the lines of the first file are in the second one, in this
# order; with a reason, where -v tells what is tried, be it in vain or not.
all_said() {
	awk 'NR == FNR { said[++n] = $0; next }
		$0 == said[i + 1] { i++; next }
		said[i + 1] ~ /ROUTE|execvp/ && index($0, said[i + 1] ": ") == 1 { i++ }
		END { if (i < n) print said[i + 1]; exit i < n }' i=0 "$1" "$2"
}

# assert_same_as_v CALLER STEP OPTIONS PROGRAM...: what -v says, and what the
# trace shows of that same run. Processes run at once, so each is looked at alone.
assert_same_as_v() {
	local caller=$1 step=$2 options=$3 who said=$BATS_TEST_TMPDIR/said isolate
	isolate=$(echo "$TREE/step$step"-*/isolate)
	shift 3
	let_in
	rm -f "$said"
	printf '#!/bin/sh\nexec "%s" -v %s "$@" 2> "%s"\n' "$isolate" "$options" \
		"$said" > "$BATS_TEST_TMPDIR/loud"
	chmod 755 "$BATS_TEST_TMPDIR/loud"
	trace "$caller" STEP="$step" ALONE=1 ISOLATE="$BATS_TEST_TMPDIR/loud" "$@"
	assert_success
	[ "$(grep -c '^child.*execvp' "$said")" -eq 1 ]
	[ "$(grep -c '^child.*execvp' <<< "$output")" -eq 1 ] # not one a directory
	for who in parent child init; do
		all_said <(grep "^$who" "$said") \
			<(printf '%s\n' "${lines[@]}" | grep "^$who") ||
			fail "$caller, step $step, $options $*: -v says this, and the trace does not
$output"
	done
}

@test "every line of -v is in the trace, step by step" {
	local caller step
	for caller in $(callers); do
		for step in {1..6}; do
			assert_same_as_v "$caller" "$step" "" sh -c 'exit 3'
		done
		assert_same_as_v "$caller" 1 "" nosuchprogram
	done
}

@test "every line of -v is in the trace, with the options of the last steps" {
	local caller root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"/{proc,dev,sys,bin,mnt}
	cp "$(command -v busybox)" "$root/bin"
	chmod -R a+rwX "$root"
	for caller in $(callers); do
		assert_same_as_v "$caller" 5 --init true
		assert_same_as_v "$caller" 5 --init sh -c 'kill -KILL $$'
		assert_same_as_v "$caller" 6 "--net loopback --cap-drop all" true
		assert_same_as_v "$caller" 6 "--init --cap-drop net_raw,kill \
			--rootfs $root --bind /usr:/mnt:ro" busybox true
	done
}

@test "a check of the check: a line that -v does not say is missed" {
	local file=$BATS_TEST_TMPDIR/file
	printf '%s\n' 'child[1] a' 'child[1] b' > "$file"
	run -0 all_said "$file" "$file"
	run -1 all_said "$file" <(printf '%s\n' 'child[1] b' 'child[1] a')
	run -1 all_said "$file" <(printf '%s\n' 'child[1] a' 'child[1] b: why')
}

@test "beside it, our own program does not differ, and a right one only in what no promise asks for" {
	local caller
	for caller in $(callers); do
		trace "$caller" STEP=3 ISOLATE=step3-ipcns/isolate true
		assert_success
		assert_line --regexp '^no difference'
		trace "$caller" STEP=3 ISOLATE=./right true
		assert_success
		assert_line --regexp '^no difference'
		refute_line --regexp '^>>>|^ ! '
	done
}

@test "the first difference is marked: a missing flag, a map after the go, a write end kept" {
	local caller
	for caller in $(callers); do
		trace "$caller" STEP=3 ISOLATE=./IPC=0 true
		assert_line --regexp '^>>>parent\[[0-9]+\] clone\(CLONE_NEWUSER\|CLONE_NEWUTS\|SIGCHLD\) = '
		assert_line --regexp '^>>>parent\[[0-9]+\] clone\(.*CLONE_NEWIPC'
		trace "$caller" STEP=3 ISOLATE=./LATE=1 true
		assert_line --regexp '^(>>>| ! )parent\[[0-9]+\] write\(sync_pipe\): go'
		assert_line --partial 'setuid(0)'
		trace "$caller" STEP=3 ISOLATE=./KEEP=1 true
		assert_told '^ours:' '^>>>child\[[0-9]+\] close\(sync_pipe\[1\]\)'
	done
}

@test "in two columns, where there is room" {
	trace user COLUMNS=170 STEP=3 ISOLATE=./IPC=0 true
	assert_success
	assert_line --regexp '^   yours +ours$'
	assert_line --regexp '^>>>parent.* clone\(.* parent\[[0-9]+\] clone\('
	assert_line --regexp '^   child.* execvp\("true"\) +child.* execvp\("true"\)$'
	for line in "${lines[@]}"; do
		[ ${#line} -le 170 ] || fail "$line"
	done
	trace user COLUMNS=80 STEP=3 ISOLATE=./IPC=0 true
	assert_line 'yours:'
}

@test "a program in Python, which forks, unshares and has two pipes" {
	local caller
	for caller in $(callers); do
		trace "$caller" STEP=2 ALONE=1 ISOLATE="/usr/bin/python3 mine.py" sh -c 'exit 3'
		assert_told '^parent\[[0-9]+\] fork\(\) = [0-9]+$' \
			'^child\[[0-9]+\] unshare\(CLONE_NEWUSER\|CLONE_NEWUTS\)$' \
			'^parent\[[0-9]+\] read\(sync_pipe_2\): go$' \
			'^parent\[[0-9]+\] write\("/proc/[0-9]+/uid_map", "0 [0-9]+ 1"\)$' \
			'^parent\[[0-9]+\] fork\(\) = [0-9]+$' \
			'^helper\[[0-9]+\] ip -V$' \
			'^child\[[0-9]+\] read\(sync_pipe\): go$' \
			'^child\[[0-9]+\] setresuid\(0, 0, 0\)$' \
			'^child\[[0-9]+\] prctl\(PR_SET_PDEATHSIG, SIGKILL\)$' \
			'^child\[[0-9]+\] sethostname\("box"\)$' \
			'^child\[[0-9]+\] execvp\("sh"\)$' \
			'^parent\[[0-9]+\] waitpid\([0-9]+\) = exit status 3$' \
			'^yours: exit status 3$'
	done
}

@test "a shell script: helpers by their command line, and process 1 as such" {
	local caller
	for caller in $(callers); do
		trace "$caller" ALONE=1 ISOLATE=./mine.sh sh -c 'echo said; hostname'
		assert_told "^parent\[[0-9]+\] unshare --user --map-root-user .* --fork sh -c " \
			'^parent\[[0-9]+\] unshare\(CLONE_NEWUSER\|CLONE_NEWUTS\|CLONE_NEWNET\|CLONE_NEWPID\)$' \
			'^parent\[[0-9]+\] fork\(\) = [0-9]+$' \
			'^helper\[2\] hostname box$' \
			'^helper\[2\] sethostname\("box"\)$' \
			'^helper\[3\] ip link set lo up$' \
			'^child\[1\] execvp\("sh"\)$' \
			'^  output: said$' '^  output: box$'
		# The netlink messages of ip are its own affair, and so is PROGRAM's hostname.
		refute_line --partial RTM_
		refute_line --regexp '^[a-z]+\[.* hostname$'
	done
}

@test "a helper that fails, by its exit status; a call that fails, by the reason" {
	trace user ALONE=1 ISOLATE=./HELPER=1 true
	assert_line --regexp '^helper\[[0-9]+\] ip link add lost type nosuch: exit status [12]$'
	assert_line --regexp '^helper\[[0-9]+\] hostname$'
	only_as_root
	trace user ALONE=1 ISOLATE="unshare --map-root-user --user sh -c 'hostname box; exec \"\$@\"' sh" true
	assert_line --regexp '^helper\[[0-9]+\] sethostname\("box"\): Operation not permitted$'
}

@test "newuidmap: said of who has it run, as -v does" {
	command -v newuidmap > /dev/null || cannot "there is no newuidmap"
	only_as_root
	cat > "$BATS_TEST_TMPDIR/map.sh" <<-'END'
		#!/bin/bash
		coproc unshare --user sh -c 'echo; read -r go; exec "$@"' sh "$@"
		read -r line <&"${COPROC[0]}"
		newuidmap "$COPROC_PID" 0 0 1
		echo go >&"${COPROC[1]}"
		wait
	END
	let_in
	trace root ALONE=1 ISOLATE="bash $BATS_TEST_TMPDIR/map.sh" id
	assert_line --regexp '^parent\[[0-9]+\] newuidmap [0-9]+ "0 0 1"$'
}

@test "a program that hangs is stopped, and where is said; nothing is left" {
	local caller
	for caller in $(callers); do
		SECONDS=0
		trace "$caller" LIMIT=1 ALONE=1 ISOLATE=./HANG=1 true
		assert_success
		((SECONDS < 8))
		assert_line --regexp '^child\[[0-9]+\] read\(sync_pipe\): hangs$'
		assert_line --regexp '^parent\[[0-9]+\] waitpid\([0-9]+\): hangs$'
		assert_line 'yours: stopped after 1 s: PROGRAM had not been started'
		refute_line --partial execvp
		trace "$caller" LIMIT=1 ALONE=1 ISOLATE=./right sleep 100
		assert_line --regexp '^child\[[0-9]+\] execvp\("sleep"\)$'
		assert_line 'yours: stopped after 1 s: PROGRAM had not ended'
	done
}

@test "a program that prints for ever, and one that forks for ever, are stopped" {
	trace user LIMIT=2 ALONE=1 ISOLATE=./right sh -c 'yes | cat'
	assert_line '  output: ... and more'
	assert_line 'yours: stopped after 2 s: PROGRAM had not ended'
	assert_line --regexp '^child\[[0-9]+\] execvp\("sh"\)$'
	trace user LIMIT=3 ALONE=1 ISOLATE="sh -c 'while :; do (:); done'" true
	assert_line --regexp '^yours: stopped after'
}

@test "a program of another's does not reach this machine" {
	only_as_root
	local before
	before=$(hostname)
	trace root ALONE=1 ISOLATE="sh -c 'hostname changed; ip link add left type veth; exec \"\$@\"' sh" hostname
	assert_line '  output: changed'
	assert_line --regexp '^helper\[[0-9]+\] ip link add left type veth$'
	assert_equal "$(hostname)" "$before"
	[ ! -e /proc/sys/net/ipv4/conf/left ]
}

@test "relative file names in ISOLATE, from any directory" {
	cd "$TREE/tests"
	run -0 env STEP=1 ALONE=1 ISOLATE="../step1-userns/isolate -u 7:$(id -u):1" ./trace true
	assert_line --regexp '^parent\[[0-9]+\] write\(".*/uid_map", "7 [0-9]+ 1"\)$'
	# The name is still good where the program changes its directory.
	run -0 env ALONE=1 ISOLATE="sh -c 'cd /; exec \"\$0\" \"\$@\"' ../right" ./trace true
	assert_line 'yours: exit status 0'
}

@test "without ISOLATE, ours alone" {
	trace user STEP=2 true
	assert_success
	assert_line --regexp '^child\[[0-9]+\] sethostname\("isolated"\)$'
	assert_line 'ours: exit status 0'
	refute_line 'yours:'
}

@test "one clear line: no strace, no such program, a quote that does not end, no such step" {
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	ln -s /usr/bin/python3 "$bin"
	run -1 env PATH="$bin" python3 "$TREE/tests/trace" true
	assert_output 'tests/trace: there is no strace: apt-get install strace'
	trace user ISOLATE=/no/such true
	assert_failure 1
	assert_output 'tests/trace: ISOLATE=/no/such: there is no such program'
	trace user ISOLATE='"' true
	assert_failure 1
	assert_output --partial 'tests/trace: ISOLATE=":'
	trace user STEP=7 true
	assert_failure 1
	assert_output 'tests/trace: STEP=7: not 1 to 6'
}

@test "make trace passes ISOLATE, PROGRAM and STEP on" {
	cd "$BATS_TEST_DIRNAME/.."
	run -0 make -s trace STEP=1 ISOLATE="./step1-userns/isolate -u 7:$(id -u):1" \
		PROGRAM="sh -c 'exit 5'" ALONE=1
	assert_line --regexp '^parent.*uid_map", "7 '
	assert_line --regexp '^child.*execvp\("sh"\)$'
	assert_line 'yours: exit status 5'
}
