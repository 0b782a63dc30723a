# What our program promises of --cap-drop: PROGRAM lacks these capabilities.

# The programs inside are to expand it; bats has each test in a subshell.
# shellcheck disable=SC2016,SC2030,SC2031

load helper

# Their numbers, <linux/capability.h>.
CAP_CHOWN=0 CAP_KILL=5 CAP_NET_RAW=13 CAP_SYS_ADMIN=21

# all_but CAPABILITY...: the mask of all capabilities of this kernel but these,
# as /proc/PID/status has it.
all_but() {
	local cap mask last
	last=$(< /proc/sys/kernel/cap_last_cap)
	mask=$(((1 << (last + 1)) - 1))
	for cap in "$@"; do
		mask=$((mask & ~(1 << cap)))
	done
	printf '%016x' "$mask"
}

# show_caps [OPTIONS]: the five sets of a PROGRAM.
show_caps() {
	"$ISOLATE" "$@" grep ^Cap /proc/self/status
}

# assert_caps MASK: all sets that have any have these.
assert_caps() {
	assert_success
	assert_output "$(printf 'Cap%s:\t%s\n' Inh "$(printf %016x 0)" \
		Prm "$1" Eff "$1" Bnd "$1" Amb "$(printf %016x 0)")"
}

@test "without --cap-drop PROGRAM has all capabilities" {
	run show_caps
	assert_caps "$(all_but)"
}

@test "--cap-drop takes them from all sets, and no others" {
	run show_caps --cap-drop net_raw
	assert_caps "$(all_but $CAP_NET_RAW)"
	run show_caps --cap-drop net_raw,kill,sys_admin
	assert_caps "$(all_but $CAP_NET_RAW $CAP_KILL $CAP_SYS_ADMIN)"
	run show_caps --cap-drop kill --cap-drop=net_raw --cap-drop kill
	assert_caps "$(all_but $CAP_NET_RAW $CAP_KILL)"
	run show_caps --cap-drop all
	assert_caps "$(printf %016x 0)"
	run show_caps --cap-drop kill --cap-drop all --cap-drop chown
	assert_caps "$(printf %016x 0)"
}

@test "--cap-drop: names in any case, with or without cap_" {
	local name
	for name in net_raw NET_RAW Net_Raw cap_net_raw CAP_NET_RAW CaP_nEt_RaW
	do
		run show_caps --cap-drop "chown,$name"
		assert_caps "$(all_but $CAP_CHOWN $CAP_NET_RAW)"
	done
	run show_caps --cap-drop ALL
	assert_caps "$(printf %016x 0)"
}

@test "--cap-drop: each capability can be dropped by its name" {
	local number=0 name
	for name in $(setpriv --list-caps); do
		[[ $name != cap_* ]] || break # a number: setpriv is too old
		run "$ISOLATE" --cap-drop "$name" \
			sed -n 's/^CapBnd:\t//p' /proc/self/status
		[ "$name $output" = "$name $(all_but "$number")" ]
		((++number))
	done
	((number > 36)) # what Linux 3.5 had
}

@test "--cap-drop: what is dropped stays dropped" {
	# All of these would be allowed, were it not for the dropping.
	local try='setpriv --inh-caps +net_raw --ambient-caps +net_raw true'
	run "$ISOLATE" sh -c "$try"
	assert_success
	refute "$ISOLATE" --cap-drop net_raw sh -c "$try"
	run "$ISOLATE" --cap-drop net_raw sh -c 'sh -c "exec sh -c \"
		grep -E ^Cap\(Prm\|Eff\|Bnd\) /proc/self/status\""'
	assert_success
	assert_output "$(printf 'Cap%s:\t%s\n' Prm "$(all_but $CAP_NET_RAW)" \
		Eff "$(all_but $CAP_NET_RAW)" Bnd "$(all_but $CAP_NET_RAW)")"
}

@test "--cap-drop: an unknown name is an error before anything is made" {
	local list
	for list in '' "," no_such cap_ cap_no_such cap_cap_chown "chown," ,chown \
		chown,,kill chown,no_such 'chown kill' ' chown' 'chown ' \
		chown=ep chown1 'chown;kill' 1 -chown $'chown\n'; do
		run "$ISOLATE" -v --cap-drop "$list" true
		assert_equal "$list: $status" "$list: 125"
		assert_output --regexp '^isolate: --cap-drop: '
		assert_equal "${#lines[@]}" 1
	done
	run "$ISOLATE" --cap-drop
	assert_equal "$status" 125
	assert_equal "${#lines[@]}" 1
}

@test "--cap-drop: -v shows what PROGRAM holds" {
	run "$ISOLATE" -v true
	assert_success
	assert_line --regexp '^child\[[0-9]+\] .*"=ep"'
	run "$ISOLATE" -v --cap-drop net_raw,kill true
	assert_success
	assert_line --regexp \
		'^child\[[0-9]+\] .*"=ep cap_kill,cap_net_raw-ep"'
	run "$ISOLATE" -v --cap-drop all true
	assert_success
	assert_line --regexp '^child\[[0-9]+\] .*"="'
}

@test "--cap-drop is in --help" {
	run "$ISOLATE" --help
	assert_success
	assert_line --regexp '^ +--cap-drop '
}

@test "--cap-drop: SIGKILL of isolate still takes PROGRAM with it" {
	local program
	start --cap-drop all sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	program=$(children_of "$PID")
	[ -e "/proc/$program" ]
	kill -KILL "$PID"
	eventually [ ! -e "/proc/$program" ]
}

# guards CAPABILITY COMMAND...: the command works, but not without it.
guards() {
	local cap=$1
	shift
	run "$ISOLATE" "${OPTIONS[@]}" "$@"
	assert_success
	refute "$ISOLATE" "${OPTIONS[@]}" --cap-drop "$cap" "$@"
	# Because of that one alone: another makes no difference.
	run "$ISOLATE" "${OPTIONS[@]}" --cap-drop wake_alarm "$@"
	assert_success
}

# Several ids inside, which an ordinary user has only by an option.
several_ids() {
	can_map_auto
	OPTIONS=()
	is_root || OPTIONS=(--map-auto)
	let_in
}

@test "--cap-drop dac_override: the mode of a file counts" {
	let_in
	guards dac_override sh -c 'rm -f "$1"; umask 777; : > "$1"
		echo text >> "$1"' sh "$BATS_TEST_TMPDIR/file"
}

@test "--cap-drop sys_admin: no new mount namespace" {
	guards sys_admin unshare --mount true
}

@test "--cap-drop sys_chroot: no chroot(2)" {
	guards sys_chroot chroot / true
}

@test "--cap-drop setpcap: the bounding set stays" {
	guards setpcap setpriv --bounding-set -chown sh -c '
		! grep "^CapBnd:.*f$" /proc/self/status'
}

@test "--cap-drop chown: files keep their owner" {
	several_ids
	guards chown sh -c ': > "$1" && chown 1:1 "$1"
		status=$?; rm "$1"; exit "$status"' sh "$BATS_TEST_TMPDIR/file"
}

@test "--cap-drop fowner: the mode of another's file stays" {
	several_ids
	guards fowner sh -c ': > "$1" && chown 1:1 "$1" && chmod 600 "$1"
		status=$?; rm "$1"; exit "$status"' sh "$BATS_TEST_TMPDIR/file"
}

@test "--cap-drop setuid: the user id stays" {
	several_ids
	guards setuid setpriv --reuid 1 true
}

@test "--cap-drop setgid: the group ids stay" {
	several_ids
	guards setgid setpriv --regid 1 --clear-groups true
	guards setgid setpriv --groups 1,2 true
}

@test "--cap-drop kill: no signals to another user's process" {
	several_ids
	# The other ends at the end of its standard input.
	guards kill bash -c '
		coproc setpriv --reuid 1 sh -c "echo up; read line"
		read -ru "${COPROC[0]}" line
		kill -TERM "$COPROC_PID"
		status=$?
		exec {COPROC[1]}>&-
		wait
		exit "$status"'
}

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

@test "--init: what --cap-drop takes, process 1 has not either" {
	local init
	start --init --cap-drop all sh -c 'echo up; exec sleep 100'
	eventually has_said '^up$'
	init=$(children_of "$PID")
	run grep -E '^Cap(Prm|Eff|Bnd)' "/proc/$init/status" \
		"/proc/$(children_of "$init")/status"
	assert_success
	assert_equal "${#lines[@]}" 6
	refute_line --regexp $'\t.*[1-9a-f]'
}
