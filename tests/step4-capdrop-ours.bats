# What our program promises of --cap-drop, where there is a network.

# shellcheck disable=SC2016 # the programs inside are to expand it

load helper

@test "--cap-drop net_raw: no ping" {
	run "$ISOLATE" ping -c 1 -W 5 10.11.12.13
	assert_success
	run "$ISOLATE" --cap-drop net_raw ping -c 1 -W 5 10.11.12.13
	assert_failure
	assert_output --partial 'not permitted'
}

@test "--cap-drop net_bind_service: no port below 1024" {
	start "$PROBE" serve 127.0.0.1 80
	eventually has_said '^listening$'
	run "$ISOLATE" --cap-drop net_bind_service "$PROBE" serve 127.0.0.1 80
	assert_failure
	assert_output --partial 'Permission denied'
	start --cap-drop net_bind_service "$PROBE" serve 127.0.0.1 8080
	eventually has_said '^listening$'
}

@test "--cap-drop net_admin: the network stays as it is" {
	run "$ISOLATE" ip link set peer0 down
	assert_success
	run "$ISOLATE" --cap-drop net_admin ip link set peer0 down
	assert_failure
	assert_output --partial 'not permitted'
}

@test "--cap-drop sys_admin: the hostname stays as it is" {
	run "$ISOLATE" hostname another
	assert_success
	run "$ISOLATE" --cap-drop sys_admin hostname another
	assert_failure
	assert_output --partial 'hostname: you must be root'
}

@test "--cap-drop all: isolate itself can still set everything up" {
	start --cap-drop all --hostname other sh -c '
		hostname; ip -o -4 address show dev peer0; echo up
		exec sleep 100'
	eventually has_said '^up$'
	has_said '^other$'
	has_said 'inet 10\.11\.12\.14/24'
	run on_host_side "$PID" ping -c 1 -W 5 10.11.12.14
	assert_success
}
