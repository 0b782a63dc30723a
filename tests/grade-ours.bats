# What tests/grade makes of the reports of tests/run. A fake of that leaves
# reports that stand here, so that each case can be had, and at once.
#
#	make test-grade

# shellcheck disable=SC2016 # what is quoted is for other shells
# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # each test has an environment of its own

load helper

# The stages, and a tests/run that leaves the reports of CALLER/.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	let_in
	mkdir user root
	export GRADE_RUN=$BATS_TEST_TMPDIR/run
	unset WHILE_TESTING
	cat > run <<-'END'
		#!/bin/bash
		cd "$(dirname "$0")"
		report() {
			install -D "$CALLER/$1" "$REPORTS/$CALLER/.tap" &&
				mv "$REPORTS/$CALLER/.tap" \
					"$REPORTS/$CALLER/$(basename step"$1"-*ns.bats .bats).tap"
		}
		echo "$ISOLATE" > "started.$CALLER"
		echo "Step 1, as $CALLER:"
		eval "${WHILE_TESTING-}"
		for ((n = 1; n <= $1; n++)); do
			report "$n"
		done
	END
	chmod 755 run
	# bats is not to take these for tests of this file.
	sed 's/^%/@/' > step1-userns.bats <<-'END'
		# Promise start: PROGRAM is started.
		%test "PROGRAM starts" {
			run "$ISOLATE" true
			assert_success
		}

		# Promise maps: PROGRAM is root inside, and itself
		# outside.
		%test "it is \"root\" inside" {
			hint "Which \"map\"?
				This one?" \
				'user_namespaces(7)'
			hint_if "x" "y"
			:
		}

		%test "it is itself outside" {
			:
		}
	END
	sed 's/^%/@/' > step2-utsns.bats <<-'END'
		# Promise name: PROGRAM has a name of its own.
		%test "its name" {
			:
		}
		# Promise host: The host keeps its name.
		%test "the host's name" {
			:
		}
	END
	cat step2-utsns.bats - > step2-utsns-ours.bats <<< '# Promise another: Not to be read.'
	report 1 <<< $'1..3\nok 1 a\nok 2 b\nok 3 c'
	report 2 <<< $'1..2\nok 1 a\nok 2 b'
}

teardown() {
	:
}

# report STAGE [CALLER]: what tests/run will leave, for all callers or this one.
report() {
	tee "${2:-user}/$1" > "${2:-root}/$1"
}

grade() {
	run --separate-stderr "$BATS_TEST_DIRNAME/grade" "$@"
}

grade_all() {
	run --separate-stderr "$BATS_TEST_DIRNAME/grade-all" "$@"
}

# assert_shown WORDS...: these are in the output, whatever blanks there are.
assert_shown() {
	local shown
	shown=$(tr -s ' \n' ' ' <<< "$output")
	[[ $shown == *"$*"* ]] || fail "not shown: $*
$output"
}

refute_started() {
	assert [ -e run ]
	refute [ -e started.user ]
}

# of_results EXPRESSION: what it is, in Python, of what --json results.json has
# left; `tests` are those of them.
of_results() {
	python3 -c 'import json, sys
results = json.load(open("results.json"))
tests = results["tests"]
print(eval(sys.argv[1]))' "$1"
}

# failing [CALLER]: the report of a program whose maps are missing.
failing() {
	report 1 "$@" <<-'END'
		1..3
		ok 1 PROGRAM starts
		not ok 2 it is "root" inside
		# (from function `assert_output' in file /usr/lib/assert_output.bash, line 194,
		#  in test file step1-userns.bats, line 3)
		#   `assert_output 0' failed
		#
		# -- output differs --
		# expected : 0
		# actual   : 65534
		# --
		#
		# ran: mine id -u
		# status: 0
		# hint: Which map?
		# hint 2: user_namespaces(7)
		not ok 3 it is itself outside
		# (in test file step1-userns.bats, line 3)
		#   `false' failed
		# ran: mine cat /proc/self/uid_map
		# status: 1
		# stderr: mine: no
	END
}

@test "all passed: each promise in its place, once, the points, and status 0" {
	grade 2 true
	assert_success
	assert_output --partial "Grading true, as an ordinary user$(! is_root ||
		echo ' and as root').

Stage 1, the user namespace
  ok       PROGRAM is started
  ok       PROGRAM is root inside, and itself outside
Stage 2, the UTS namespace
  ok       PROGRAM has a name of its own
  ok       The host keeps its name

$((EUID ? 5 : 10)) of $((EUID ? 5 : 10)) tests passed; 4 of 4 promises are kept."
	assert_equal "$stderr" ''
}

@test "STEP 1 is graded by stage 1" {
	grade 1 true
	assert_success
	refute_output --partial 'Stage 2'
}

@test "a failure: what was run, wanted and seen, and a hint, without the noise" {
	failing
	grade 2 'sh -c true'
	assert_failure 1
	assert_shown 'ok PROGRAM is started FAILED PROGRAM is root inside, and itself' \
		'outside it is "root" inside ran sh -c true id -u wanted 0 seen' \
		'65534 hint Which map? Stage 2,'
	assert_shown 'ALL=yes shows every failure; HINT=2 names'
	assert_shown '3 of 4 promises are kept, 1 is broken.'
}

@test "--all shows all failures, --hint 2 the second step of hints" {
	failing
	grade --all --hint 2 2 true
	assert_shown 'Which map? hint 2 user_namespaces(7) it is itself outside' \
		'ran true cat /proc/self/uid_map wanted false status 1 stderr mine: no Stage 2'
	refute_output --partial ALL=yes
}

@test "where callers differ, it is told who" {
	only_as_root
	failing root
	grade 2 true
	assert_shown 'itself outside (as root)'
	refute_output --partial '(as an ordinary user)'
	assert_shown '8 of 10 tests passed; 3 of 4 promises are kept, 1 is broken.'
	grade --as user 2 true
	assert_success
	assert_shown '5 of 5 tests passed; 4 of 4'
}

@test "where one caller was not tested, the end and JSON say so, and how it is" {
	grade --json results.json 2 true
	if is_root; then
		refute_output --partial only
		assert_equal "$(of_results 'results["callers_not_tested"]')" '[]'
		grade --as root --json results.json 2 true
		assert_line --index -1 "Tested as root only. For the\
 other half, say CALLER=user."
		assert_equal "$(of_results 'results["callers_not_tested"]')" "['user']"
		grade --as user 2 true
		assert_line --index -1 --partial 'say CALLER=root.'
	else
		assert_line --index -1 "Tested as an ordinary user only. For the\
 other half, call it as root, or with sudo."
		assert_equal "$(of_results 'results["callers_not_tested"]')" "['root']"
	fi
}

@test "a name that promise and test share stands there once" {
	failing
	sed -i 's/it is \\"root\\" inside/PROGRAM is root inside, and itself outside/' \
		step1-userns.bats
	grade 1 true
	assert_equal "$(grep -c 'PROGRAM is root inside, and' <<< "$output")" 1
	assert_shown 'itself outside ran true'
}

@test "a status of 0 is told where nothing was seen, and else is not" {
	failing
	grade 1 true
	refute_output --partial status
	report 1 <<< $'1..3\nok 1 a\nok 2 b\nnot ok 3 c\n# wanted: x\n# seen:\n# status: 0'
	grade 1 true
	assert_shown 'wanted x seen (nothing) status 0'
}

@test "what is blocked names what it waits for, once for several in a row" {
	failing
	sed 's/^%/@/' >> step2-utsns.bats <<-'END'
		# Promise third: The third.
		%test "the third" {
			:
		}
	END
	report 2 <<< $'1..3\nok 1 a # skip blocked by maps
ok 2 b # skip blocked by maps\nok 3 c'
	grade 2 true
	assert_shown 'blocked PROGRAM has a name of its own blocked The host keeps its' \
		'name waits for: PROGRAM is root inside, and itself outside ok The third'
	assert_shown '; 2 of 5 promises are kept, 1 is broken, 2 are not tested.'
}

@test "for whom a promise is not does not matter" {
	only_as_root
	report 2 user <<< $'1..2\nok 1 a # skip only as root\nok 2 b'
	grade 2 true
	refute_output --partial '(as'
	assert_shown '4 of 4 promises'
}

@test "the report on a program that does not start is short" {
	report 1 <<< $'1..3\nnot ok 1 a\n# stderr: no such\nok 2 b # skip blocked by start
ok 3 c # skip blocked by start'
	report 2 <<< $'1..2\nok 1 a # skip blocked by start\nok 2 b # skip blocked by start'
	grade 2 true
	assert_failure 1
	assert_output --regexp "
Stage 1, the user namespace
  FAILED   PROGRAM is started
           PROGRAM starts
             stderr  no such

All else waits for that: 3 of 4 promises.

0 of (5|10) tests passed; 0 of 4 promises are kept,\
 1 is broken, 3 are not tested."
}

@test "what this machine cannot test, or is for another caller, does not count" {
	report 1 <<< $'1..3\nok 1 a\nok 2 b # skip only as root\nok 3 c # skip only as root'
	report 2 <<< $'1..2\nok 1 a\nok 2 b # skip cannot run here: no strace'
	grade --as user 2 true
	assert_success
	assert_shown '- PROGRAM is root inside, and itself outside only as root Stage'
	assert_shown '- The host keeps its name this machine cannot test it: no strace'
	assert_shown '2 of 2 tests passed; 2 of 2 promises are kept.'
}

@test "where nothing can be tested, nothing has passed" {
	report 1 <<< $'1..3\nok 1 a # skip cannot run here: x\nok 2 b # skip\nok 3 c # skip'
	grade --json results.json 1 true
	assert_failure 1
	assert_shown 'this machine cannot test it: no reason is given'
	assert_equal "$(of_results 'results["status"]')" error
}

@test "a test without a result has failed" {
	report 2 <<< $'1..2\nok 1 a'
	grade 2 true
	assert_failure 1
	assert_shown "FAILED The host keeps its name the host's name seen no result"
}

@test "blocks of bats-assert are told as wanted and seen" {
	report 2 <<-'END'
		1..2
		not ok 1 a
		# (in test file x, line 3)
		#   `assert_success' failed with status 1
		#
		# -- command failed --
		# status : 7
		# output (6 lines):
		#   1
		#   --
		#   3
		#   4
		#   5
		#   6
		# --
		#
		not ok 2 b
		#
		# -- value does not match regular expression --
		# value    : abc
		# pattern  : ^x
		# case     : sensitive
		# --
		#
		# -- a block that is new --
		# key : value
		# --
		# a loose line
	END
	grade 2 true
	assert_output --partial $'\n                     1\n                     --\n'
	assert_shown 'wanted status 0 seen status 7 1 -- ... 4 more lines FAILED'
	assert_shown 'wanted something that matches ^x seen abc note a block that is' \
		'new key : value a loose line'
}

@test "what a test says itself is told, but not what bash says of the killed" {
	report 1 <<-'END'
		1..3
		ok 1 a
		not ok 2 b
		# /tmp/isolate-tests.x/tests/stage.bash: line 9:    71 Killed            ( a
		# b ) > c
		# wanted: nothing is left
		# seen: after this:
		# a process: /tmp/isolate-tests.x/tmp/bats-run-y/test/5/file
		# ran: mine bash -c 'a b' '-x' '/y'
		ok 3 c
	END
	grade 1 'sh -c true'
	assert_shown 'inside ran sh -c true bash -c '"'a b'"' -x /y wanted nothing' \
		'is left seen after this: a process: file' "$((EUID ? 2 : 4)) of"
}

@test "what is blocked before it says that it is for another caller does not count" {
	sed -i '0,/^:$/s//only_as_root/' step1-userns.bats
	report 1 <<< $'1..3\nok 1 a\nok 2 b # skip blocked by x\nok 3 c'
	grade --as user 1 true
	assert_success
	assert_shown '2 of 2 tests'
}

@test "what a program prints does not reach the terminal as it is" {
	report 1 <<< $'1..3\nok 1 a\nok 2 b\nnot ok 3 c\n# seen: \e[2J\xff\x9b2J'
	grade 1 true
	assert_output --partial 'seen    \x1b[2J\xff\x9b2J'
}

@test "what is not there, or no program, is told in one line, and not tested" {
	: > plain
	mkdir dir
	for command in no-such ./no-such dir/ plain ./plain ./step1-userns.bats '' \
		'a "b' 'sh no-such.sh' 'python3 ./no-such x'; do
		grade 2 "$command"
		assert_failure 2
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 1
	done
	refute_started
	grade 2 plain
	assert_equal "$stderr" \
		'grade: there is no command plain in PATH: for the file here say ./plain'
}

@test "a program that cannot be executed is told in one line, and not tested" {
	local command
	mkdir 'a dir'
	: > empty
	printf '#!/usr/bin/env no-such -x\n' > ./env
	printf '#!/no/such\n' > interpreter
	printf '#!/bin/sh\r\nexit\r\n' > 'a dir/windows'
	chmod 755 empty env interpreter 'a dir/windows'
	while IFS='|' read -r command message; do
		grade 1 "$command"
		assert_failure 2
		assert_equal "$stderr" "grade: $message"
	done <<-END
		.|there is no command . in PATH: . is a directory
		./|$PWD is a directory
		./empty|$PWD/empty is empty
		./env|the first line of $PWD/env names no-such, which is not there
		./interpreter|the first line of $PWD/interpreter names /no/such, which is not there
		'a dir/windows'|the first line of $PWD/a dir/windows names /bin/sh\\r, as Windows ends lines, which is not there
		a dir/windows|ISOLATE is a command: quote a path with a space, ISOLATE="'a dir/windows'"
	END
	refute_started
	# But these are executed.
	printf '#!/usr/bin/env -S PATH=/bin sh -e\n' > ./env
	printf '#! /bin/sh -e\n' > interpreter
	for command in ./env ./interpreter; do
		grade 1 "$command"
		assert_success
	done
}

@test "the program is run with its words as a shell takes them, elsewhere, too" {
	mkdir 'a dir'
	export WHILE_TESTING='(cd /; "$ISOLATE" "x  y" "" -h > "$OLDPWD/got.$CALLER")'
	printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' > 'a dir/script'
	chmod 755 'a dir/script'
	grade 2 "'a dir/script' '\$x' \"it's\" run -a"
	assert_success
	assert_equal "$(cat got.user)" "<\$x><it's><$PWD/run><-a><x  y><><-h>"
}

@test "the program under test has the process id of the wrapper" {
	export WHILE_TESTING='"$ISOLATE" & wait; cat pid; [ $! = "$(cat pid)" ] || exit'
	grade --as user 1 "sh -c 'echo \$\$ > $PWD/pid'"
	assert_success
}

@test "an ordinary user is given a copy of what only root can read" {
	only_as_root
	mkdir -m 700 closed
	printf '#!/bin/sh\necho hello\n' > closed/script
	chmod 700 closed/script
	export WHILE_TESTING='[ $CALLER = root ] ||
		setpriv --reuid 47110 --clear-groups "$ISOLATE" > got; cat "$ISOLATE" > wrapper.$CALLER'
	umask 077
	grade 2 closed/script
	assert_success
	assert_output --partial "cannot read $PWD/closed/script"
	assert_equal "$(cat got)" hello
	assert_regex "$(cat wrapper.root)" "exec $PWD/closed/script"
}

@test "sudo is left out, and means root" {
	grade 2 'sudo true'
	if is_root; then
		assert_success
		assert_shown '5 of 5 tests'
		assert [ -e started.root ]
		refute [ -e started.user ]
	else
		assert_failure 2
		refute_started
	fi
}

@test "that there is no sandbox is said, even if all is right" {
	report 1 <<< $'1..3\nok 1 a\nok 2 b\nok 3 c'
	cat > run <<-'END'
		#!/bin/bash
		echo 'No sandbox, what is run here runs on this machine itself: x'
		echo 'Step 1, as ...: the log'
		mkdir "$REPORTS/$CALLER"
		mv "${0%/*}/$CALLER/1" "$REPORTS/$CALLER/step1-userns.tap"
	END
	grade 1 true
	assert_success
	assert_line --partial ': No sandbox, what is run here runs on this machine itself: x'
}

@test "what the doctor says of this machine is told once, before what failed" {
	cat > run <<-'END'
		#!/bin/bash
		printf '%s\n' "What follows may be ..." "As $CALLER, tests/doctor finds:" \
			'note   there is no strace' 'Step 1, as ...: the log'
		mkdir "$REPORTS/$CALLER"
		mv "${0%/*}/$CALLER/1" "$REPORTS/$CALLER/step1-userns.tap"
	END
	grade 1 true
	assert_success
	refute_output --partial strace
	report 1 <<< $'1..3\nok 1 a\nok 2 b\nok 3 c # skip cannot run here: x'
	grade 1 true
	assert_output --partial strace
	failing
	grade 1 true
	assert_failure
	assert_output --regexp "
What follows may be this machine's fault, [^:]*:
note   there is no strace

Stage 1"
	assert_equal "$(grep -c 'strace\|doctor\|log' <<< "$output")" 1
}

@test "that tests/run does not work is told, and is no fault of the program" {
	export WHILE_TESTING='echo no bats here >&2; exit 1'
	grade --json results.json 1 true
	assert_failure 2
	assert_regex "$stderr" 'tests/run did not work as an ordinary user: no bats here'
	run of_results 'results["status"] + ": " + results["message"]'
	assert_output --partial 'error: tests/run did not work'
}

@test "a value that is none is told by its name, and nothing is graded" {
	local value
	while IFS='|' read -r value message; do
		run make -s -C "$BATS_TEST_DIRNAME/.." grade ISOLATE=true STEP=1 "$value"
		assert_failure
		assert_line "grade: $value: $message"
	done <<-'END'
		STEP=9|not 1 to 6
		STEP=a b|not 1 to 6
		CALLER=alice|not user or root
		HINT=3|not 1 or 2
		SECONDS_EACH=0|not a number of seconds
	END
	refute_started
	export WHILE_TESTING='sleep 100'
	run make -s -C "$BATS_TEST_DIRNAME/.." grade ISOLATE=true STEP=1 SECONDS_EACH=1
	assert_shown 'no result after 1 s'
}

@test "that a file cannot be written is told before anything is graded" {
	mkdir dir all
	for file in no-such/file dir; do
		grade --json $file 1 true
		assert_failure 2
		assert_regex "$stderr" "^grade: JSON=$PWD/$file"
		grade_all --csv $file 1 all
		assert_failure 2
		assert_regex "$stderr" "^grade: CSV=$PWD/$file"
	done
	refute_started
}

@test "JSON has the shape of exercism's results, and what else is known" {
	failing
	report 2 <<< $'1..2\nok 1 a # skip blocked by maps\nok 2 b # skip only as x'
	grade --as user --json results.json 2 true
	assert_equal "$(of_results '[results[key] for key in ("version", "status",
		"message")]')" "[3, 'fail', None]"
	assert_equal "$(of_results '[(test["status"], test["promise"],
		test["task_id"]) for test in tests]')" "[('pass', 'start', 1)\
, ('fail', 'maps', 1), ('fail', 'maps', 1), ('error', 'name', 2)]"
	assert_equal "$(of_results '[tests[1][key] for key in ("name", "caller",
		"blocked_by", "hint", "hint2", "test_code", "output")]')" \
		"['it is \"root\" inside', 'user', None, 'Which map?'\
, 'user_namespaces(7)', ':\\n', None]"
	assert_equal "$(of_results 'tests[1]["message"]')" \
		$'ran: mine id -u\nwanted: 0\nseen: 65534\nstatus: 0'
	assert_equal "$(of_results 'tests[2]["output"]')" 'mine: no'
	assert_equal "$(of_results 'tests[3]["blocked_by"]')" maps
}

@test "JSON of a program that keeps all" {
	grade --json results.json 2 true
	assert_success
	assert_equal "$(of_results 'results["status"]')" pass
}

@test "JSON of no program" {
	grade --json results.json 2 ./no-such
	assert_failure 2
	assert_equal "$(of_results 'results["status"], tests')" "('error', [])"
}

@test "grade-all: a CSV line for each submission, whatever it is" {
	mkdir -p all/{directory,empty} made
	install -m 755 /dev/stdin all/a-script <<< '#!/bin/sh'
	install -m 755 /dev/stdin all/directory/mine <<< '#!/bin/sh'
	echo 'int main(void) { return 0; }' > all/c.c
	echo 'int main(void) { oops }' > all/d.c
	echo > all/e.py
	echo hello > all/README.txt
	echo '#!/bin/sh' > all/f
	install -m 755 /dev/stdin all/g <<< '#!/no/such'
	failing
	export WHILE_TESTING='"$ISOLATE" < /dev/null || touch did-not-run'
	grade_all --csv table.csv --as user 2 all
	assert_success
	assert_equal "$(sed 's/,[0-9]*$//; s/\(error:\).*/\1/' table.csv)" "$(cat <<-END
		name,points,of,start,maps,name,host,first failure,seconds
		a-script,3,5,kept,failed,kept,kept,"maps: it is ""root"" inside"
		c.c,3,5,kept,failed,kept,kept,"maps: it is ""root"" inside"
		d.c,0,,,,,,does not compile: error:
		directory,3,5,kept,failed,kept,kept,"maps: it is ""root"" inside"
		e.py,3,5,kept,failed,kept,kept,"maps: it is ""root"" inside"
		empty,0,,,,,,there is no program in it
		f,0,,,,,,it is not executable
		g,0,,,,,,"the first line of $PWD/all/g names /no/such, which is not there"
	END
	)"
	assert_equal "$(wc -l <<< "$stderr")" 10
	assert_regex "$stderr" $'(^|\n)README.txt: left out, it is no program\n'
	assert_regex "$stderr" 'Tested as an ordinary user only\.'
	refute [ -e did-not-run ]
}

@test "grade-all: a directory without a program is an error" {
	mkdir all
	echo hello > all/README.txt
	grade_all 1 all
	assert_failure 2
	assert_output ''
	assert_equal "${stderr_lines[1]}" "grade: there is no program in $PWD/all"
	grade_all 1 no-such
	assert_failure 2
	refute_started
}

@test "grade-all: what is done is written at once, and kept by an interrupt" {
	local one
	mkdir all
	for one in a b; do
		install -m 755 /dev/stdin all/$one <<< '#!/bin/sh'
	done
	export WHILE_TESTING='! grep -q all/a "$ISOLATE" || sleep 1000'
	env --default-signal "$BATS_TEST_DIRNAME/grade-all" --as user --limit 9 \
		--csv table.csv 1 all 2> said 3>&- &
	eventually [ -s table.csv ]
	assert_equal "$(sed 's/,[0-9]*$//' table.csv)" 'name,points,of,start,maps,first failure,seconds
b,3,3,kept,kept,'
	eventually grep -q '^a: is still being graded, after 2.25 s of at most 9$' said
	refute grep '^b: is still' said
	kill -INT $!
	wait $! && fail "it has passed" || assert_equal $? 130
	assert_equal "$(wc -l < table.csv)" 2
	# Of the first one, said has the same line.
	env --default-signal "$BATS_TEST_DIRNAME/grade-all" --as user 1 all \
		> table 2> said.now 3>&- &
	eventually grep -s '^b: 3 of 3' said.now
	kill -INT $!
	wait $! || assert_equal $? 130
	assert_equal "$(cut -d , -f 1 table)" $'name\nb'
}

@test "a run that takes too long is ended, and what has no result has failed" {
	export WHILE_TESTING='report 1
		sleep 1000 & echo $! > sleep; wait; exit'
	grade --as user --limit 1 2 true
	assert_failure 1
	assert_shown 'FAILED PROGRAM has a name of its own its name seen no result after 1 s'
	assert_shown '3 of 5 tests passed'
	assert is_gone "$(cat sleep)"
}

@test "what has tested all is given time to tidy up, and no signal" {
	echo 'trap "touch interrupted" INT; sleep 0.5; touch tidied' >> run
	grade --as user 2 true
	assert_success
	assert [ -e tidied ]
	refute [ -e interrupted ]
}

@test "an interrupt ends the tests, and leaves nothing" {
	local signal
	export WHILE_TESTING='trap "sleep 0.2; touch tidied; exit" INT
		(trap "" INT TERM; echo $BASHPID > sleep; exec sleep 1000) & wait' TMPDIR=$PWD/tmp
	mkdir -m 777 tmp
	for signal in INT TERM HUP; do
		rm -f tidied sleep
		env --default-signal "$BATS_TEST_DIRNAME/grade" --as user 1 true 3>&- &
		eventually [ -s sleep ]
		kill "-$signal" $!
		wait $! && fail "it has passed" || assert_equal $? 130
		assert [ -e tidied ]
		assert is_gone "$(cat sleep)"
		assert_equal "$(ls tmp)" ''
	done
}

@test "make grade takes paths from where it is called" {
	mkdir elsewhere
	printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' > elsewhere/mine
	chmod 755 elsewhere/mine
	export WHILE_TESTING='"$ISOLATE" > got; exit'
	cd elsewhere
	make -C "$BATS_TEST_DIRNAME/.." grade STEP=1 ISOLATE="./mine 'a  b' \"'\"" \
		JSON=here.json || true
	assert_equal "$(cat ../got)" "<a  b><'>"
	assert [ -s here.json ]
	run make -C "$BATS_TEST_DIRNAME/.." grade STEP=1 \
		ISOLATE="$PWD/mine 'a  b'"
	assert_line "Grading ./mine 'a  b', as an ordinary user$(! is_root ||
		echo ' and as root')."
}

@test "make grade with an ISOLATE that is empty grades nothing" {
	run make -C "$BATS_TEST_DIRNAME/.." grade STEP=1 ISOLATE=
	assert_failure
	assert_line 'grade: say which program to grade, as in ISOLATE=./mine'
	refute_started
}
