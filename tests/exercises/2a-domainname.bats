# Exercise 2a: the other name of a UTS namespace.
# start: step2

load exercise

file=/proc/sys/kernel/domainname

@test "2a: --domainname NAME: PROGRAM has this domain name, and a hostname" {
	try "$MINE" --domainname lab cat "$file"
	expect "the domain name inside" lab "$output" \
		"the call has a sister: setdomainname(2)"
	try "$MINE" --domainname lab hostname
	expect_not "the hostname inside" "$(hostname)" "$output" \
		"the two names are set by two calls"
}

@test "2a: the host keeps its own domain name" {
	local before
	before=$(< "$file")
	try "$MINE" --domainname lab true
	expect "the status of: --domainname lab true" 0 "$status" \
		"is the option known?"
	expect "the host's domain name" "$before" "$(< "$file")" \
		"whose UTS namespace is the caller in?"
}

@test "2a: 64 bytes are taken, 65 are refused before PROGRAM runs" {
	local name
	name=$(printf %064d 0)
	try "$MINE" --domainname "$name" cat "$file"
	expect "a domain name of 64 bytes" "$name" "$output" \
		"the kernel takes as much as for a hostname"
	try "$MINE" --domainname "${name}0" echo PROGRAM runs
	expect "the output with a name of 65 bytes" "" "$output" \
		"the kernel refuses it: do you look at what the call returns?"
	expect_not "the status with a name of 65 bytes" 0 "$status" \
		"say so by the exit status"
}
