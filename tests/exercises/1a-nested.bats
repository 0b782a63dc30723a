# Exercise 1a: the map of a nested isolate, predicted.
# start: /dev/null

load exercise

# What the reader may try first, for each answer that is wrong.
hints=("whoever is inside reads the ids of the parent namespace beside its own"
	"the outer isolate is the parent of the inner one"
	"a reader in another user namespace reads the ids of its own"
	"as before: and what number has that uid for the reader?"
	"the inner map, on its left"
	"one process has a number for each reader"
	"your isolates are yours"
	"the file system has noted one number, and two maps follow"
	"which uid do you see for one that is in no map?")

# The inner isolate, which looks around, and stays.
# shellcheck disable=SC2016,SC2089 # expanded inside
inner='cat /proc/self/uid_map > answer1
	cat "/proc/$outer/uid_map" > answer4
	id -u > answer5
	stat -c %u yours > answer8
	stat -c %u "$others" > answer9
	echo $$ > pid.new
	mv pid.new pid
	until [ -e enough ]; do sleep 0.02; done'

# The outer one, which runs that and looks at it.
# shellcheck disable=SC2016 # expanded inside
outer='export outer=$$
	"$STEPS/step1" -u 7:5:1 bash -euc "$inner" &
	until [ -e pid ]; do sleep 0.02; done
	cat "/proc/$(cat pid)/uid_map" > answer2
	stat -c %u "/proc/$(cat pid)" > answer6
	touch looked
	wait'

# observe: prints what really happens, an answer a line, "me" for the caller's uid.
observe() {
	local me
	me=$(id -u)
	cd "$BATS_TEST_TMPDIR" || return
	# shellcheck disable=SC2090 # for a shell to run
	export inner others=/etc/passwd
	touch yours
	if is_root; then
		others=others
		touch others
		chown 4711 others
	fi
	timeout -k 1 20 "$STEPS/step1" -u "5:$me:1" bash -euc "$outer" \
		> log 2>&1 < /dev/null 3>&- &
	PATIENCE=10 eventually [ -e looked ]
	cat "/proc/$(cat pid)/uid_map" > answer3
	stat -c %u "/proc/$(cat pid)" > answer7
	touch enough
	wait
	awk -v me="$me" '
		NF == 3 && $2 == me { $2 = "me" }
		NF == 1 && $1 == me { $1 = "me" }
		{ $1 = $1; print }' answer{1..9}
}

@test "1a: each answer is what really happens" {
	local happens answers line
	mapfile -t happens < <(observe)
	[ "${#happens[@]}" -eq 9 ] # all of it has been observed
	mapfile -t answers < <(awk 'NF { $1 = $1; print }' "$MINE")
	for line in {0..8}; do
		[ "${answers[line]:-}" = "${happens[line]}" ] ||
			differ "answer $((line + 1)) is not right" \
				"what you see when you try it" \
				"${answers[line]:-}" "${hints[line]}"
	done
}
