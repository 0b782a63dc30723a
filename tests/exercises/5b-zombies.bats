# Exercise 5b: zombies, counted.
# start: /bin/true

load exercise

# start_parent NUMBER: a process, $pid, with so many zombies: it has become a
# sleep before they end, and waits for nobody. It has children that are none, too,
# one of a bad name, and one with a zombie of its own.
start_parent() {
	bad="$BATS_TEST_TMPDIR/a) Z 1 (b"
	fifo=$BATS_TEST_TMPDIR/end
	cp "$(type -P cat)" "$bad"
	mkfifo "$fifo" "$fifo.never"
	# shellcheck disable=SC2016 # expanded by that shell
	start bash -c 'for ((i = 1; i < $1; i++)); do
			cat "$3" &
		done
		"$2" "$3" &
		"$2" "$3.never" &
		(cat "$3" & exec sleep 3352) &
		exec sleep 3350' bash "$1" "$bad" "$fifo"
	expect_soon "a parent" "sleep(1)" runs 'sleep 3350'
	expect_soon "its child, a parent too" "sleep(1)" runs 'sleep 3352'
	pid=$(pid_of 'sleep 3350')
	expect_soon "its zombies" "cat(1)" have_ended "$1"
}

# have_ended NUMBER: lets those end that wait, and says if so many have.
# shellcheck disable=SC2009 # pgrep does not tell their state
have_ended() {
	: <> "$fifo" # to open it for writing alone, it would need a reader
	[ "$(ps -o stat= --ppid "$pid" | grep -c ^Z)" = "$1" ]
}

@test "5b: zombies PID: how many children of PID are zombies, whatever their names" {
	start_parent 3
	try "$MINE" "$pid"
	expect "the zombies of a process that has 3" 3 "$output" \
		"proc(5), /proc/PID/stat: what if the name of a program holds a bracket and a blank?"
}

@test "5b: none is 0, five are 5, and a process that is not there is an error" {
	start sleep 3353
	expect_soon "a process" "sleep(1)" runs 'sleep 3353'
	try "$MINE" "$(pid_of 'sleep 3353')"
	expect "the zombies of a process that has none" 0 "$output" \
		"print the number"
	start_parent 5
	try "$MINE" "$pid"
	expect "the zombies of a process that has 5" 5 "$output" \
		"its own children, and not theirs"
	try "$MINE" 2147483647
	expect_not "the status, where there is no such process" 0 "$status" \
		"say so by the exit status"
}
