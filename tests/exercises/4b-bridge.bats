# Exercise 4b: a bridge between two isolates.
# start: /bin/true

load exercise

@test "4b: bridge PID1 PID2: each finds the other, the host as before, and nothing is left" {
	local as_root=()
	unshare --user --map-root-user --net ip link add type bridge ||
		cannot "this kernel has no bridges"
	# As in the book: an ordinary user may be root of another network.
	is_root || as_root=(unshare --user --map-root-user --net)
	# It has its own bounds: 2 s for MINE, 3 s for what should be then.
	PATIENCE=20 try "${as_root[@]}" "$BATS_TEST_DIRNAME/4b-network" "$BATS_TEST_TMPDIR"
	expect "two isolates, each of which looks for the other" connected \
		"$output" \
		"a cable for each, with one end in PROGRAM's network and the other in the bridge: which ends are up, and which have an address?"
}
