# What is particular to our step 4, and to the later ones: --net, the addresses,
# nesting, what is said, and that no failure and no kill leaves anything behind.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # start sets OUTPUT, run sets stderr

load helper

# What PROGRAM does in most tests: it shows its address as soon as it has
# reached the host's end.
export CONNECT='ping -c 1 10.11.12.13 > /dev/null && ip -o -4 address show dev peer0'

start_connected() {
	start sh -c "$CONNECT; exec sleep 100"
	eventually has_said ' inet '
}

# The address with its prefix that the program started last has shown.
address() {
	sed -n 's/.* inet \([0-9./]*\).*/\1/p' "$OUTPUT"
}

# The name of the host's end of the pair, where that is.
veth_of() {
	on_host_side "$1" ip -o link show type veth | cut -d: -f2 | cut -d@ -f1
}

WITHOUT_NET_ADMIN=(setpriv --bounding-set=-net_admin --inh-caps=-net_admin)

#
# --net
#

@test "--net takes veth or loopback, and nothing is created before it is checked" {
	local trace=$BATS_TEST_TMPDIR/trace value
	for value in '' x VETH 'veth ' loopback,veth none; do
		run -125 traced -f -o "$trace" -e trace=clone,clone3,fork,vfork \
			"$ISOLATE" --net "$value" true
		assert_output "isolate: --net $value: not veth or loopback"
		refute grep -qE 'clone|fork' "$trace"
	done
	run -125 "$ISOLATE" --net
	assert_line --index 0 --regexp '^isolate: .*--net'
	run -0 traced -f -o "$trace" -e trace=clone,clone3,fork,vfork \
		"$ISOLATE" --net veth ping -c 1 10.11.12.13
	grep -q 'clone(.*CLONE_NEWNET' "$trace"
}

@test "--net loopback: lo is up and there is no peer0" {
	run -0 "$ISOLATE" --net loopback sh -c 'ping -c 1 127.0.0.1 && ip -o link'
	assert_output --regexp ' lo: <LOOPBACK,UP,'
	refute_output --partial peer0
	run -0 "$ISOLATE" --net=loopback ip -o -4 address
	assert_output --regexp '^1: lo +inet 127\.0\.0\.1/8 '
	assert_equal "${#lines[@]}" 1
}

@test "--net loopback leaves the host's network alone" {
	start --net loopback sh -c 'ip -o link; exec sleep 100'
	eventually has_said ' lo: <LOOPBACK,UP'
	assert_equal "$(namespace net "$PID")" "$(namespace net self)"
	[ "$(host_state)" = "$HOST_BEFORE" ]
}

@test "--net loopback needs no CAP_NET_ADMIN" {
	only_as_root
	run -0 --separate-stderr "${WITHOUT_NET_ADMIN[@]}" \
		"$ISOLATE" -v --net loopback ip -o link show lo
	assert_output --partial ' lo: <LOOPBACK,UP'
	assert_narrated 'RTM_NEWLINK\(lo, IFF_UP\)$'
	[[ $stderr != *unshare* && $stderr != *setns* ]]
}

# It was, where peer0 came up last: the ARP reply was. ARP asks again after a
# second. (ping starts too slowly to miss the wait for peer0; see what -v says.)
@test "PROGRAM's first packet is not lost" {
	for _ in {1..80}; do
		run -0 "$ISOLATE" ping -c 1 -W 0.9 10.11.12.13
	done
}

@test "the pair has one queue for sending at each end" {
	start sh -c 'ip -details link show peer0; echo up; exec sleep 100'
	eventually has_said '^up$'
	run -0 cat "$OUTPUT"
	assert_output --partial ' numtxqueues 1 '
	run -0 on_host_side "$PID" \
		ip -details link show "veth$(children_of "$PID")"
	assert_output --partial ' numtxqueues 1 '
}

#
# What -v says
#

@test "-v narrates the network, in the order in which it is set up" {
	local private=()
	run -0 --separate-stderr "$ISOLATE" -v true
	is_root || private=(
		'^parent\[[0-9]+\] open\("/proc/[0-9]+/ns/user"\) = [0-9]+$'
		'^parent\[[0-9]+\] setns\([0-9]+, CLONE_NEWUSER\)$'
		'^parent\[[0-9]+\] unshare\(CLONE_NEWNET\)$')
	assert_narrated \
		'^parent\[[0-9]+\] clone\(.*CLONE_NEWNET.*\) = [0-9]+$' \
		'^parent\[[0-9]+\] write\("/proc/[0-9]+/uid_map"' \
		"${private[@]}" \
		'^parent\[[0-9]+\] RTM_NEWLINK\(peer0 up netns [0-9]+, veth, peer veth[0-9]+\)$' \
		'^parent\[[0-9]+\] RTM_NEWLINK\(veth[0-9]+, IFF_UP\)$' \
		'^parent\[[0-9]+\] RTM_NEWADDR\(10\.11\.12\.13/32 dev veth[0-9]+\)$' \
		'^parent\[[0-9]+\] RTM_NEWROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\)$' \
		'^parent\[[0-9]+\] write\(sync_pipe\): go$' \
		'^child\[[0-9]+\] RTM_NEWLINK\(lo, IFF_UP\)$' \
		'^child\[[0-9]+\] RTM_NEWADDR\(10\.11\.12\.14/24 dev peer0\)$' \
		'^child\[[0-9]+\] RTM_GETLINK\(peer0\): IF_OPER_UP$' \
		'^child\[[0-9]+\] execvp\("true"\)$'
	if is_root; then
		[[ $stderr != *unshare* ]]
	fi
}

@test "the host's end is named after the child" {
	start_connected
	assert_equal "$(veth_of "$PID")" " veth$(children_of "$PID")"
}

#
# Addresses
#

@test "where 10.11.12.14 is taken, another of 10.11.0.0/16 answers ping" {
	only_as_root
	start_connected
	assert_equal "$(address)" 10.11.12.14/24
	start_connected
	assert_regex "$(address)" '^10\.11\.[0-9]+\.[0-9]+/16$'
	refute [ "$(address)" = 10.11.12.14/16 ]
	ping -c 1 "$(address | cut -d/ -f1)"
	# As it does if the host has it.
	run -0 unshare --net sh -c '
		ip link set lo up && ip address add 10.11.12.14/32 dev lo &&
		"$ISOLATE" sh -c "$0"' "$CONNECT"
	assert_output --regexp ' inet 10\.11\.[0-9]+\.[0-9]+/16 '
}


is_in_network_of() {
	[ "$(namespace net "$1")" = "$(namespace net "$2")" ]
}

# Another process keeps the network namespace, and so the link, alive.
@test "an address is free as soon as isolate ends, whenever its link goes" {
	only_as_root
	local isolate holder output
	start -v sh -c "trap 'exit 0' TERM; $CONNECT; while :; do sleep 0.02; done"
	isolate=$PID output=$OUTPUT
	eventually has_said ' inet 10\.11\.12\.14/24 '
	start_outside nsenter --net --target "$(children_of "$isolate")" sleep 100
	holder=$PID
	eventually is_in_network_of "$holder" "$(children_of "$isolate")"
	kill -TERM "$isolate"
	wait "$isolate"
	has_said '^parent.*RTM_DELROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\)$' \
		"$output"
	ip -o link show type veth | grep -q .
	run -0 "$ISOLATE" ip -o -4 address show dev peer0
	assert_output --partial ' inet 10.11.12.14/24 '
}

is_given_first_address() {
	"$ISOLATE" ip -o -4 address show dev peer0 | grep -q ' 10\.11\.12\.14/24 '
}

@test "an address is free some time after isolate is killed" {
	start_connected
	kill -KILL "$PID"
	eventually is_given_first_address
}

#
# The host's side
#

# What PROGRAM does in that many levels, counted by $0. In step 5 it needs a
# /proc of its own first: isolate looks there for its child.
export INSIDE=
((STEP != 5)) || INSIDE='unshare --mount-proc'
export NESTED='eval "$CONNECT" || exit
	[ "$0" -eq 1 ] || exec $INSIDE "$ISOLATE" sh -c "$NESTED" $(($0 - 1))'

@test "links of the host's named veth0 and peer0 do not disturb" {
	only_as_root
	run -0 unshare --net sh -c 'ip link add veth0 type veth peer name peer0 &&
		exec "$ISOLATE" sh -c "$0"' "$CONNECT"
	assert_output --partial ' inet 10.11.12.14/24 '
}

@test "root without CAP_NET_ADMIN gets a host side of its own" {
	only_as_root
	start_outside "${WITHOUT_NET_ADMIN[@]}" "$ISOLATE" \
		sh -c "$CONNECT; exec sleep 100"
	eventually has_said ' inet 10\.11\.12\.14/24 '
	refute [ "$(namespace net "$PID")" = "$(namespace net self)" ]
	[ "$(host_state)" = "$HOST_BEFORE" ]
	nsenter --net --target "$PID" ping -c 1 10.11.12.14
}

# PROGRAM has CAP_SYS_PTRACE where isolate is then. In step 6 it sees the host's
# processes only when it has unmounted its /proc.
@test "root's PROGRAM cannot look into an isolate with a host side of its own" {
	only_as_root
	local look='umount /proc 2> /dev/null
		for exe in /proc/[0-9]*/exe; do readlink "$exe"; done; true'
	run -0 "${WITHOUT_NET_ADMIN[@]}" "$ISOLATE" sh -c "$look"
	assert_line --regexp '/(da|ba)?sh$' # its own
	refute_line "$(realpath "$ISOLATE")"
	# One that is root outside could in any case.
	run -0 "${WITHOUT_NET_ADMIN[@]}" "$ISOLATE" -u 0:0:1 -g 0:0:1 \
		sh -c "$look"
	assert_line "$(realpath "$ISOLATE")"
}

@test "root of a user namespace that does not own the network gets one, too" {
	run -0 unshare --user --map-root-user "$ISOLATE" sh -c "$CONNECT"
	assert_output --partial ' inet 10.11.12.14/24 '
}

@test "isolate in isolate in isolate: each pings its host side" {
	run -0 "$ISOLATE" sh -c "$NESTED" 3
	assert_line --index 0 --regexp ' inet 10\.11\.12\.14/24 '
	assert_line --index 1 --regexp ' inet 10\.11\.[0-9]+\.[0-9]+/[0-9]+ '
	assert_line --index 2 --regexp ' inet 10\.11\.[0-9]+\.[0-9]+/[0-9]+ '
	assert_equal "${#lines[@]}" 3
}

@test "isolate inside isolate is pinged from its host side" {
	run -0 "$ISOLATE" bash -c '
		coproc $INSIDE "$ISOLATE" sh -c "$0 && read -r _"
		read -r _ _ _ address _ <&"${COPROC[0]}" &&
		ping -c 1 "${address%/*}"
		echo >&"${COPROC[1]}"' "$CONNECT"
	assert_output --partial ' 1 received'
}

#
# Failures: each says what failed, exits with 125 and, as teardown proves,
# leaves neither process nor link.
#

# fails_at CALL ERROR MESSAGE ARGS...: what isolate says when the system call
# CALL ("sendto:when=2") fails with ERROR.
fails_at() {
	local inject=${1/:/:error="$2":} message=$3
	[[ $1 == *:* ]] || inject=$1:error=$2
	shift 3
	run -125 --separate-stderr traced -f -o /dev/null \
		-e "trace=${inject%%:*}" -e "inject=$inject" "$ISOLATE" "$@"
	assert_output ''
	assert_regex "${stderr_lines[0]}" "^isolate: $message"
}

@test "each request of the parent's that fails is reported, and leaves nothing" {
	fails_at sendto:when=1 EBUSY 'RTM_NEWLINK\(peer0 up .*\): Device or resource busy$' true
	assert_equal "${#stderr_lines[@]}" 1
	fails_at sendto:when=2 ENOMEM 'RTM_NEWLINK\(veth[0-9]+, IFF_UP\): Cannot allocate memory$' true
	fails_at sendto:when=3 EPERM 'RTM_NEWADDR\(10\.11\.12\.13/32 dev veth[0-9]+\): Operation not permitted$' true
	fails_at sendto:when=4 ENOMEM 'RTM_NEWROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\): Cannot allocate memory$' true
	fails_at recvmsg:when=1 ENOBUFS 'RTM_NEWLINK\(peer0 up .*\): No buffer space available$' true
	fails_at setsockopt ENOPROTOOPT 'setsockopt\(NETLINK_EXT_ACK\): Protocol not available$' true
}

@test "each request of the child's that fails is reported, and leaves nothing" {
	fails_at sendto:when=1 EPERM 'RTM_NEWLINK\(lo, IFF_UP\): Operation not permitted$' --net loopback true
	fails_at ioctl:when=2 ENODEV 'if_nametoindex\("(veth[0-9]+|lo|peer0)"\): No such device$' true
}

@test "a private host side that is refused is reported, and leaves nothing" {
	only_as_ordinary_user
	fails_at setns EPERM 'setns\([0-9]+, CLONE_NEWUSER\): Operation not permitted$' true
	fails_at unshare ENOSPC 'unshare\(CLONE_NEWNET\): No space left on device$' true
}

@test "a kernel without veth: the hint names the module" {
	fails_at sendto:when=1 EOPNOTSUPP 'RTM_NEWLINK\(peer0 up .*\): Operation not supported$' true
	assert_equal "${stderr_lines[1]}" 'hint: this kernel has no veth: modprobe veth'
	assert_equal "${#stderr_lines[@]}" 2
}

@test "a clone that is refused for want of namespaces: the hint names the limit" {
	fails_at clone ENOSPC 'clone\(.*CLONE_NEWNET.*\): No space left on device$' true
	assert_regex "${stderr_lines[1]}" '^hint: .*/proc/sys/user/max_[a-z]+_namespaces'
}

# taken_down_at N ARGS...: isolate, whose parent is stopped at its Nth request,
# when its link is taken down. strace starts isolate. Sets $status.
taken_down_at() {
	local trace=$BATS_TEST_TMPDIR/trace request=$1 isolate
	shift
	start_outside env ASAN_OPTIONS=detect_leaks=0 \
		strace -o "$trace" -e trace=sendto \
		-e inject=sendto:signal=STOP:when="$request" "$ISOLATE" "$@"
	eventually grep -qs 'stopped by SIGSTOP' "$trace"
	isolate=$(children_of "$PID")
	on_host_side "$isolate" ip link set "veth$(children_of "$isolate")" down
	kill -CONT "$isolate"
	eventually is_gone "$PID"
	status=0
	wait "$PID" || status=$?
}

# It has the address and asks for the route.
@test "the kernel's own sentence about a failure is part of the message" {
	taken_down_at 3 true
	assert_equal "$status" 125
	run cat "$OUTPUT"
	assert_output --regexp '^isolate: RTM_NEWROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\): Network is down: [A-Z][a-z ]+$'
}

# It has the route too, and releases the child.
@test "PROGRAM runs without a carrier, where the host's end is taken down" {
	taken_down_at 4 -v sh -c 'echo runs; exit 3'
	assert_equal "$status" 3
	run cat "$OUTPUT"
	assert_line runs
	assert_line --regexp '^child\[[0-9]+\] RTM_GETLINK\(peer0\): no carrier$'
}

#
# SIGKILL at any moment
#

# moments PROGRAM: one line a system call of isolate's from clone(2) to its
# end, "sendto 2" for the second sendto(2) of all.
moments() {
	local trace=$BATS_TEST_TMPDIR/trace
	traced -o "$trace" "$ISOLATE" "$@" > /dev/null
	awk -F'(' '/^[a-z0-9_]+\(/ { n[$1]++ }
		/^clone/ { begun = 1 }
		begun && /^[a-z0-9_]+\(/ { print $1, n[$1] }' "$trace"
}

@test "killed before any of its system calls, isolate leaves nothing" {
	local moments moment call number program=(sleep 100) straces=() status
	mapfile -t moments < <(moments true)
	[ ${#moments[@]} -gt 20 ]
	for moment in "${moments[@]}"; do
		read -r call number <<< "$moment"
		traced -o /dev/null -e "trace=$call" \
			-e "inject=$call:signal=KILL:when=$number" \
			"$ISOLATE" "${program[@]}" &
		straces+=("$!")
		# After this one, PROGRAM must end, or nothing follows.
		[ "$call" != rt_sigtimedwait ] || program=(true)
	done
	for strace in "${straces[@]}"; do
		status=0
		wait "$strace" || status=$?
		assert_equal "$status" 137
	done
	eventually host_is_as_before
}
