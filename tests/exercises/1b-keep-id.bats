# Exercise 1b: yourself, with all capabilities.
# start: step1

load exercise

capabilities() {
	awk '$1 == "CapEff:" { print $2 }'
}

@test "1b: --keep-id: PROGRAM has your ids" {
	only_as_ordinary_user
	try "$MINE" --keep-id id -u
	expect "the uid inside" "$(id -u)" "$output" \
		"which line in uid_map makes an id the same on both sides?"
	try "$MINE" --keep-id id -g
	expect "the gid inside" "$(id -g)" "$output" "and which in gid_map?"
}

@test "1b: --keep-id: and all capabilities, and what it executes has them too" {
	local all
	only_as_ordinary_user
	all=$(unshare --user --map-root-user cat /proc/self/status | capabilities)
	try "$MINE" --keep-id cat /proc/self/status
	expect "PROGRAM's effective capabilities" "$all" \
		"$(capabilities <<< "$output")" \
		"execve(2) gives them to uid 0 alone; which of the five sets is for others?"
	try "$MINE" --keep-id sh -c 'cat /proc/self/status; true'
	expect "those of a program that PROGRAM executes" "$all" \
		"$(capabilities <<< "$output")" "capabilities(7): ambient"
	try "$MINE" --keep-id unshare --uts hostname lab
	expect "the status of: unshare --uts hostname lab" 0 "$status" \
		"it takes CAP_SYS_ADMIN, in your own user namespace"
}

@test "1b: without it, PROGRAM is root as before" {
	only_as_ordinary_user
	try "$MINE" --keep-id true
	expect "the status of: --keep-id true" 0 "$status" "is the option known?"
	try "$MINE" id -u
	expect "the uid inside, without --keep-id" 0 "$output" \
		"the option is for those who ask for it"
}
