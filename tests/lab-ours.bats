# What make lab and make watch promise to the reader. All is done in a copy of
# the checkout, which has no lab yet.

# shellcheck disable=SC2016 # a script that is written is to expand it
# shellcheck disable=SC2153 # start_outside sets PID and OUTPUT

load helper

setup_file() {
	COPY=$(mktemp -d /tmp/isolate-lab.XXXXXX)
	chmod 755 "$COPY"
	mkdir "$COPY/top" "$COPY/own"
	cd "$BATS_TEST_DIRNAME/.." || return
	cp -a .gitignore Makefile common step* tests "$COPY/top"
	tests/book --own "$COPY/own"
	export COPY TOP=$COPY/top OWN=$COPY/own
}

teardown_file() {
	rm -rf "$COPY"
}

setup() {
	PIDS=()
	# In it, another bats knows nothing of this one.
	mapfile -t OUTSIDE < <(compgen -e BATS_ | sed 's/^/--unset=/')
	OUTSIDE=(env "${OUTSIDE[@]}" PATH="${PATH#"$BATS_LIBEXEC:"}")
	cd "$TOP" || return
	rm -rf lab mine mine.c
}

teardown() {
	[ ${#PIDS[@]} -eq 0 ] || is_gone "$PID" || kill -INT "$PID"
	[ ${#PIDS[@]} -eq 0 ] || eventually is_gone "$PID" || kill -KILL "$PID"
}

# lay_out STEP: make lab, which prints two lines more if the lab is a new one.
lay_out() {
	run make --no-print-directory lab STEP="$1"
	assert_success
}

# solve STEP [FROM]: puts the book's program of the step into its lab.
solve() {
	cp "$OWN/${2:-$1}.c" "lab/step$1/mine.c"
}

# without_comments FILE: its C code.
without_comments() {
	cc -fpreprocessed -E -P "$1"
}

# todos FILE: the texts of its TODOs, a line each.
todos() {
	tr -s '\n\t *' ' ' < "$1" | grep -o 'TODO [0-9.]*: [^/]*\(/proc[^/]*\)*'
}

checksums() {
	find "$@" -type f -exec sha256sum {} + | sort
}

# make lab

@test "step 1 begins with a skeleton, the others with the book's program before" {
	local step
	lay_out 1
	assert_output --partial 'a skeleton, with 10 TODOs in mine.c'
	for step in 2 3 4 5 6; do
		lay_out "$step"
		assert_output --partial \
			"the book's program of step $((step - 1)), with "
		assert_equal "$(without_comments "lab/step$step/mine.c")" \
			"$(without_comments "$OWN/$((step - 1)).c")"
	done
}

@test "a TODO stands in each place where the chapter adds lines, and nowhere else" {
	local step
	for step in 2 3 4 5 6; do
		lay_out "$step"
		run diff "lab/step$step/mine.c" "$OWN/$step.c"
		assert_equal "$(grep -c '^[0-9,]*c[0-9,]*$' <<< "$output")" \
			"$(grep -c "TODO $step\.[0-9]*:" "lab/step$step/mine.c")"
		refute_line --regexp '^[0-9,]+[ad][0-9,]+$'
		run grep -B 1 '^int main' "lab/step$step/mine.c"
		assert_equal "${output%%int*}" $'\n'
	done
}

# said_in TEXT STEP: names of the solution that are in the text.
said_in() {
	grep -oFf <(grep -oE '\w+_\w+|\w+\(' "$OWN/$2.c" |
		grep -vx 'main(') <<< "$1"
}

@test "no TODO says a name that the answer has" {
	local step
	for step in 1 2 3 4 5 6; do
		lay_out "$step"
		run said_in "$(cat "$OWN/$step.c")" "$step"
		assert_success
		run todos "lab/step$step/mine.c"
		assert_line --partial "TODO $step.1: "
		run said_in "$output" "$step"
		assert_failure
		assert_output ''
	done
}

@test "each start compiles without a warning" {
	local step
	for step in 1 2 3 4 5 6; do
		lay_out "$step"
		run make -C "lab/step$step" CFLAGS='-Wall -Wextra -Werror'
		assert_success
		assert [ -x "lab/step$step/mine" ]
	done
}

@test "each start fails the tests of its stage, and the book's program passes" {
	local step
	for step in 1 2 3 4 5 6; do
		lay_out "$step"
		make -s -C "lab/step$step"
		run "${OUTSIDE[@]}" CALLER=user FIRST="$step" \
			ISOLATE="lab/step$step/mine" tests/run "$step"
		assert_failure
		assert_output --regexp '[1-9][0-9]* failed'
		solve "$step"
		make -s -C "lab/step$step"
		run "${OUTSIDE[@]}" CALLER=user FIRST="$step" \
			ISOLATE="lab/step$step/mine" tests/run "$step"
		assert_success
	done
}

@test "a lab that is there is left as it is" {
	local before
	lay_out 4
	echo 'my own' |
		tee lab/step4/{mine.c,PROMISES.md,Makefile,notes} > /dev/null
	before=$(checksums lab)
	lay_out 4
	assert_output 'lab/step4 is there already, and is left as it is'
	assert_equal "$(checksums lab)" "$before"
}

@test "a list of promises that the reader has not changed is brought up to date" {
	lay_out 2
	lay_out 3
	echo 'my own' >> lab/step2/PROMISES.md
	cp lab/step2/PROMISES.md promises
	mv lab/step3/PROMISES.md outdated
	sed '$d' outdated > lab/step3/PROMISES.md
	(cd lab/step3 && sha256sum PROMISES.md) >> lab/step3/.ours
	lay_out 3
	assert_output --partial 'new there: PROMISES.md'
	cmp outdated lab/step3/PROMISES.md
	lay_out 2
	refute_output --partial new
	cmp promises lab/step2/PROMISES.md
	rm promises outdated
}

@test "a lab lists the promises of its stage and those before" {
	lay_out 2
	run cat lab/step2/PROMISES.md
	assert_output --partial '## Step 2: the UTS namespace'
	refute_output --partial '## Step 3'
	assert_line --regexp '^- .*hostname'
	assert_equal "$(grep -c '^- clean' lab/step2/PROMISES.md)" 1
}

@test "a later lab begins with the reader's program, with TODOs for what it lacks" {
	local before
	lay_out 2
	solve 2
	sed -i 's/^int main/int answer = 42;\n\n&/' lab/step2/mine.c
	touch lab/step2/mine.h
	before=$(checksums lab)
	lay_out 3
	assert_output --partial 'your program of lab/step2, with 1 TODO in mine.c'
	assert [ -e lab/step3/mine.h ]
	# Nobody has worked on that one, so there is no sense in going on from it.
	lay_out 4
	assert_output --partial \
		'your program of lab/step2, with 10 TODOs in mine.c'
	run diff lab/step2/mine.c lab/step4/mine.c
	refute_output --regexp '^<|/\.\.|^> [^/\t ]'
	assert_equal "$(checksums lab/step2)" "$before"
	make -C lab/step4 CFLAGS='-Wall -Wextra -Werror'
}

@test "where the places cannot be found, the TODOs stand at the head" {
	mkdir -p lab/step3
	printf 'int main(void)\n{ return 3; }\n' > lab/step3/mine.c
	lay_out 4
	assert_output --partial 'with 9 TODOs in mine.c'
	run cat lab/step4/mine.c
	assert_line --index 1 --partial 'TODO 4.1:'
	assert_equal "${lines[*]: -2}" "$(paste -s -d ' ' lab/step3/mine.c)"
	make -C lab/step4 CFLAGS='-Wall -Wextra -Werror'
}

@test "a program in another language is taken over as it is, its TODOs beside it" {
	mkdir -p lab/step3/parts
	printf '#!/bin/sh\n. "${0%%/*}/parts/one"\n' > lab/step3/mine
	echo 'echo one' > lab/step3/parts/one
	chmod 755 lab/step3/mine
	lay_out 4
	assert_output --partial 'your program of lab/step3, with 9 TODOs in TODO.md'
	run make -s -C lab/step4
	assert_success
	cmp lab/step3/mine lab/step4/mine
	run lab/step4/mine
	assert_output one
	assert [ ! -e lab/step4/mine.c ]
	lay_out 5
	assert_output --partial \
		'your program of lab/step3, with 10 TODOs in TODO.md'
}

@test "a Makefile that the reader has changed is taken over, another is not" {
	lay_out 2
	solve 2
	lay_out 3
	solve 3
	echo '# my own' >> lab/step3/Makefile
	echo 'my own' >> lab/step3/PROMISES.md
	lay_out 4
	cmp lab/step3/Makefile lab/step4/Makefile
	run grep 'my own' lab/step4/PROMISES.md
	assert_failure
	lay_out 4
	cmp lab/step3/Makefile lab/step4/Makefile
	rm -r lab/step[34]
	echo '# of ours, but old' >> lab/step2/Makefile
	(cd lab/step2 && sha256sum Makefile) >> lab/step2/.ours
	lay_out 3
	cmp tests/lab-parts/Makefile lab/step3/Makefile
}

@test "the first lab begins with mine.c of the top directory, where the book puts it" {
	cp "$OWN/3.c" mine.c
	lay_out 4
	assert_output --partial 'your program of the top directory, with 9 TODOs'
	cmp mine.c "$OWN/3.c"
	assert_equal "$(without_comments lab/step4/mine.c)" \
		"$(without_comments mine.c)"
}

@test "a link is not written through" {
	mkdir -p lab/step2
	cp "$OWN/2.c" elsewhere.c
	ln -s ../../elsewhere.c lab/step2/mine.c
	lay_out 3
	assert_output --partial 'with 1 TODO in mine.c'
	cmp elsewhere.c "$OWN/2.c"
	grep -q 'TODO 3.1:' lab/step3/mine.c
	rm elsewhere.c
}

@test "a script called mine is not built over" {
	lay_out 2
	printf '#!/bin/sh\n' > lab/step2/mine
	touch -d '1 hour ago' lab/step2/mine
	run make -C lab/step2
	assert_failure
	assert_output --partial 'mine is a script, and is kept: remove mine.c'
	assert_equal "$(cat lab/step2/mine)" '#!/bin/sh'
}

@test "git ignores what is in lab" {
	command -v git > /dev/null || cannot "there is no git"
	lay_out 1
	git init --quiet "$TOP"
	run git status --porcelain --untracked-files=all lab Makefile
	rm -rf "$TOP/.git"
	assert_success
	assert_output '?? Makefile'
}

@test "a step that is none, or not said, is an error of one line" {
	run tests/lab 7
	assert_failure
	assert_output 'there is no step 7: STEP is 1 to 6'
	run tests/lab
	assert_failure
	assert_output 'say which step, 1 to 6, as in make lab STEP=1'
	lay_out 3
	run tests/lab
	assert_output 'say which step, 1 to 6, as in make lab STEP=4'
	assert_equal "$(ls -A lab)" step3
}

# What is beside the program

@test "make grade, trace and watch in a lab are those of the top directory" {
	local target
	lay_out 2
	cp Makefile kept
	printf 'grade trace watch:\n\t@echo $@ $(STEP) "$$ISOLATE"\n' > Makefile
	for target in grade trace watch; do
		run make -s -C lab/step2 "$target"
		assert_success
		assert_output "$target 2 '$TOP/lab/step2/mine'"
		[ "$target" = watch ] || assert [ -x lab/step2/mine ]
	done
	mv kept Makefile
}

@test "a checkout with a space in its path has labs, too" {
	local top="$COPY/with a space"
	mkdir "$top"
	cp -a Makefile common step* tests "$top"
	make -s -C "$top" lab STEP=4
	printf 'include kept\ngrade: ; @echo $@ $(STEP) "$$ISOLATE"\n' > "$top/new"
	sed '/^grade:/,/^$/d' "$top/Makefile" > "$top/kept"
	mv "$top/new" "$top/Makefile"
	run make -s -C "$top/lab/step4" grade
	assert_success
	assert_output "grade 4 '$top/lab/step4/mine'"
	rm -r "$top"
}

@test "make grade, trace and watch build what they need in silence" {
	local target
	for target in 'grade STEP=9' 'trace STEP=9' 'watch STEP=9' \
		'grade-all STEP=9 DIR=common'; do
		rm -f tests/probe common/common.a
		# shellcheck disable=SC2086 # they are words
		run make --no-print-directory $target
		assert_failure
		assert [ -e common/common.a ]
		refute_output --regexp '(^|\n)(cc|ar|rm) '
		assert_output --partial 9
	done
	make -s tests/probe
}

# tests/lab --program, for make grade

@test "the program of a lab is built, and its path printed" {
	lay_out 2
	lay_out 3
	run --separate-stderr tests/lab --program 2
	assert_success
	assert_output "$TOP/lab/step2/mine"
	assert [ -x lab/step2/mine ]
	assert [ ! -e lab/step3/mine ]
	cd lab
	run --separate-stderr ../tests/lab --program
	assert_success
	assert_output "$TOP/lab/step3/mine"
	assert [ -x step3/mine ]
}

@test "why there is no program is said" {
	run tests/lab --program
	assert_failure
	assert_output 'there is no lab yet: make lab STEP=1'
	lay_out 2
	run tests/lab --program 3
	assert_failure
	assert_output 'there is no lab/step3: make lab STEP=3'
	echo 'int main(void) { return }' > lab/step2/mine.c
	run tests/lab --program 2
	assert_failure
	assert_line --partial 'mine.c:1:25: error'
	assert_line 'lab/step2: your program does not build'
	rm lab/step2/mine.c
	run tests/lab --program 2
	assert_failure
	assert_output --partial 'lab/step2 has no program: write mine.c, or '
}

# make watch. The tests that it runs here are none: what they report is in files
# beside the program, once there is a file `go`, or `goN` for a stage N.

# stage_file [NAME PROMISE]...: stage tests with no more than names. bats takes
# what begins a line here for a test of its own.
stage_file() {
	while [ $# -gt 0 ]; do
		printf '# Promise %s: %s.\n@test "%s" {\n}\n' "$1" "$2" "$1"
		shift 2
	done
}

pretend() {
	rm -rf pretended
	mkdir -p pretended lab/step2
	stage_file one 'the first is kept' two 'the second is kept' \
		> pretended/step1-one.bats
	stage_file three 'the third is kept' > pretended/step2-two.bats
	cat > pretended/run <<- 'EOF'
		#!/bin/bash
		# Else bash goes on if what it waits for has just ended by itself.
		trap exit INT
		echo "$FIRST" >> "${0%/*}/runs"
		mkdir -p "$REPORTS/$CALLER"
		for ((n = FIRST; n <= $1; n++)); do
			until [ -e "${0%/*}/go" ] || [ -e "${0%/*}/go$n" ]; do
				sleep 0.02
			done
			file=$(echo "${0%/*}"/step$n-*.bats)
			"$ISOLATE" "$n" > "$REPORTS/new"
			mv "$REPORTS/new" "$REPORTS/$CALLER/$(basename "$file" bats)tap"
		done
	EOF
	chmod 755 pretended/run
	printf '#!/bin/sh\ncat "${0%%/*}/$1"\n' > lab/step2/mine
	chmod 755 lab/step2/mine
	report 1 'ok 1 one' 'ok 2 two'
	report 2 'not ok 1 three' '# hint: which one is it?' '# hint 2: read(2)'
	export GRADE_RUN=$PWD/pretended/run TMPDIR=$BATS_TEST_TMPDIR
	chmod 755 "$TMPDIR"
}

# report STAGE LINE...: saves what the tests of the stage are to report, as an
# editor does.
report() {
	printf '%s\n' "${@:2}" > lab/step2/."$1"
	mv lab/step2/."$1" lab/step2/"$1"
}

watch() {
	start_outside "${OUTSIDE[@]}" tests/watch "$@"
}

# has_said_times N REGEX
has_said_times() {
	[ "$(grep -cE "$2" "$OUTPUT")" -eq "$1" ]
}

has_runs() {
	[ -e pretended/runs ] && [ "$(wc -l < pretended/runs)" -eq "$1" ]
}

@test "make watch says what a save has changed, and the first open promise" {
	pretend
	touch pretended/go
	watch 2
	eventually has_said '^2 of 3 promises are kept'
	run cat "$OUTPUT"
	assert_line 'The first open promise: the third is kept'
	assert_line --regexp '^ +hint +which one is it\?$'
	refute_output --partial now:
	refute_output --partial 'read(2)'
	report 2 'ok 1 three'
	eventually has_said '^3 of 3 promises are kept'
	eventually has_said '^All of them'
	run cat "$OUTPUT"
	assert_line '+ kept now: the third is kept'
	assert_equal "$(grep -c now: "$OUTPUT")" 1
	report 1 'ok 1 one' 'not ok 2 two'
	eventually has_said_times 2 '^2 of 3 promises are kept'
	run cat "$OUTPUT"
	assert_line --regexp '^[0-9:]{8} 1: \.\.\.$'
	assert_line -- '- broken now: the second is kept'
	assert_line 'The first open promise: the second is kept'
	assert_equal "$(grep -c now: "$OUTPUT")" 2
}

@test "make watch without a step takes the last lab, and without one says so" {
	pretend
	touch pretended/go
	mkdir lab/step1
	watch
	eventually has_said '^Each save in lab/step2 is graded'
	rm -r lab
	run tests/watch
	assert_failure
	assert_output 'there is no lab yet: make lab STEP=1'
	run tests/watch 3
	assert_failure
	assert_output 'there is no lab/step3: make lab STEP=3'
}

@test "make watch shows a compiler's error, and grades nothing" {
	pretend
	touch pretended/go
	rm lab/step2/mine
	cp tests/lab-parts/Makefile lab/step2
	echo 'int main(void) { return }' > lab/step2/mine.c
	watch 2
	eventually has_said 'mine.c:1:25: error'
	eventually has_said '^lab/step2: your program does not build$'
	assert [ ! -e pretended/runs ]
	sed -i 's/return/& 0;/' lab/step2/mine.c
	eventually has_said '^No promise is kept'
	assert has_runs 2 # from stage 1, and from stage 2
}

@test "saves during a grading lead to one more" {
	pretend
	report 1 'ok 1 one' 'not ok 2 two'
	watch 2
	eventually has_runs 2
	report 2 'not ok 1 three' '# the second save'
	report 2 'not ok 1 three' '# the third save'
	eventually has_said '^Saved again: that will be graded next'
	touch pretended/go
	eventually has_runs 4
	eventually has_said '^1 of 3 promises are kept'
	# The next one shows that there was none between.
	report 2 'ok 1 three'
	eventually has_said '^2 of 3 promises are kept'
	assert has_runs 6
	assert has_said_times 3 '^[0-9:]{8} '
	# The first one is out of date: its first stage is told, but no more.
	assert has_said_times 3 '^The first open promise: the second is kept'
	assert has_said_times 2 'promises are kept'
}

@test "make watch says no more than the first stage of a program that keeps nothing" {
	pretend
	touch pretended/go
	report 1 'not ok 1 one' 'ok 2 two # skip blocked by one'
	report 2 'not ok 1 three'
	watch 2
	eventually has_said '^No promise is kept, and all others wait for this one'
	run cat "$OUTPUT"
	assert_line 'The first open promise: the first is kept'
	refute_output --partial third
}

@test "of promises that wait make watch says how many, and a title once" {
	pretend
	touch pretended/go
	sed -i 's/@test "one"/@test "the first is kept"/' pretended/step1-one.bats
	report 2 'ok 1 three'
	watch 2
	eventually has_said '^3 of 3'
	report 1 'not ok 1 one' 'ok 2 two # skip blocked by one'
	eventually has_said '^- cannot be tested now: 1 promise$'
	eventually has_said '^The first open promise: the first is kept'
	eventually has_said '^No promise is kept'
	run cat "$OUTPUT"
	assert_line -- '- broken now: the first is kept'
	refute_line --partial 'the second is kept'
	refute_line '  the first is kept'
}

@test "a save ends the wait for a stage, when the first has been told" {
	pretend
	report 1 'ok 1 one' 'not ok 2 two'
	watch 2
	eventually has_runs 2
	touch pretended/go1
	eventually has_said 'the second is kept'
	report 1 'ok 1 one' 'ok 2 two'
	eventually has_runs 4
	eventually has_said '^\+ kept now: the second is kept'
	touch pretended/go
	eventually has_said '^2 of 3'
}

@test "HINT=2 shows the second hint, too" {
	pretend
	touch pretended/go
	HINT=2 watch 2
	eventually has_said '^ +hint 2 +read\(2\)$'
}

@test "what the build writes is not a save" {
	pretend
	touch pretended/go
	mv lab/step2/mine lab/step2/source
	printf 'mine: source\n\tcp source mine\n' > lab/step2/Makefile
	watch 2
	eventually has_said 'promises are kept'
	report 2 'ok 1 three'
	eventually has_said '^3 of 3'
	assert has_runs 4
	assert has_said_times 2 '^[0-9:]{8} '
}

@test "what an editor keeps for itself is not graded" {
	pretend
	touch pretended/go
	watch 2
	eventually has_said 'promises are kept'
	touch lab/step2/.mine.swp lab/step2/mine~
	report 2 'ok 1 three'
	eventually has_said '^3 of 3'
	assert has_runs 4
	assert has_said '^[0-9:]{8} 2: '
}

@test "Ctrl-C ends make watch, and leaves nothing" {
	pretend
	export TEST_MARKER=$BATS_TEST_TMPDIR/marker
	watch 2
	eventually has_runs 2
	assert [ -d "$(echo "$TMPDIR"/isolate-grade.*)" ]
	assert [ "$(leftover_pids "$TEST_MARKER")" ]
	kill -INT "$PID"
	wait "$PID"
	run leftover_pids "$TEST_MARKER"
	assert_output ''
	run find "$TMPDIR" -name 'isolate-*'
	assert_output ''
}

@test "make watch works with the tests of the book" {
	lay_out 1
	watch 1
	PATIENCE=60 eventually has_said '^No promise is kept, '
	assert has_said '^ +hint '
	solve 1
	PATIENCE=60 eventually has_said '^All of them'
	assert has_said '^\+ kept now: '
}
