# Exercise 3a: two isolates that share one IPC namespace.
# start: step3

load exercise

ipc() {
	readlink "/proc/$1/ns/ipc"
}

# start_first: an isolate with a message queue. Sets first, its PROGRAM's pid.
start_first() {
	start "$MINE" sh -c 'hostname first; ipcmk -Q; exec sleep 3131'
	expect_soon "the first isolate runs" "does it, without any option?" \
		runs 'sleep 3131'
	first=$(pid_of 'sleep 3131')
}

@test "3a: --ipc-of PID: PROGRAM finds what the other has made" {
	start_first
	try "$MINE" --ipc-of "$first" readlink /proc/self/ns/ipc
	expect "PROGRAM's IPC namespace" "$(ipc "$first")" "$output" \
		"setns(2); what must a process have to enter it, and in which user namespace?"
	try "$MINE" --ipc-of "$first" sh -c 'ipcs -q | grep -c 0x'
	expect "the queues that PROGRAM finds" 1 "$output" \
		"each is the other's: in the same namespace, ipcs shows it"
}

@test "3a: it is root there, and has a hostname of its own" {
	start_first
	try "$MINE" --ipc-of "$first" id -u
	expect "the uid inside" 0 "$output" \
		"a process that enters a user namespace keeps the uid that it has outside"
	try "$MINE" --ipc-of "$first" readlink /proc/self/ns/user
	expect_not "PROGRAM's user namespace" "$(readlink /proc/self/ns/user)" \
		"$output" "root inside is not to be root outside"
	try "$MINE" --ipc-of "$first" sh -c 'hostname second && hostname'
	expect "the hostname, when PROGRAM has set it" second "$output" \
		"a new UTS namespace belongs to the user namespace of its creator: in which order are they made?"
	try nsenter --target "$first" --user --uts --preserve-credentials hostname
	expect "the other's hostname" first "$output" \
		"they are to share one namespace and no other"
}

@test "3a: without it, each has an IPC namespace of its own" {
	start_first
	try "$MINE" --ipc-of "$first" true
	expect "the status of: --ipc-of PID true" 0 "$status" \
		"is the option known?"
	try "$MINE" readlink /proc/self/ns/ipc
	expect_not "PROGRAM's IPC namespace" "$(ipc "$first")" "$output" \
		"the option is for those who ask for it"
	expect_not "PROGRAM's IPC namespace" "$(ipc self)" "$output" \
		"and it is not the host's either"
}

@test "3a: where there is no such process, PROGRAM does not run" {
	start_first
	try "$MINE" --ipc-of "$first" echo runs
	expect "the output, where there is one" runs "$output" \
		"is the option known?"
	try "$MINE" --ipc-of 2147483647 echo runs
	expect "the output, where there is none" "" "$output" \
		"do you look at what the call returns?"
	expect_not "the status" 0 "$status" "say so by the exit status"
}
