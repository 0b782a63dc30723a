# Exercise 5c: a time namespace.
# start: step5

load exercise

# near WANTED SEEN: the wanted number if the other is at most 10 s away.
near() {
	if [[ $2 =~ ^[0-9]+$ ]] && (($2 >= $1 - 10 && $2 <= $1 + 10)); then
		echo "$1"
	else
		echo "$2"
	fi
}

needs_time_namespaces() {
	[ -e /proc/self/ns/time ] ||
		cannot "this kernel is built without time namespaces"
}

uptime() {
	cut -d . -f 1 /proc/uptime
}

@test "5c: --boottime SECONDS: PROGRAM's machine has been up for longer" {
	local wanted
	needs_time_namespaces
	wanted=$(($(uptime) + 1000000))
	try "$MINE" --boottime 1000000 cut -d . -f 1 /proc/uptime
	expect "the uptime, as PROGRAM sees it" "$wanted" \
		"$(near "$wanted" "$output")" \
		"time_namespaces(7): a new one is for the children of its creator, and the offset is written before the first is in it"
	try "$MINE" --boottime 1000000 sh -c 'cut -d . -f 1 /proc/uptime; true'
	expect "the uptime, as a child of PROGRAM sees it" "$wanted" \
		"$(near "$wanted" "$output")" "children inherit the namespace"
}

@test "5c: the ids, the host's uptime, and without the option PROGRAM's, are as before" {
	local before
	needs_time_namespaces
	before=$(uptime)
	try "$MINE" --boottime 1000000 id -u
	expect "the uid inside" 0 "$output" "set up the time, and then go on"
	expect "the host's uptime" "$before" "$(near "$before" "$(uptime)")" \
		"which process is in the new namespace?"
	try "$MINE" cut -d . -f 1 /proc/uptime
	expect "the uptime without the option" "$before" \
		"$(near "$before" "$output")" \
		"the option is for those who ask for it"
}
