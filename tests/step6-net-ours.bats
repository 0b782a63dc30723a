# What our program promises of --net.

# shellcheck disable=SC2154 # run sets stderr

load helper

WITHOUT_NET_ADMIN=(setpriv --bounding-set=-net_admin --inh-caps=-net_admin)

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

@test "--net loopback: a request that fails is reported, and leaves nothing" {
	run -125 --separate-stderr traced -f -o /dev/null -e trace=sendto \
		-e inject=sendto:error=EPERM "$ISOLATE" --net loopback true
	assert_equal "$stderr" \
		'isolate: RTM_NEWLINK(lo, IFF_UP): Operation not permitted'
}
