# Exercise 2b: an old kernel, without a namespace.
# start: step2

load exercise

@test "2b: --uname26: PROGRAM and its children see a Linux 2.6" {
	try "$MINE" --uname26 uname -r
	expect "the release, as PROGRAM sees it" 2.6. "${output::4}" \
		"no namespace does this: personality(2) does"
	try "$MINE" --uname26 sh -c 'sh -c "uname -r; true"; true'
	expect "the release, as a child of PROGRAM sees it" 2.6. \
		"${output::4}" "a personality is inherited, if you let it be"
}

@test "2b: without it, and on the host, the release is the kernel's" {
	local release
	release=$(uname -r)
	try "$MINE" --uname26 true
	expect "the status of: --uname26 true" 0 "$status" \
		"is the option known?"
	expect "the host's release" "$release" "$(uname -r)" \
		"which process has changed its personality?"
	try "$MINE" uname -r
	expect "the release without the option" "$release" "$output" \
		"the option is for those who ask for it"
}
