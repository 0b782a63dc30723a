# What is particular to our step 2, and to the later ones: --hostname.

load helper

# rejects MESSAGE ARGS...: with these, isolate only says MESSAGE, and clones
# nothing: a trace with a clone in it is in step 1.
rejects() {
	local message=$1 trace=$BATS_TEST_TMPDIR/trace
	shift
	run -125 --separate-stderr traced -f -o "$trace" \
		-e trace=clone,clone3,fork,vfork "$ISOLATE" "$@"
	assert_output ''
	# shellcheck disable=SC2154 # run sets it
	assert_equal "$stderr" "isolate: $message"
	run cat "$trace"
	assert_output --regexp '^[0-9]+ +\+\+\+ exited with 125 \+\+\+$'
}

@test "the hostname is isolated, if not told otherwise" {
	run -0 "$ISOLATE" hostname
	assert_output isolated
}

@test "--hostname sets it" {
	run -0 "$ISOLATE" --hostname box hostname
	assert_output box
	run -0 "$ISOLATE" --hostname=box.example uname -n
	assert_output box.example
	run -0 "$ISOLATE" --hostname first --hostname last hostname
	assert_output last
}

@test "--hostname takes what the kernel takes: 1 to 64 bytes" {
	local name
	for name in x 'a b' "$(printf '%064d' 0)" "$(printf 'é%.0s' {1..32})"; do
		run -0 "$ISOLATE" --hostname "$name" uname -n
		assert_output "$name"
	done
}

@test "--hostname is rejected if it is too short, too long or missing" {
	local message='--hostname: not 1 to 64 bytes long'
	rejects "$message" --hostname '' true
	rejects "$message" --hostname "$(printf '%065d' 0)" true
	rejects "$message" --hostname "$(printf 'é%.0s' {1..33})" true
	rejects "$message" --hostname "$(printf '%04096d' 0)" true
	rejects "option '--hostname' requires an argument" --hostname
}

@test "--help has --hostname" {
	run -0 "$ISOLATE" --help
	assert_line --regexp '^ +--hostname NAME$'
}

@test "-v tells of sethostname, by the child, before execvp" {
	run -0 "$ISOLATE" -v --hostname box true
	assert_output --regexp \
		$'\n''child\[[0-9]+\] sethostname\("box"\)'$'\n''(.*'$'\n'')?child\[[0-9]+\] execvp\('
	assert_equal "$(grep -c sethostname <<< "$output")" 1
}

@test "125: sethostname fails, and PROGRAM does not run" {
	run -125 --separate-stderr traced -f -o /dev/null \
		-e inject=sethostname:error=EPERM "$ISOLATE" echo PROGRAM runs
	assert_output ''
	assert_equal "$stderr" \
		'isolate: sethostname("isolated"): Operation not permitted'
}
