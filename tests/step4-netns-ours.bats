# What is particular to our step 4, and to the later ones: the addresses, nesting,
# what is said, and that no failure and no kill leaves anything behind.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # start sets OUTPUT, run sets stderr
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and is to be one

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
	on_host_side "$1" ip -o link show type veth |
		sed 's/^[0-9]*: \([^@]*\)@.*/\1/'
}

WITHOUT_NET_ADMIN=(setpriv --bounding-set=-net_admin --inh-caps=-net_admin)

# In one shell, as fast as it can: the kernel is still busy with the last one.
@test "twenty back to back have 10.11.12.14 each" {
	# shellcheck disable=SC2016 # expanded by that shell
	run bash -c 'for i in {1..20}; do
			"$ISOLATE" ip -o -4 address show dev peer0 || exit
		done'
	assert_success
	assert_equal "$(grep -c ' inet 10\.11\.12\.14/' <<< "$output")" 20
}

@test "fifty at once: each pings the host's side and is pinged from it" {
	local i pids=() outputs=() pings=()
	for i in {1..50}; do
		start sh -c 'ping -c 1 10.11.12.13 > /dev/null &&
			ip -o -4 address show dev peer0; exec sleep 100'
		pids+=("$PID")
		outputs+=("$OUTPUT")
	done
	for i in "${!pids[@]}"; do
		eventually has_said ' inet ' "${outputs[i]}"
		on_host_side "${pids[i]}" ping -c 1 "$(sed -n \
			's/.*peer0 *inet \([0-9.]*\).*/\1/p' "${outputs[i]}")" 3>&- &
		pings+=("$!")
	done
	for i in "${pings[@]}"; do
		wait "$i"
	done
}

@test "the host's links change while root's runs, and an ordinary user's do not" {
	start sh -c 'ping -c 1 10.11.12.13 && exec sleep 100'
	eventually has_said ' 1 received'
	on_host_side "$PID" ip -o link show type veth | grep -q .
	if has_sys_admin; then
		refute [ "$(host_state)" = "$HOST_BEFORE" ]
	else
		[ "$(host_state)" = "$HOST_BEFORE" ]
	fi
	kill -KILL "$PID"
	eventually host_is_as_before
}

# It was, where peer0 came up last: the ARP reply was. ARP asks again after a
# second. (ping starts too slowly to miss the wait for peer0; see what -v says.)
@test "PROGRAM's first packet is not lost" {
	# Not a variable i: `run` has one of its own.
	for _ in $(seq "${FIRST_PACKETS:-80}"); do
		run -0 "$ISOLATE" ping -c 1 -W 0.9 10.11.12.13
	done
}

@test "the pair has one queue for sending at each end" {
	start sh -c 'ip -details link show peer0; echo up; exec sleep 100'
	eventually has_said '^up$'
	run -0 cat "$OUTPUT"
	assert_output --partial ' numtxqueues 1 '
	run -0 on_host_side "$PID" ip -details link show type veth
	assert_output --partial ' numtxqueues 1 '
}

#
# What -v says
#

@test "-v narrates the network, in the order in which it is set up" {
	local who=child own=('^child\[[0-9]+\] unshare\(CLONE_NEWNET\)$')
	if has_sys_admin; then
		who=parent
		own=('^parent\[[0-9]+\] setns\([0-9]+, CLONE_NEWNET\)$'
			'^parent\[[0-9]+\] setns\([0-9]+, CLONE_NEWNET\)$')
	fi
	run -0 --separate-stderr "$ISOLATE" -v true
	assert_narrated \
		'^parent\[[0-9]+\] clone\(.*CLONE_NEWNET.*\) = [0-9]+$' \
		'^parent\[[0-9]+\] open\("/proc/[0-9]+/ns/net"\) = [0-9]+$' \
		'^parent\[[0-9]+\] write\("/proc/[0-9]+/uid_map"' \
		'^parent\[[0-9]+\] write\(sync_pipe\): go$' \
		"${own[@]}" \
		"^$who\\[[0-9]+\\] RTM_NEWLINK\\(peer0 up, veth, peer veth[0-9]+ netns [0-9]+\\)\$" \
		"^$who\\[[0-9]+\\] RTM_NEWLINK\\(veth[0-9]+, IFF_UP\\)\$" \
		"^$who\\[[0-9]+\\] RTM_NEWADDR\\(10\.11\.12\.13/32 dev veth[0-9]+\\)\$" \
		"^$who\\[[0-9]+\\] RTM_NEWROUTE\\(10\.11\.12\.14/32 dev veth[0-9]+\\)\$" \
		'^child\[[0-9]+\] RTM_NEWADDR\(10\.11\.12\.14/24 dev peer0\)$' \
		'^child\[[0-9]+\] RTM_GETLINK\(peer0\): IF_OPER_UP$' \
		'^child\[[0-9]+\] execvp\("true"\)$'
	assert_narrated '^child\[[0-9]+\] RTM_NEWLINK\(lo, IFF_UP\)$' \
		'^child\[[0-9]+\] RTM_NEWADDR'
	if has_sys_admin; then
		assert_narrated \
			'^parent.* RTM_NEWLINK\(peer0' \
			'^parent.* write\(".*/veth[0-9]+/rp_filter", "1"\)$' \
			'^parent.* write\(".*/veth[0-9]+/disable_ipv6", "1"\)$' \
			'^parent.* write\(".*/veth[0-9]+/accept_ra", "0"\)$' \
			'^parent.* RTM_NEWLINK\(veth[0-9]+, IFF_UP\)$'
		[[ $stderr != *unshare* ]]
	fi
}

# Not after its pid, which is unique in a pid namespace only.
@test "the host's end is named after the network namespace inside" {
	local namespace
	start_connected
	namespace=$(namespace net "$(children_of "$PID")")
	assert_equal "$(veth_of "$PID")" "veth${namespace//[!0-9]/}"
}

@test "PROGRAMs of two pid namespaces have the same pids and do not disturb" {
	only_with_sys_admin
	local i
	for i in {1..20}; do
		start_outside unshare --pid --fork --kill-child --mount-proc \
			"$ISOLATE" sh -c "$CONNECT; exec sleep 100"
	done
	for i in {1..20}; do
		eventually has_said ' inet ' "$BATS_TEST_TMPDIR/output.$i"
	done
}

#
# Addresses
#

@test "where 10.11.12.14 is taken, another of 10.11.0.0/16 answers ping" {
	only_with_sys_admin
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

# end_and_hold: runs isolate -v, and ends it. Another process keeps the network
# namespace, and so the link, alive.
end_and_hold() {
	local ended
	start -v sh -c "trap 'exit 0' TERM; $CONNECT; while :; do sleep 0.02; done"
	ended=$PID
	eventually has_said ' inet 10\.11\.12\.14/24 '
	start_outside nsenter --net --target "$(children_of "$ended")" sleep 100
	eventually is_in_network_of "$PID" "$(children_of "$ended")"
	kill -TERM "$ended"
	wait "$ended"
}

@test "an address is free as soon as isolate ends, whenever its link goes" {
	only_with_sys_admin
	end_and_hold
	has_said '^parent.*RTM_DELROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\)$' \
		"$BATS_TEST_TMPDIR/output.1"
	ip -o link show type veth | grep -q .
	run -0 "$ISOLATE" ip -o -4 address show dev peer0
	assert_output --partial ' inet 10.11.12.14/24 '
}

# claimed_address N: isolate where the host has 10.11.12.14, and where the next link
# has the number N, which is even. Numbers are given out in turn, and not again.
claimed_address() {
	unshare --net bash -c '
		ip link set lo up; ip address add 10.11.12.14/32 dev lo
		for ((number = 2; number < $1; number += 2)); do
			echo link add name a type veth peer name b
			echo link del dev a
		done | ip -batch -
		exec "$ISOLATE" ip -o -4 address show dev peer0' bash "$1"
}

# The search begins at an address that depends on the number of the link.
@test "no address that is given ends in 0 or in 255" {
	only_with_sys_admin
	run -0 claimed_address 2
	assert_output --partial ' inet 10.11.0.3/16 '
	run -0 claimed_address 254
	assert_output --partial ' inet 10.11.1.1/16 '
}

# Else they would wait for minutes, and keep the network namespace for as long.
@test "what PROGRAM has left closing has a way to it, until its link goes" {
	only_with_sys_admin
	end_and_hold
	ping -c 1 10.11.12.14
	kill "$PID"
	eventually links_are_gone
	run ip route get 10.11.12.14
	refute_output --partial ' dev veth'
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
	only_with_sys_admin
	run -0 unshare --net sh -c 'ip link add veth0 type veth peer name peer0 &&
		exec "$ISOLATE" sh -c "$0"' "$CONNECT"
	assert_output --partial ' inet 10.11.12.14/24 '
}

@test "root without CAP_NET_ADMIN gets a host side of its own" {
	only_with_sys_admin
	start_outside "${WITHOUT_NET_ADMIN[@]}" "$ISOLATE" \
		sh -c "$CONNECT; exec sleep 100"
	eventually has_said ' inet 10\.11\.12\.14/24 '
	[ "$(host_state)" = "$HOST_BEFORE" ]
	on_host_side "$PID" ping -c 1 10.11.12.14
}

# With it goes the right to enter another network namespace and come back.
@test "root without CAP_SYS_ADMIN gets a host side of its own" {
	only_with_sys_admin
	start_outside setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
		"$ISOLATE" sh -c "$CONNECT; exec sleep 100"
	eventually has_said ' inet 10\.11\.12\.14/24 '
	[ "$(host_state)" = "$HOST_BEFORE" ]
	on_host_side "$PID" ping -c 1 10.11.12.14
}

# attempt ARGS...: starts isolate by these, with a PROGRAM that tries to get hold
# of isolate, and of a process of its own. From step 5 on only the host's /proc
# shows isolate, and ptrace(2) has no number for it.
attempt() {
	let_in
	rm -f "$BATS_TEST_TMPDIR/isolate" # of an earlier attempt
	start_outside "$@" bash -c '
		until read -r isolate 2> /dev/null < "$0"; do sleep 0.02; done
		sleep 100 & own=$!
		((STEP < 5)) || own=self
		"$PROBE" take-over "$isolate"; echo own
		"$PROBE" take-over "$own"; kill %1; echo end' \
		"$BATS_TEST_TMPDIR/isolate"
	echo "$PID" > "$BATS_TEST_TMPDIR/isolate"
	eventually has_said '^end$'
	wait "$PID" || true
}

assert_not_taken_over() {
	local theirs own
	theirs=$(sed '/^own$/,$d' "$OUTPUT") own=$(sed '1,/^own$/d' "$OUTPUT")
	assert_regex "$theirs" "^comm: ${ISOLATE##*/}"
	assert_regex "$theirs" 'ptrace: (Operation not permitted|No such process)'
	assert_regex "$theirs" $'mem: Permission denied\n'
	assert_regex "$theirs" $'exe: Permission denied\n'
	assert_regex "$theirs" $'fd/0: Permission denied$'
	# This is how it would go if it could:
	assert_regex "$own" $'mem: done\nexe: done\nfd/0: done'
	((STEP > 4)) || assert_regex "$own" 'ptrace: done'
}

@test "PROGRAM cannot take isolate over" {
	attempt "$ISOLATE"
	assert_not_taken_over
}

# Root outside could, with isolate's own id: but not from that user namespace.
@test "root's PROGRAM cannot take over an isolate that is the same user" {
	only_as_root
	attempt "$ISOLATE" -u 0:0:1 -g 0:0:1
	assert_not_taken_over
	attempt "${WITHOUT_NET_ADMIN[@]}" "$ISOLATE" -u 0:0:1 -g 0:0:1
	assert_not_taken_over
}

# After the ping that follows, the host has had the advertisement.
@test "PROGRAM cannot make itself the host's IPv6 router" {
	only_with_sys_admin
	[ -e /proc/sys/net/ipv6 ] || cannot "this kernel has no IPv6"
	run -0 unshare --net bash -c '
		coproc "$ISOLATE" bash -c "while read -r _; do
			\"\$PROBE\" advertise peer0 &&
				ping -c 1 10.11.12.13 > /dev/null && echo sent
		done"
		advertise() {
			echo >&"${COPROC[1]}"
			read -r sent <&"${COPROC[0]}" && [ "$sent" = sent ]
		}
		# For as long as IPv6 would take to begin on a new link.
		for _ in {1..20}; do
			advertise || exit
			ip -6 address show; ip -6 route show default
			sleep 0.1
		done
		echo listening
		cd /proc/sys/net/ipv6/conf/veth*/ || exit
		echo 1 > accept_ra; echo 0 > disable_ipv6
		for _ in {1..100}; do
			advertise || exit
			ip -6 route show default | grep . && break
			sleep 0.02
		done'
	assert_line --index 0 listening
	assert_line --index 1 --regexp '^default via fe80::1 dev veth[0-9]+ '
}

# The new gateway would have to answer on the host's network: here it is known.
# rp_filter is the greater of that of the link and of all.
@test "PROGRAM cannot send the host to another gateway" {
	only_with_sys_admin
	run -0 unshare --net bash -c '
		ip link add eth0 type veth peer name wire0
		ip link set eth0 up; ip link set wire0 up
		ip addr add 192.0.2.2/24 dev eth0
		ip route add default via 192.0.2.1
		ip neigh add 192.0.2.66 lladdr 02:00:00:00:00:66 dev eth0
		ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0
		coproc "$ISOLATE" bash -c "while read -r to; do
			\"\$PROBE\" redirect 10.11.12.13 192.0.2.1 192.0.2.2 \
				192.0.2.66 \$to &&
				ping -c 1 10.11.12.13 > /dev/null && echo sent
		done"
		redirect() {
			ip route get "$1" > /dev/null
			echo "$1" >&"${COPROC[1]}"
			read -r sent <&"${COPROC[0]}" && [ "$sent" = sent ]
			ip route get "$1" | head -n 1
		}
		redirect 198.51.100.1; redirect 198.51.100.1
		cd /proc/sys/net/ipv4/conf/veth*/ || exit
		echo 2 > ../all/rp_filter
		redirect 198.51.100.2
		echo 0 > ../all/rp_filter; echo 0 > rp_filter
		redirect 198.51.100.1'
	assert_line --index 0 --partial '198.51.100.1 via 192.0.2.1 '
	assert_line --index 1 --partial '198.51.100.1 via 192.0.2.1 '
	# As README.md says; and so it would be without.
	assert_line --index 2 --partial '198.51.100.2 via 192.0.2.66 '
	assert_line --index 3 --partial '198.51.100.1 via 192.0.2.66 '
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

# connecting_fails N ERROR MESSAGE: what isolate says when the Nth request for the
# pair fails. It is root's parent that makes them, or an ordinary user's child,
# after another for lo.
connecting_fails() {
	local number=$1 follow=()
	has_sys_admin || number=$((number + 1)) follow=(-f)
	run -125 --separate-stderr traced "${follow[@]}" -o /dev/null \
		-e trace=sendto -e "inject=sendto:error=$2:when=$number" \
		"$ISOLATE" true
	assert_output ''
	assert_regex "${stderr_lines[0]}" "^isolate: $3$"
}

@test "each request for the pair that fails is reported, and leaves nothing" {
	connecting_fails 1 EBUSY 'RTM_NEWLINK\(peer0 up, .*\): Device or resource busy'
	assert_equal "${#stderr_lines[@]}" 1
	connecting_fails 2 ENOMEM 'RTM_NEWLINK\(veth[0-9]+, IFF_UP\): Cannot allocate memory'
	connecting_fails 3 EPERM 'RTM_NEWADDR\(10\.11\.12\.13/32 dev veth[0-9]+\): Operation not permitted'
	connecting_fails 4 ENOMEM 'RTM_GETROUTE\(10\.11\.12\.14\): Cannot allocate memory'
	connecting_fails 5 ENOMEM 'RTM_NEWROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\): Cannot allocate memory'
	fails_at recvmsg:when=1 ENOBUFS 'RTM_NEWLINK\(.*\): No buffer space available$' true
	fails_at setsockopt ENOPROTOOPT 'setsockopt\(NETLINK_EXT_ACK\): Protocol not available$' true
}

@test "each request of the child's that fails is reported, and leaves nothing" {
	local before=5
	! has_sys_admin || before=0
	fails_at "ioctl:when=1" ENODEV 'ioctl\(SIOCGIFINDEX, "(veth[0-9]+|lo)"\): No such device$' true
	# Those of the parent's first ones that root makes go well.
	run -125 --separate-stderr traced -f -o /dev/null -e trace=sendto \
		-e "inject=sendto:error=EPERM:when=$((before + 3))" \
		"$ISOLATE" true
	assert_regex "$stderr" 'RTM_(GETLINK\(peer0|NEWADDR\(.* dev (veth[0-9]+|peer0))\): Operation not permitted'
}

# As in Docker, where /proc/sys is read-only.
@test "125 and a hint: the host cannot be kept from believing PROGRAM" {
	only_with_sys_admin
	export READ_ONLY='mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys'
	# From step 6 on the child fails as well, since a part of /proc is mounted
	# over. The parent is slow here: it finds the child gone.
	run -125 --separate-stderr unshare --mount sh -c '
		eval "$READ_ONLY"
		[ "$STEP" -lt 6 ] || exec strace -o /dev/null \
			-e inject=setns:delay_enter=500000 \
			"$ISOLATE" echo PROGRAM runs
		exec "$ISOLATE" echo PROGRAM runs'
	assert_output ''
	assert_equal "${#stderr_lines[@]}" 2
	if ((STEP == 6)); then
		assert_regex "${stderr_lines[0]}" '^isolate: mount\("proc", .*: Operation not permitted$'
	else
		assert_regex "${stderr_lines[0]}" '^isolate: open\("/proc/sys/net/ipv4/conf/veth[0-9]+/rp_filter"\): Read-only file system$'
		assert_regex "${stderr_lines[1]}" '^hint: /proc/sys is read-only'
	fi
}

@test "125 and a hint: the kernel refuses what protects the host" {
	only_with_sys_admin
	local trace=$BATS_TEST_TMPDIR/trace number
	traced -o "$trace" -e trace=openat,write "$ISOLATE" true
	number=$(awk '/^openat.*rp_filter"/ { print n + 1; exit }
		/^write/ && !/ERESTART/ { n++ }' "$trace")
	run -125 --separate-stderr traced -o "$trace" \
		-e "inject=write:error=EPERM:when=$number" \
		"$ISOLATE" echo PROGRAM runs
	assert_output ''
	assert_regex "${stderr_lines[0]}" '^isolate: write\(".*/rp_filter", "1"\): Operation not permitted$'
	assert_regex "${stderr_lines[1]}" '^hint: without this PROGRAM could redirect the host'
	assert_equal "${#stderr_lines[@]}" 2
}

# What it is asked for by then is PROGRAM's.
@test "a failure after PROGRAM has ended does not replace its status" {
	only_with_sys_admin
	run -7 traced -o "$BATS_TEST_TMPDIR/trace" -e trace=sendto,kill \
		-e inject=sendto:error=ENOBUFS:when=7 "$ISOLATE" sh -c 'exit 7'
	grep -q 'sendto.*ENOBUFS.*INJECTED' "$BATS_TEST_TMPDIR/trace"
	run ! grep -q '^kill(' "$BATS_TEST_TMPDIR/trace"
}

@test "a private host side that the limit refuses: the hint names the limit" {
	run -125 --separate-stderr unshare --user --map-root-user sh -c '
		echo 1 > /proc/sys/user/max_net_namespaces
		exec "$ISOLATE" echo PROGRAM runs'
	assert_output ''
	assert_equal "${stderr_lines[0]}" \
		'isolate: unshare(CLONE_NEWNET): No space left on device'
	assert_regex "${stderr_lines[1]}" \
		'^hint: a limit is reached, .*/proc/sys/user/max_net_namespaces'
}

@test "a private host side that is refused is reported, and leaves nothing" {
	only_as_ordinary_user
	fails_at unshare ENOSPC 'unshare\(CLONE_NEWNET\): No space left on device$' true
}

# README: what root's PROGRAM reaches. The address is of the host's lo.
@test "root's PROGRAM reaches the host's other addresses by a route, not 127.0.0.1" {
	only_with_sys_admin
	local address reached='echo | busybox nc -w 3 "$0" 4711'
	ip addr add 192.0.2.7/32 dev lo
	for address in 192.0.2.7 127.0.0.1; do
		start_outside "$PROBE" serve "$address" 4711
		eventually grep -q " $(hex_of "$address"):1267 .* 0A " /proc/net/tcp
		# shellcheck disable=SC2016 # PROGRAM is to expand it
		run "$ISOLATE" sh -c 'ip route add 192.0.2.7 via 10.11.12.13
			'"$reached" "${address/127.0.0.1/10.11.12.13}"
		if [ "$address" = 192.0.2.7 ]; then
			assert_output hello
		else
			refute_output --partial hello
		fi
		kill "$PID" 2> /dev/null || true
	done
	ip addr del 192.0.2.7/32 dev lo
}

# hex_of ADDRESS: as /proc/net/tcp has it.
hex_of() {
	local IFS=.
	# shellcheck disable=SC2086 # four arguments
	set -- $1
	printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1"
}

# It waits, and is killed, while the parent is held up after clone(2).
@test "125: the child is killed during the set-up" {
	local parent
	start_outside env ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null \
		-e inject=clone:delay_exit=3000000 "$ISOLATE" true
	# strace has another child first, to see what it can do.
	eventually executes_below "$PID" "$ISOLATE true"
	parent=$(children_of "$PID")
	eventually children_are 1 "$parent"
	kill -KILL "$(children_of "$parent")"
	eventually is_gone "$PID"
	run cat "$OUTPUT"
	assert_output --regexp '^isolate: open\("/proc/[0-9]+/ns/net"\): .*: a signal has killed the child$'
	wait "$PID" || assert_equal $? 125
}

# The parent has its address to hand to it by then.
@test "137: the child is killed during the set-up, and the parent finds it gone" {
	only_with_sys_admin
	local trace=$BATS_TEST_TMPDIR/trace
	run -137 --separate-stderr traced -f -o "$trace" -e trace=setresuid,setns \
		-e inject=setresuid:signal=KILL \
		-e inject=setns:delay_enter=500000:when=2 "$ISOLATE" true
	assert_equal "$stderr" ''
	run -0 grep -c '(DELAYED)' "$trace"
	assert_output 1
}

# executes_below PID ARGS: says if its one child has executed this.
executes_below() {
	executes "$(children_of "$1")" "$2"
}

# children_are N PID
children_are() {
	[ "$(children_of "$2" | wc -l)" -eq "$1" ]
}

@test "a kernel without veth: the hint names the module" {
	connecting_fails 1 EOPNOTSUPP 'RTM_NEWLINK\(peer0 up, .*\): Operation not supported'
	assert_equal "${stderr_lines[1]}" 'hint: this kernel has no veth: modprobe veth'
	assert_equal "${#stderr_lines[@]}" 2
}

@test "a clone that is refused for want of namespaces: the hint names the limit" {
	fails_at clone ENOSPC 'clone\(.*CLONE_NEWNET.*\): No space left on device$' true
	assert_regex "${stderr_lines[1]}" '^hint: .*/proc/sys/user/max_[a-z]+_namespaces'
}

# ends_unless_stopped ISOLATE: to be asked again: it stops with its child, and may
# not have got that far when it was continued.
ends_unless_stopped() {
	[[ $(ps -o stat= -p "$1") != [Tt]* ]] || kill -CONT "$1" || true
	is_gone "$PID"
}

# peer_is_down PROGRAM: says if peer0 has no carrier. The kernel takes a moment
# to tell it that the other end is down.
peer_is_down() {
	enter "$1" "/proc/$1/ns/net" ip -o link show peer0 |
		grep -q ' state [A-Z]*DOWN '
}

# taken_down_at N ARGS...: isolate, whose parent or child, see connecting_fails,
# is stopped at its Nth request for the pair, when its link is taken down. strace
# starts isolate, with the options MORE too. Sets $status.
taken_down_at() {
	local trace=$BATS_TEST_TMPDIR/trace request=$1 follow=() isolate stopped
	shift
	has_sys_admin || request=$((request + 1)) follow=(-f)
	start_outside env ASAN_OPTIONS=detect_leaks=0 \
		strace "${follow[@]}" -o "$trace" -e trace=sendto,wait4 \
		-e inject=sendto:signal=STOP:when="$request" \
		"${MORE[@]}" "$ISOLATE" "$@"
	eventually grep -qs 'stopped by SIGSTOP' "$trace"
	isolate=$(children_of "$PID") stopped=$isolate
	has_sys_admin || stopped=$(children_of "$isolate")
	on_host_side "$isolate" ip link set "$(veth_of "$isolate")" down
	eventually peer_is_down "$(children_of "$isolate")"
	kill -CONT "$stopped" "$isolate"
	eventually ends_unless_stopped "$isolate"
	status=0
	wait "$PID" || status=$?
}

# It has the address and asks for the route.
@test "the kernel's own sentence about a failure is part of the message" {
	taken_down_at 4 true
	assert_equal "$status" 125
	run cat "$OUTPUT"
	assert_output --regexp '^isolate: RTM_NEWROUTE\(10\.11\.12\.14/32 dev veth[0-9]+\): Network is down: [A-Z][a-z ]+$'
}

# It has the route too.
@test "PROGRAM runs without a carrier, where the host's end is taken down" {
	taken_down_at 5 -v sh -c 'echo runs; exit 3'
	assert_equal "$status" 3
	run cat "$OUTPUT"
	assert_line runs
	assert_line --regexp '^child\[[0-9]+\] RTM_GETLINK\(peer0\): no carrier$'
}

# Its answer to the next one is no error: without a link, nothing needs a way.
@test "what the kernel has said of one request is not in a later message" {
	only_with_sys_admin
	MORE=(-e inject=wait4:error=EIO:when=1)
	taken_down_at 5 sleep 100
	assert_equal "$status" 125
	run cat "$OUTPUT"
	assert_output --regexp '^isolate: waitpid\(.*\): Input/output error$'
	run -0 grep -c 'INJECTED' "$BATS_TEST_TMPDIR/trace"
	assert_output 1
}

#
# SIGKILL at any moment
#

# moments PROGRAM: one line a system call of isolate's from clone(2) to its
# end, "sendto 2" for the second sendto(2) of all. On a busy machine the kernel
# may begin one anew, and not so the next time.
moments() {
	local trace=$BATS_TEST_TMPDIR/trace
	traced -o "$trace" "$ISOLATE" "$@" > /dev/null
	awk -F'(' '/ERESTART/ { next }
		/^[a-z0-9_]+\(/ { n[$1]++ }
		/^clone/ { begun = 1 }
		# How often it waits depends on when PROGRAM ends.
		$1 == "rt_sigtimedwait" || $1 == "wait4" && n[$1] > 1 { next }
		begun && /^[a-z0-9_]+\(/ { print $1, n[$1] }' "$trace"
}

@test "killed before any of its system calls, isolate leaves nothing" {
	local moments moment call number program=(sleep 100) straces=() status
	mapfile -t moments < <(moments true)
	# An ordinary user's parent leaves the network to the child.
	[ ${#moments[@]} -gt "$(has_sys_admin && echo 40 || echo 12)" ]
	for moment in "${moments[@]}"; do
		read -r call number <<< "$moment"
		traced -o /dev/null -e "trace=$call" \
			-e "inject=$call:signal=KILL:when=$number" \
			"$ISOLATE" "${program[@]}" &
		straces+=("$!")
		# After this one, PROGRAM must end, or nothing follows.
		[ "$call" != wait4 ] || program=(true)
	done
	for strace in "${straces[@]}"; do
		status=0
		wait "$strace" || status=$?
		assert_equal "$status" 137
	done
	eventually host_is_as_before
}
