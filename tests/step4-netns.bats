# What step 4 promises, of any `isolate PROGRAM [ARGS...]`: a network namespace,
# with a veth pair to the host, 10.11.12.13 there, 10.11.12.14 (peer0) inside.

load helper

# What most tests run inside: it shows its address as soon as it has reached the
# host's end, and stays.
start_connected() {
	start sh -c 'ping -c 1 10.11.12.13 > /dev/null &&
		ip -o -4 address show dev peer0; exec sleep 100'
}

# address_in FILE: the address that a connected one has shown there.
address_in() {
	sed -n 's/.*peer0 *inet \([0-9.]*\).*/\1/p' "$1"
}

is_connected() {
	has_said ' inet ' "$@"
}

# client ADDRESS PORT: prints what the server there says.
client() {
	bash -c 'cat < /dev/tcp/$0/$1' "$@"
}

links() {
	ip -o link | cut -d: -f2 | cut -d@ -f1
}

@test "lo and peer0 are up and have their addresses" {
	run "$ISOLATE" ip -o -4 address show up
	assert_success
	assert_line --regexp '^[0-9]+: lo +inet 127\.0\.0\.1/8 '
	assert_line --regexp '^[0-9]+: peer0 +inet 10\.11\.12\.14/'
}

# A kernel with tunnel modules adds links of theirs to every namespace.
@test "there is no other link inside" {
	local fresh
	fresh=$(unshare --user --map-root-user --net ip -o link |
		cut -d: -f2 | cut -d@ -f1)
	run "$ISOLATE" sh -c 'ip -o link | cut -d: -f2 | cut -d@ -f1 | sort'
	assert_success
	assert_output "$(printf '%s\n' "$fresh" ' peer0' | sort)"
}

@test "each end pings the other" {
	start_connected
	eventually is_connected
	on_host_side "$PID" ping -c 1 10.11.12.14
}

@test "inside, both addresses there answer ping" {
	run "$ISOLATE" sh -c 'ping -c 1 127.0.0.1 && ping -c 1 10.11.12.14'
	assert_success
}

@test "the host's end is not inside, and peer0 is not on the host's side" {
	start_connected
	eventually is_connected
	run on_host_side "$PID" ip -o -4 address
	assert_success
	assert_output --partial ' inet 10.11.12.13/'
	refute_output --partial 'peer0'
	run "$ISOLATE" ip -o -4 address
	assert_output --partial 'peer0'
	refute_output --partial ' inet 10.11.12.13/'
}

@test "a link made inside is not seen outside" {
	start sh -c 'ip link add inside0 type veth peer name inside1 &&
		ip -o link; exec sleep 100'
	eventually has_said ' inside0@inside1: '
	run links
	assert_success
	assert_line ' lo'
	refute_line ' inside0'
	run on_host_side "$PID" ip -o link
	assert_success
	refute_output --partial 'inside0'
}

@test "a link taken down inside is not taken down outside" {
	local before
	before=$(ip -o link show up)
	run "$ISOLATE" sh -c 'ip link set lo down && ip -o link show up'
	assert_success
	refute_output --partial ' lo: '
	assert_equal "$(ip -o link show lo up)" "$(grep ' lo: ' <<< "$before")"
}

@test "a listener on the host's loopback is not reachable inside" {
	start_outside "$PROBE" serve 127.0.0.1 47110
	eventually has_said '^listening$'
	run "$ISOLATE" bash -c 'cat < /dev/tcp/127.0.0.1/47110'
	assert_failure
	refute_line hello
	# It has been there all the time, for the first who connects.
	run client 127.0.0.1 47110
	assert_output hello
}

@test "a server inside is reachable from the host's side" {
	start "$PROBE" serve 10.11.12.14 47110
	eventually has_said '^listening$'
	run on_host_side "$PID" bash -c 'cat < /dev/tcp/10.11.12.14/47110'
	assert_success
	assert_output hello
}

@test "a server on the host's side is reachable from inside" {
	# It is started after the client, whose host side it may need to exist.
	start bash -c 'echo ready
		until cat < /dev/tcp/10.11.12.13/47110; do
			sleep 0.02
		done 2> /dev/null
		exec sleep 100'
	eventually has_said '^ready$'
	run on_host_side "$PID" timeout 10 "$PROBE" serve 10.11.12.13 47110
	assert_success
	eventually has_said '^hello$'
}

@test "a port taken outside is free inside" {
	start_outside "$PROBE" serve 0.0.0.0 47110
	eventually has_said '^listening$'
	run "$PROBE" serve 0.0.0.0 47110
	assert_failure
	assert_output --partial 'Address already in use'
	start "$PROBE" serve 0.0.0.0 47110
	eventually has_said '^listening$'
}

@test "two at once: each pings the host's side and is pinged from it" {
	local first second
	start_connected
	# shellcheck disable=SC2153 # set by start
	first=$PID first_output=$OUTPUT
	eventually is_connected "$first_output"
	assert_equal "$(address_in "$first_output")" 10.11.12.14
	start_connected
	second=$PID
	eventually is_connected
	on_host_side "$second" ping -c 1 "$(address_in "$OUTPUT")"
	on_host_side "$first" ping -c 1 10.11.12.14
	# An ordinary user's may each have a host side of its own.
	if [ "$(readlink "$(host_side_of "$first")")" = \
		"$(readlink "$(host_side_of "$second")")" ]; then
		refute [ "$(address_in "$OUTPUT")" = 10.11.12.14 ]
	fi
}

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
		start_connected
		pids+=("$PID")
		outputs+=("$OUTPUT")
	done
	for i in "${!pids[@]}"; do
		eventually is_connected "${outputs[i]}"
		on_host_side "${pids[i]}" ping -c 1 \
			"$(address_in "${outputs[i]}")" 3>&- &
		pings+=("$!")
	done
	for i in "${pings[@]}"; do
		wait "$i"
	done
}

@test "one works right after another was killed" {
	start_connected
	eventually is_connected
	kill -KILL "$PID"
	run "$ISOLATE" ping -c 1 10.11.12.13
	assert_success
}

@test "the host's links, addresses and routes are as before afterwards" {
	start_connected
	eventually is_connected
	on_host_side "$PID" ip -o link show type veth | grep -q .
	if has_sys_admin; then
		refute [ "$(host_state)" = "$HOST_BEFORE" ]
	else
		# Those of an ordinary user never change.
		[ "$(host_state)" = "$HOST_BEFORE" ]
	fi
	kill -KILL "$PID"
	eventually host_is_as_before
}

@test "whatever becomes of PROGRAM, the host is as before" {
	run "$ISOLATE" true
	assert_success
	run "$ISOLATE" false
	assert_failure
	run "$ISOLATE" sh -c 'kill -KILL $$'
	"$ISOLATE" /nonexistent || true
	eventually host_is_as_before
}

@test "a veth0 that the host has already does not disturb" {
	only_with_sys_admin
	# shellcheck disable=SC2016 # expanded by that shell
	run unshare --net sh -c 'ip link add veth0 type veth peer name veth1 &&
		ip -o link show veth0 && exec "$ISOLATE" ping -c 1 10.11.12.13'
	assert_success
	assert_line --partial ' veth0@veth1: '
	assert_line --partial '1 received'
}
