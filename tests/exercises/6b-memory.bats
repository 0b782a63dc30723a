# Exercise 6b: a limit to PROGRAM's memory.
# start: step6

load exercise

# find_cgroup: sets group, a directory of a cgroup in which others with a limit to
# their memory may be made.
find_cgroup() {
	local root path
	only_as_root
	path=$(awk -F : '$2 == "memory" { print $3 }' /proc/self/cgroup)
	if [ "$path" ]; then
		root=$(findmnt -n -o TARGET -t cgroup -O memory | head -n 1)
	else
		path=$(awk -F : '$1 == 0 { print $3 }' /proc/self/cgroup)
		root=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
	fi
	group=$(mktemp -d "${root:-/nowhere}${path%/}/exercise.XXXXXX") ||
		cannot "no cgroup can be made in ${root:-/sys/fs/cgroup}"
	chmod 755 "$group"
	[ -e "$group/memory.limit_in_bytes" ] ||
		grep -qsw memory "$group/cgroup.controllers" ||
		{ rmdir "$group"; cannot "cgroups do not limit memory here"; }
	[ ! -e "$group/cgroup.subtree_control" ] ||
		echo +memory > "$group/cgroup.subtree_control"
}

teardown() {
	[ -z "${group:-}" ] || rmdir "$group"/*/ "$group" 2> /dev/null || true
}

# A buffer of 200 MiB, all written to.
hog=(dd if=/dev/zero of=/dev/null bs=200M count=1)

@test "6b: --memory DIR:BYTES: PROGRAM is killed if it takes more" {
	find_cgroup
	try "$MINE" --memory "$group:33554432" "${hog[@]}"
	expect "the status of a PROGRAM that takes 200 MiB, but has 32" 137 \
		"$status" "cgroups(7): mkdir(2), the limit, cgroup.procs, in this order; and no swap"
	# The limit is for it alone.
	try "${hog[@]}"
	expect "the status of the same outside" 0 "$status" \
		"which process have you moved?"
}

@test "6b: a child of PROGRAM counts too, and one with enough goes on" {
	find_cgroup
	try "$MINE" --memory "$group:33554432" sh -c "${hog[*]}; echo \$?"
	expect "the status of a child of PROGRAM that takes 200 MiB, but has 32" \
		137 "$output" "a child is born into its parent's cgroup"
	try "$MINE" --memory "$group:536870912" "${hog[@]}"
	expect "the status of a PROGRAM that takes 200 MiB, and has 512" 0 \
		"$status" "the number is in bytes"
}

@test "6b: the cgroup is gone when PROGRAM has ended, and the status kept" {
	find_cgroup
	try "$MINE" --memory "$group:33554432" sh -c "ls '$group'; exit 7"
	expect "the status of a PROGRAM that exits with 7" 7 "$status" \
		"PROGRAM's status is isolate's"
	expect "how many cgroups there are while PROGRAM runs" 1 \
		"$(for name in $output; do
			[ -e "$group/$name" ] || echo "$name"
		done | wc -l)" "mkdir(2) in DIR"
	expect "the cgroups left in DIR" "" "$(ls -d "$group"/*/ 2> /dev/null)" \
		"the kernel removes none: rmdir(2)"
}
