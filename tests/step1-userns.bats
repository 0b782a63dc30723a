# What step 1 promises, of any `isolate PROGRAM [ARGS...]`: a user namespace.

load helper

@test "the namespaces of this step and those before are new, the others the host's" {
	local kind i
	for i in "${!NAMESPACES[@]}"; do
		kind=${NAMESPACES[i]}
		run "$ISOLATE" readlink "/proc/self/ns/$kind"
		assert_success
		assert_output --regexp "^$kind:\[[0-9]+\]$"
		if ((i < STEP)); then
			refute_output "$(namespace "$kind" self)"
		else
			assert_output "$(namespace "$kind" self)"
		fi
	done
}

@test "PROGRAM is root inside" {
	run "$ISOLATE" id -u
	assert_success
	assert_output 0
	run "$ISOLATE" id -g
	assert_success
	assert_output 0
}
