#!/bin/bash
#
# bridge PID PID: connects the networks of two PROGRAMs by a bridge out here. Run
# it as root of the host, or of whatever plays the host.
set -eu

ip link add name isolates type bridge
ip link set isolates up
number=0
for pid in "$@"; do
	number=$((number + 1))
	# One end is born in there, the other is a port of the bridge.
	ip link add "port$number" type veth peer name cable0 netns "$pid"
	ip link set "port$number" master isolates up
	# shellcheck disable=SC2016 # expanded inside
	nsenter --net="/proc/$pid/ns/net" sh -euc '
		ip addr add "$1" dev cable0
		ip link set cable0 up' sh "10.11.13.$number/24"
done
