# Exercise 3b: who owns what.
# start: /bin/true

# shellcheck disable=SC2153 # OUTPUT is start's, output is try's

load exercise

# start_nested: a process, $pid, with a UTS namespace of one new user namespace,
# $first, in a second, $second, that has made an IPC namespace.
start_nested() {
	start unshare --user --map-root-user --uts bash -c '
		readlink /proc/self/ns/user
		exec unshare --user --map-root-user --ipc sleep 3232'
	expect_soon "a process in two user namespaces" "unshare(1)" \
		runs 'sleep 3232'
	pid=$(pid_of 'sleep 3232')
	first=$(inode < "$OUTPUT")
	second=$(inode < <(readlink "/proc/$pid/ns/user"))
}

# inode: of "user:[4026531837]", the number.
inode() {
	grep -o '[0-9]*'
}

# line KIND: the one of $output that tells of this kind.
line() {
	grep "^$1 " <<< "$output"
}

@test "3b: owners PID: the namespaces, and the user namespace that owns each" {
	local kind
	start_nested
	try "$MINE" "$pid"
	for kind in user uts ipc net pid mnt; do
		expect "the number of its $kind namespace" \
			"$(inode < <(readlink "/proc/$pid/ns/$kind"))" \
			"$(line "$kind" | cut -d ' ' -f 2)" \
			"stat(2) of /proc/PID/ns/$kind"
	done
	expect "the owner of its UTS namespace" "$first" \
		"$(line uts | cut -d ' ' -f 3)" "ioctl_ns(2): NS_GET_USERNS"
	expect "the owner of its IPC namespace" "$second" \
		"$(line ipc | cut -d ' ' -f 3)" "it is not that of uts"
	expect "the owner of its user namespace" "$first" \
		"$(line user | cut -d ' ' -f 3)" "its parent: the same call tells"
}

@test "3b: what is owned above the reader's user namespace is owned by -" {
	try unshare --user --map-root-user "$MINE" self
	expect "the owner of the IPC namespace, as a process of a new user namespace sees it" \
		- "$(line ipc | cut -d ' ' -f 3)" \
		"the kernel answers EPERM: that is not the end"
	expect "how many lines there are" 6 "$(wc -l <<< "$output")" \
		"one for each kind"
}

@test "3b: where there is no such process, it fails" {
	try "$MINE" 2147483647
	expect_not "the status" 0 "$status" "do you look at what open(2) returns?"
}
