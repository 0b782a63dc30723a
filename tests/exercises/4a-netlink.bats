# Exercise 4a: two netlink messages, decoded by hand.
# start: /dev/null

# shellcheck disable=SC2016 # the shell in the new namespace expands it
# shellcheck disable=SC2154 # errors is set by try

load exercise

# network SCRIPT [ARGS...]: runs it in a new network namespace, as its root, and
# prints what is there then.
network() {
	local script="ip link set lo up; $1
		ip -o -4 address show
		ip route show"
	shift
	try unshare --user --map-root-user --net bash -c "$script" bash "$@"
}

@test "4a: the commands do what the messages do" {
	local sent
	network ''
	local fresh=$output
	network '"$TOOLS/send" < "$1"' "$BATS_TEST_DIRNAME/4a-messages"
	sent=$output
	[ "$errors" = '' ]
	[ "$sent" != "$fresh" ] # the messages work
	network 'PATH=$PATH:/sbin bash "$1"' "$MINE"
	expect "the addresses, after your commands" \
		"$(grep inet <<< "$sent")" "$(grep inet <<< "$output")" \
		"the first message: struct ifaddrmsg, then three attributes, rtnetlink(7)"
	expect "the routes, after your commands" \
		"$(grep -v inet <<< "$sent")" "$(grep -v inet <<< "$output")" \
		"the second: struct rtmsg; RTA_METRICS is a list of attributes by itself"
}
