# Stage 4: PROGRAM has a network namespace of its own, with a veth pair to the
# host: 10.11.12.13 there, 10.11.12.14 on peer0, inside. For an ordinary user the
# host's end is in a network namespace that is not the host's, since that is not
# theirs to change.

# shellcheck disable=SC2016 # a shell that is PROGRAM is to expand it
# shellcheck disable=SC2153,SC2154 # inside and begin set OUTPUT, output, ...
# shellcheck disable=SC2034 # they use RAN
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and is to be one

load stage

# What most tests run inside: it shows its address as soon as it has reached the
# host's end.
CONNECT='ping -c 1 10.11.12.13 > /dev/null && ip -o -4 address show dev peer0'

# address_in FILE: the address that a connected one has shown there.
address_in() {
	sed -n 's/.*peer0 *inet \([0-9.]*\).*/\1/p' "$1"
}

links() {
	ip -o link | cut -d: -f2 | cut -d@ -f1
}

# Promise netns: PROGRAM has a network namespace of its own.

@test "the network namespace is a new one" {
	hint "Which flag makes one?" "CLONE_NEWNET; network_namespaces(7)"
	inside readlink /proc/self/ns/net
	expect_new_namespace net "$output"
}

# Promise lo: the loopback works.

@test "lo is up, and 127.0.0.1 answers" {
	needs netns
	hint "In which state does the loopback of a new network namespace begin?" \
		"ip link set lo up; netdevice(7) SIOCSIFFLAGS, or RTM_NEWLINK"
	inside ip -o -4 address show dev lo up
	assert_output --regexp '^[0-9]+: lo +inet 127\.0\.0\.1/8 '
	inside ping -c 1 -W 1 127.0.0.1
	assert_output --partial ' 1 received'
}

# Promise links: peer0 is up and has its address, and there is no other link.

@test "peer0 is up and has 10.11.12.14" {
	needs netns
	hint "What is there of peer0 when PROGRAM starts: the link, its name, its
address, its state? And is the cable laid before PROGRAM may go, or after?" \
		"ip address, inside; veth(4), rtnetlink(7)"
	hint_if 'inet 10\.11\.12\.13' "Which end has which address?" \
		"10.11.12.13 is the host's"
	hint_if 'not exist' "Which of the two ends is moved into PROGRAM's network
namespace, when, and what is its name there?" "ip link set peer0 netns PID; veth(4)"
	hint_if 'inet 10\.11\.12\.14' "The address is there. Is the link up?" \
		"ip link set peer0 up"
	hint_if 'NO-CARRIER|LOWERLAYERDOWN' "A cable has two plugs. Which of them
are up?" "ip link set ... up, for each end; veth(4)"
	inside sh -c 'ip -o -4 address show dev peer0 up 2>&1
		ip -o link show dev peer0 2>&1; ip -o -4 address'
	assert_line --regexp '^[0-9]+: peer0 +inet 10\.11\.12\.14/'
	expect "peer0 is up, and so is the other end" "$output" \
		grep -q '^[0-9]*: peer0@.*[<,]LOWER_UP[,>]' "$OUTPUT"
}

# A kernel with tunnel modules adds links of theirs to every namespace.
@test "there is no other link inside" {
	needs links
	hint "Which end of the pair belongs to the host?" "ip link set NAME netns PID"
	local fresh
	fresh=$(unshare --user --map-root-user --net ip -o link |
		cut -d: -f2 | cut -d@ -f1)
	inside sh -c 'ip -o link | cut -d: -f2 | cut -d@ -f1 | sort'
	assert_output "$(printf '%s\n' "$fresh" ' peer0' | sort)"
}

# Promise ping: each end reaches the other.

@test "each end pings the other" {
	needs lo links surroundings
	hint "PROGRAM reaches its own end. What does the host's end need?" \
		"ip address and ip link, on the host's side; ip route"
	hint_if 'no network namespace' "Where is the host's end, and has it its
address?" "ip address, on the host's side: 10.11.12.13"
	hint_if '[Uu]nreachable' "Which route leads to the other end? What makes
one?" "the prefix length of an address; ip route"
	begin "$CONNECT"
	assert_equal "$(address_in "$OUTPUT")" 10.11.12.14
	run on_host_side "$PROGRAM" ping -c 1 10.11.12.14
	saw "$output"
	assert_line --partial ' 1 received'
}

@test "the host's end is not inside, and peer0 is not on the host's side" {
	needs lo links ping again
	hint "Which end goes where?" "ip link set peer0 netns PID"
	begin "$CONNECT"
	run on_host_side "$PROGRAM" ip -o -4 address
	assert_line --partial ' inet 10.11.12.13/'
	refute_line --partial 'peer0'
	inside ip -o -4 address
	assert_line --partial 'peer0'
	refute_line --partial ' inet 10.11.12.13/'
}

@test "the host's end of root's is in the caller's network namespace" {
	only_with_sys_admin
	needs lo links ping
	hint "Who shall reach PROGRAM from the host, without looking for it?" \
		"ip address, on the host"
	begin "$CONNECT"
	run ip -o -4 address
	assert_line --partial ' inet 10.11.12.13/'
}

@test "inside, PROGRAM's own address answers" {
	needs lo links
	hint "Packets to an own address go through the loopback. Is it up?" \
		"ip route get 10.11.12.14, inside"
	inside ping -c 1 -W 1 10.11.12.14
	assert_line --partial ' 1 received'
}

# Promise net-apart: links and ports inside are others than outside.

@test "a link made inside is not seen outside" {
	needs netns capabilities
	hint "Whose network namespace is PROGRAM in?" "network_namespaces(7)"
	begin 'ip link add inside0 type veth peer name inside1 && ip -o link'
	assert has_said ' inside0@inside1: '
	run links
	assert_line ' lo'
	refute_line ' inside0'
}

@test "a link taken down inside is not taken down outside" {
	needs netns capabilities lo clean
	hint "Whose lo is it?" "network_namespaces(7)"
	local before
	before=$(ip -o link show lo up)
	begin 'ip link set lo down && ip -o link show up && echo down'
	assert has_said '^down$'
	refute has_said ' lo: '
	assert_equal "$(ip -o link show lo up)" "$before"
}

@test "a listener on the host's loopback is not reachable inside" {
	needs netns
	hint "Whose 127.0.0.1 is it?" "network_namespaces(7)"
	start_outside "$PROBE" serve 127.0.0.1 47110
	soon has_said '^listening$'
	inside bash -c 'cat < /dev/tcp/127.0.0.1/47110; echo tried'
	assert_output tried
	# It has been there all the time, for the first who connects.
	run client 127.0.0.1 47110
	assert_output hello
}

@test "a port taken outside is free inside" {
	needs netns
	hint "Whose ports are they?" "network_namespaces(7)"
	start_outside "$PROBE" serve 0.0.0.0 47110
	soon has_said '^listening$'
	run "$PROBE" serve 0.0.0.0 47110
	assert_failure
	assert_output --partial 'Address already in use'
	begin '"$1" serve 0.0.0.0 47110 & sleep 0.2' "$PROBE"
	await has_said '^listening$'
}

# client ADDRESS PORT: prints what the server there says.
client() {
	timeout 5 bash -c 'cat < /dev/tcp/$0/$1' "$@"
}

# Promise servers: each end can serve the other.

@test "a server inside is reachable from the host's side" {
	needs lo links ping
	hint "The ends ping each other. What is in the way of TCP?" "ip route"
	begin '"$1" serve 10.11.12.14 47110 &' "$PROBE"
	await has_said '^listening$'
	run on_host_side "$PROGRAM" bash -c 'cat < /dev/tcp/10.11.12.14/47110'
	assert_output hello
}

@test "a server on the host's side is reachable from inside" {
	needs lo links ping
	hint "The ends ping each other. What is in the way of TCP?" "ip route"
	# The server begins after the client, which has the host side made.
	begin '(until cat < /dev/tcp/10.11.12.13/47110; do
			sleep 0.02
		done 2> /dev/null) &'
	run on_host_side "$PROGRAM" "$PROBE" serve 10.11.12.13 47110
	assert_output listening
	await has_said '^hello$'
}

# Promise net-clean: the host's network is as before afterwards.

@test "when isolate is killed, the host's links, addresses and routes are as before" {
	needs lo links ping ends clean killed
	hint_leftovers
	begin "$CONNECT"
	run on_host_side "$PROGRAM" ip -o link show type veth
	assert_output
	kill_isolate
	expect_clean
}

@test "whatever becomes of PROGRAM, the host is as before" {
	needs lo links clean
	hint_leftovers
	local script
	for script in 'exit 0' 'exit 1' 'kill -KILL $$' 'exec /nonexistent'; do
		inside sh -c "$script"
		expect_clean
	done
	inside /nonexistent
	expect_clean
}

@test "one works right after another was killed" {
	needs lo links ping ends net-clean
	hint "What does the killed one leave, and for how long?" \
		"ip link and ip address on the host's side, after a kill"
	begin "$CONNECT"
	kill_isolate
	inside ping -c 1 10.11.12.13
	assert_line --partial ' 1 received'
}

# Promise several: several at once have a cable each.

@test "two at once: each pings the host's side and is pinged from it" {
	needs lo links ping again
	hint "What do two of them share on the host's side? Which end does the
host send an answer to?" "ip address and ip route, while two run; host routes, /32"
	local first first_output
	begin "$CONNECT"
	first=$PROGRAM first_output=$OUTPUT
	assert_equal "$(address_in "$first_output")" 10.11.12.14
	begin "$CONNECT"
	assert_regex "$(address_in "$OUTPUT")" '^10\.11\.'
	run on_host_side "$PROGRAM" ping -c 1 "$(address_in "$OUTPUT")"
	assert_line --partial ' 1 received'
	run on_host_side "$first" ping -c 1 10.11.12.14
	assert_line --partial ' 1 received'
	# An ordinary user's may each have a host side of its own.
	if [ "$(readlink "$(host_side "$first")")" = \
		"$(readlink "$(host_side "$PROGRAM")")" ]; then
		refute [ "$(address_in "$OUTPUT")" = 10.11.12.14 ]
	fi
}

# In one shell, as fast as it can: the kernel is still busy with the last one.
# So one may have found the address of the last one still taken.
@test "five back to back have an address each" {
	needs lo links again net-clean
	hint "When is the address of the last one free, and who gives it back?" \
		"ip address on the host's side, after a run"
	RAN='for i in 1 2 3 4 5; do mine ip -o -4 address show dev peer0; done'
	capture bash -c '
		ip=$(type -P ip)
		for i in {1..5}; do
			"$ISOLATE" "$ip" -o -4 address show dev peer0 || exit
		done'
	saw "$output"
	assert_equal "$(grep -c ' inet 10\.11\.[0-9.]*/' <<< "$output")" 5
}

@test "five at once: each pings the host's side and is pinged from it" {
	needs lo links ping again several
	hint "What do they share on the host's side?" "ip address, ip route"
	local i naps=() outputs=() program
	for i in {1..5}; do
		launch "$CONNECT"
		naps+=("$NAP")
		outputs+=("$OUTPUT")
	done
	for i in "${!naps[@]}"; do
		OUTPUT=${outputs[i]}
		PID=${PIDS[i]}
		await sleeps "${naps[i]}"
		program=$(sleeper "${naps[i]}")
		run on_host_side "$program" ping -c 1 "$(address_in "$OUTPUT")"
		assert_line --partial ' 1 received'
	done
}

@test "a veth0 that the host has already does not disturb" {
	only_with_sys_admin
	needs lo links ping
	hint "Whose name is veth0? Which name is nobody else's?" "getpid(2)"
	capture unshare --net bash -c '
		ip link add veth0 type veth peer name veth1 &&
		ip -o link show veth0 && exec "$ISOLATE" "$@"' bash \
		"$(type -P ping)" -c 1 10.11.12.13
	saw "$output"
	assert_line --partial ' veth0@veth1: '
	assert_line --partial ' 1 received'
}

# Promise clean-4: nothing is left behind.

@test "after stage 4 the host is as before" {
	nothing_was_left
}
