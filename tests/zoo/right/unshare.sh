#!/bin/bash
#
# isolate PROGRAM [ARGS...]: the assignment's two shells in one script, around
# unshare(1), setpriv(1) and ip(8).
#
# The script ends up as the shell that waits for PROGRAM. The shell outside is a
# coprocess that lays the cable, and holds its end. For an ordinary user, all this
# is in a user and a network namespace that the script enters first. Root becomes
# nobody instead.
set -eu

[ $# -gt 0 ] || { echo "usage: isolate PROGRAM [ARGS...]" >&2; exit 2; }

# The shell outside. It reads until the others have ended, and does nothing if
# the script had ended before the death signal of the shell inside was set.
# shellcheck disable=SC2016
outside='
	read -r pid
	read -r self name state parent rest < /proc/self/stat
	[ "$parent" -eq "$1" ] || exit 125
	ip link add "veth$pid" type veth peer name peer0 netns "$pid"
	ip addr add 10.11.12.13/32 dev "veth$pid"
	ip link set "veth$pid" up
	n=14
	until ip route add "10.11.12.$n/32" dev "veth$pid" 2> /dev/null; do
		n=$((n + 1))
		[ "$n" -lt 255 ] || exit 125
	done
	echo "$n"
	read -r end'

# The shell inside, process 1. Its /proc is still that of outside, and tells its
# pid there. If no answer comes, the shell outside has ended.
# shellcheck disable=SC2016
inside='
	read -r pid rest < /proc/self/stat
	echo "$pid" >&4
	read -r n <&3 || exit 125
	exec 3<&- 4<&-
	mount --make-rprivate /
	mount -t proc proc /proc
	hostname isolated
	ip addr add "10.11.12.$n/24" dev peer0
	ip link set peer0 up
	ip link set lo up
	exec "$@"'

# What unshare runs, still outside the pid namespace. unshare --fork would do, but
# that of util-linux 2.38 loses the status of a PROGRAM that a signal ended.
# shellcheck disable=SC2016
between='
	setpriv --pdeathsig KILL sh -euc "$@"
	exit $?'

new=(unshare --uts --ipc --net --pid --mount)
if [ "${ISOLATE_INSIDE-}" = "$$" ]; then
	unset ISOLATE_INSIDE
elif [ "$(id -u)" -ne 0 ]; then
	ISOLATE_INSIDE=$$ exec unshare --user --map-root-user --net "$0" "$@"
else
	new=(setpriv --reuid 65534 --regid 65534 --clear-groups "${new[@]}"
		--user --map-root-user)
fi

for fd in /proc/self/fd/*; do
	fd=${fd##*/}
	[ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || exec {fd}<&-
done
coproc sh -euc "$outside" outside "$$"
# Not by <&, which would have them closed at the next exec as these two are.
exec 3< "/proc/self/fd/${COPROC[0]}" 4> "/proc/self/fd/${COPROC[1]}"
exec "${new[@]}" sh -uc "$between" between "$inside" inside "$@"
