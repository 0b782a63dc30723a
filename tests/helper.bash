# What all tests share. Each file begins with `load helper`.
#
# tests/run sets, and makes the tests run from /:
#
#	ISOLATE	the program under test
#	STEP	the number of its step
#	PROBE	tests/probe, compiled: it does what a shell cannot

bats_require_minimum_version 1.5.0

# Not by bats_load_library: it would run dirname(1) for each of these files, for
# every test anew, which takes longer than most tests.
for directory in ${BATS_LIB_PATH//:/ }; do
	for file in "$directory"/bats-{support,assert}/src/*.bash; do
		# shellcheck disable=SC1090
		[ ! -e "$file" ] || source "$file"
	done
done

# The namespaces in the order of the steps, as in /proc/PID/ns.
# shellcheck disable=SC2034 # used by the tests
NAMESPACES=(user uts ipc net pid mnt)

is_root() {
	((EUID == 0))
}

only_as_root() {
	is_root || skip "only as root"
}

only_as_ordinary_user() {
	! is_root || skip "only as an ordinary user"
}

# has_sys_admin: says if this is root as on a host. Root of a container often has
# no CAP_SYS_ADMIN: isolate has to do for it as for an ordinary user, and it makes
# and enters no namespaces but in a user namespace.
has_sys_admin() {
	local caps
	caps=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
	((16#$caps >> 21 & 1))
}

only_with_sys_admin() {
	only_as_root
	has_sys_admin || cannot "this root has no CAP_SYS_ADMIN"
}

# cannot REASON: for a test that this machine does not allow. In CI it fails.
cannot() {
	skip "cannot run here: $1"
}

# eventually COMMAND...: waits until the command succeeds, at most some 10 s, or
# PATIENCE seconds.
eventually() {
	local end=$((SECONDS + ${PATIENCE:-10}))
	while ((SECONDS <= end)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "still not so after ${PATIENCE:-10} s: $*" >&2
	return 1
}

# start_outside COMMAND...: the command in the background, on the host, its
# output in the file $OUTPUT. Sets PID. teardown kills it.
start_outside() {
	OUTPUT=$BATS_TEST_TMPDIR/output.$((++STARTED))
	"$@" > "$OUTPUT" 2>&1 < /dev/null 3>&- &
	PID=$!
	PIDS+=("$PID")
}

# start PROGRAM [ARGS...]: the same with isolate PROGRAM. teardown then finds no
# process left: before step 5 only if PROGRAM is a single one, `exec sleep 100`.
start() {
	start_outside "$ISOLATE" "$@"
}

# has_said REGEX [FILE]: says if the program started last has printed this.
has_said() {
	grep -qE "$1" "${2:-$OUTPUT}"
}

# children_of PID: the pids of its children, here on the host.
children_of() {
	ps -o pid= --ppid "$1" | tr -d ' '
}

# is_gone PID: says if the process has ended, be it reaped or not.
is_gone() {
	[[ $(ps -o stat= -p "$1") != [!Z]* ]]
}

# executes PID ARGS: says if the process has executed this by now.
executes() {
	[ "$(ps -o args= -p "$1")" = "$2" ]
}

# is_stopped PID
is_stopped() {
	[[ $(ps -o stat= -p "$1") == T* ]]
}

# traced ARGS...: strace, which the leak check of a sanitized build cannot bear.
traced() {
	ASAN_OPTIONS=detect_leaks=0 strace "$@" 3>&-
}

# assert_narrated REGEX...: lines of $stderr match these, in this order.
# shellcheck disable=SC2154 # run sets stderr
assert_narrated() {
	local line wanted=("$@")
	for line in "${stderr_lines[@]}"; do
		if [[ $line =~ ${wanted[0]:-^$} ]]; then
			wanted=("${wanted[@]:1}")
		fi
	done
	[ ${#wanted[@]} -eq 0 ] ||
		fail "not said, or not in this order: ${wanted[0]}
$stderr"
}

# namespace KIND PID: its inode, "uts:[4026531838]".
namespace() {
	readlink "/proc/$2/ns/$1"
}

# host_side_of PID: a file that leads to the network namespace with the host's
# end of the veth pair. It is the one that the process is in, be it the host's or
# a private one; or one that it keeps by a descriptor, which is neither the
# host's nor PROGRAM's.
host_side_of() {
	local fd host programs
	host=$(namespace net self)
	programs=$(namespace net "$(children_of "$1" | head -n 1)")
	for fd in "/proc/$1"/fd/*; do
		case $(readlink "$fd") in
		"$host" | "$programs") ;;
		net:*)
			echo "$fd"
			return
			;;
		esac
	done
	echo "/proc/$1/ns/net"
}

# enter PID NET COMMAND...: runs it in the network namespace that the file NET
# leads to, which is PROGRAM's or its private host side, and PID is PROGRAM. It
# belongs to PROGRAM's user namespace, in which one has to be root for it.
enter() {
	local options=(--net="$2") user=/proc/$1/ns/user
	shift 2
	has_sys_admin || options+=(--user="$user")
	is_root || options+=(--preserve-credentials)
	nsenter "${options[@]}" "$@"
}

# The host's end of a pair goes some milliseconds after its process.
links_are_gone() {
	[ -z "$(ip -o link show type veth)" ]
}

# on_host_side PID COMMAND...: runs it where the host's end of the veth pair of
# isolate, PID, is.
on_host_side() {
	local side program
	side=$(host_side_of "$1")
	program=$(children_of "$1" | head -n 1)
	shift
	if [ "$(readlink "$side")" = "$(namespace net self)" ]; then
		"$@"
	else
		enter "$program" "$side" "$@"
	fi
}

# What a test must leave as it was.
host_state() {
	awk 'FILENAME == "/proc/net/dev" { print $1; next }
		FILENAME ~ "^/proc/sysvipc/" { print $1, $2; next }
		$1 == "+--" { next } # the shape of the trie depends on the past
		{ print }' /proc/sys/kernel/hostname /proc/self/mountinfo \
		/proc/net/dev /proc/net/route /proc/net/fib_trie \
		/proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg
}

# Processes that the test started, directly or not, have TEST_MARKER in their
# environment; those of bats itself are older than it.
leftover_pids() (
	unset TEST_MARKER
	grep -lsz "^TEST_MARKER=$1\$" /proc/[0-9]*/environ | cut -d / -f 3
)

leftover_processes() {
	local pid
	for pid in $(leftover_pids "$1"); do
		tr '\0' ' ' < "/proc/$pid/cmdline"
		echo
	done
}

host_is_as_before() {
	[ "$(host_state)" = "$HOST_BEFORE" ] &&
		[ -z "$(leftover_processes "$TEST_MARKER")" ]
}

setup() {
	HOST_BEFORE=$(host_state)
	export TEST_MARKER=$BATS_TEST_TMPDIR
	PIDS=()
	STARTED=0
}

teardown() {
	[ ${#PIDS[@]} -eq 0 ] || kill -KILL "${PIDS[@]}" 2>/dev/null || true
	eventually host_is_as_before && return
	diff <(echo "$HOST_BEFORE") <(host_state)
	leftover_processes "$TEST_MARKER"
	# bats would wait for them.
	leftover_pids "$TEST_MARKER" | xargs --no-run-if-empty kill -KILL
	return 1
}

# let_in: makes $BATS_TEST_TMPDIR, which bats keeps to its user, one that every
# id may use: a plain root's 0 inside is another outside.
let_in() {
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
	chmod a+rwx "$BATS_TEST_TMPDIR"
}

# after_mounting SCRIPT COMMAND...: runs the command, as this same user, where
# the shell script has mounted something. The host does not see it.
after_mounting() {
	local script="$1; exec \"\$@\""
	shift
	if has_sys_admin; then
		unshare --mount --propagation private sh -euc "$script" sh "$@"
	else
		unshare --user --map-root-user --mount sh -euc "$script" sh \
			unshare --user --map-user="$(id -u)" \
			--map-group="$(id -g)" "$@"
	fi
}

# can_map_auto: for a test of what --map-auto makes possible.
can_map_auto() {
	local file
	! is_root || { only_with_sys_admin; return 0; }
	command -v newuidmap > /dev/null || cannot "there is no newuidmap"
	for file in /etc/subuid /etc/subgid; do
		grep -qsE "^($(id -u)|$(id -un 2>/dev/null)):" "$file" ||
			cannot "$file has no range for this user"
	done
}

# make_skeleton DIR: a root into which the host's programs can be bound, by
# $ROOT_BINDS.
make_skeleton() {
	local dir
	mkdir -p "$1"/{usr,etc,proc,dev,sys,tmp}
	# shellcheck disable=SC2034 # used by the tests
	ROOT_BINDS=(--bind /usr:/usr:ro --bind /etc:/etc:ro)
	for dir in /bin /sbin /lib /lib32 /lib64 /libx32; do
		if [ -L "$dir" ]; then
			cp -d "$dir" "$1"
		elif [ -d "$dir" ]; then
			mkdir "$1$dir"
			ROOT_BINDS+=(--bind "$dir:$dir:ro")
		fi
	done
}
