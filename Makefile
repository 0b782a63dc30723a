# isolate: what can be made is listed by `make help`.

STEPS := step1-userns step2-utsns step3-ipcns step4-netns step5-pidns \
	 step6-mntns
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
# Else parent and child would both look up the functions they call, as they go.
LDFLAGS ?= -Wl,-z,now
PROGRAM ?= ps aux

STANDARD := -std=gnu11 -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

# For what is to be read: the compiler says only what is wrong.
QUIET := --no-print-directory --silent

PROGRAMS := $(STEPS:=/isolate)
COMMON := $(patsubst %.c,%.o,$(wildcard common/*.c))
FUZZ := $(wildcard tests/fuzz/*.c)
SOURCES := $(wildcard common/*.c step*/*.c tests/*.c tests/exercises/*.c \
	   tests/exercises/answers/*.c) $(FUZZ)
HEADERS := $(wildcard common/*.h step*/*.h tests/*.h tests/fuzz/*.h)
SCRIPTS := $(shell grep -lsE '^\#!/bin/(sh|bash)' .ci/* tests/* tests/*/* \
	   tests/exercises/answers/* tests/zoo/right/* .site/machine/* .site/machine/*/*) \
	   step6-mntns/completion.bash \
	   $(wildcard tests/*.bash tests/*.bats tests/*/*.bash tests/*/*.bats)
PYTHON := $(shell grep -lsE '^\#!/usr/bin/python3' tests/* tests/*/* \
	  tests/zoo/right/*) $(wildcard tests/*.py)

.PHONY: all
all: $(PROGRAMS)

# From an archive the linker takes what is used, and --as-needed does the same
# with libraries: step 1 has no netlink in it.
common/common.a: $(COMMON)
	$(RM) $@
	$(AR) rcs $@ $^

$(PROGRAMS): %: %.o common/common.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) common/common.a \
		-Wl,--as-needed -lcap -lmnl $(LDLIBS)

# The parts of the full runtime.
step6-mntns/isolate: $(patsubst %.c,%.o,$(wildcard step6-mntns/*.c))

tests/probe tests/bare tests/medians tests/torture: %: %.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

tests/torture: tests/torture-run.o tests/torture-calls.o

%.o: %.c
	$(CC) $(STANDARD) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(SOURCES:.c=.d)

.PHONY: run
run: all
	@./step6-mntns/isolate $(PROGRAM)

# Needs for its test, beside those of make test: mandoc, man-db, zsh, and
# bash-completion.
.PHONY: install uninstall test-install
install: all
	@tests/install "$(DESTDIR)" "$(PREFIX)"

uninstall:
	@tests/install --undo "$(DESTDIR)" "$(PREFIX)"

test-install: all
	tests/sandbox bats tests/install-ours.bats

.PHONY: doctor
doctor:
	@tests/doctor

# The reader's own programs, in lab/, which git ignores.
.PHONY: lab watch test-lab
lab:
	@tests/lab $(STEP)

watch:
	@$(MAKE) $(QUIET) all tests/probe
	@tests/watch $(STEP)

test-lab: all tests/probe
	bats tests/lab-ours.bats

.PHONY: test
test: all tests/probe
	tests/run 1 2 3 4 5 6

.PHONY: test-step1 test-step2 test-step3 test-step4 test-step5 test-step6
test-step1 test-step2 test-step3 test-step4 test-step5 test-step6: all tests/probe
	ISOLATE="$(ISOLATE)" tests/run $(@:test-step%=%)

# It finds ISOLATE, PROGRAM, STEP and ALONE in the environment, where make puts
# what it is called with.
.PHONY: trace test-trace
trace:
	@$(MAKE) $(QUIET) all
	@tests/trace

test-trace: all
	tests/sandbox bats tests/trace-ours.bats

# Paths are relative to where make was called, which -C is not to change. Without
# ISOLATE, the program of the lab is graded; without STEP, the last lab's.
.PHONY: grade grade-all test-grade
GRADING = --base "$(PWD)" $(if $(CALLER),--as "$(CALLER)") \
	$(if $(SECONDS_EACH),--limit "$(SECONDS_EACH)")
grade:
	@$(MAKE) $(QUIET) all tests/probe
	@step=$${STEP:-$$(tests/lab --newest)} && \
	isolate=$${ISOLATE-$$(tests/lab --program "$$step")} || exit 2; \
	tests/grade $(GRADING) $(if $(ALL),--all) $(if $(HINT),--hint "$(HINT)") \
		$(if $(JSON),--json "$(JSON)") -- "$$step" "$$isolate"

grade-all:
	@$(MAKE) $(QUIET) tests/probe common/common.a
	@$(if $(STEP),,$(error say which step, as in STEP=4)) \
	tests/grade-all $(GRADING) $(if $(CSV),--csv "$(CSV)") -- \
		"$(STEP)" "$(or $(DIR),$(error say DIR=submissions))"

test-grade:
	tests/sandbox bats tests/grade-ours.bats

.PHONY: test-own
test-own: all tests/probe
	tests/own

# EX is the number of an exercise, MINE the reader's program or answer.
.PHONY: exercise test-exercises
exercise: all
	@tests/exercises/run "$(EX)" "$(MINE)"

test-exercises: all
	tests/exercises/run

.PHONY: test-kernel
test-kernel: all tests/probe
	tests/kernel

.PHONY: test-kernels
test-kernels: all tests/probe
	tests/kernels $(SUITES)

.PHONY: test-debian
test-debian: all tests/probe
	tests/debian

.PHONY: diff-2 diff-3 diff-4 diff-5 diff-6
diff-2 diff-3 diff-4 diff-5 diff-6: diff-%:
	@tests/diff $*

# break-N-M: experiment M of chapter N, in this tree, until make mend.
.PHONY: mend
break-%:
	@tests/break $*
	@$(MAKE) $(QUIET) all

mend:
	@tests/break --mend
	@$(MAKE) $(QUIET) all

.PHONY: check
check:
	clang-format --dry-run --Werror $(SOURCES) $(HEADERS)
	clang-tidy --quiet --warnings-as-errors='*' $(SOURCES) -- \
		$(STANDARD) $(WARNINGS)
	cppcheck --quiet --enable=warning,style,performance,portability \
		--error-exitcode=1 --suppress=variableScope --std=c11 $(SOURCES)
	shellcheck $(SCRIPTS)
	pyflakes3 $(PYTHON)

# The probe is not what is tested, and has to die of its faults.
.PHONY: sanitize sanitize-step6
sanitize sanitize-step6:
	tests/in-copy sh -c '$(MAKE) tests/probe && \
		$(MAKE) CFLAGS="$(SANITIZE)" $(@:sanitize%=test%)'

# libFuzzer comes with clang. A target includes the file that it tests; what
# that needs beside, and is not tested, is from the archive.
tests/fuzz/%.fuzz: tests/fuzz/%.c common/common.a
	clang $(STANDARD) $(WARNINGS) $(SANITIZE) -fsanitize=fuzzer \
		-MMD -MP -MT $@ -MF $(@:.fuzz=.d) \
		-o $@ $< common/common.a -lcap -lmnl

.PHONY: fuzz
fuzz: $(FUZZ:.c=.fuzz)
	tests/fuzz/run $(SECONDS_EACH)

# matrix: our programs by the tests of each other's stages.
.PHONY: mutants matrix
matrix: all tests/probe
	tests/matrix

mutants: all tests/probe
	tests/mutants/run "$(ONLY)"

.PHONY: torture
torture: all tests/torture
	LONG="$(LONG)" tests/torture.sh

.PHONY: zoo
zoo: tests/probe
	tests/zoo/run "$(ONLY)"

# As root it measures an ordinary user, too, and draws the picture of the front
# page. bubblewrap, crun and runc are measured where they are installed.
.PHONY: bench
bench: all tests/bare tests/medians
	ROUNDS="$(ROUNDS)" tests/bench

.PHONY: book test-book
book:
	tests/book --write

# The terminal on the front page; as root. It takes busybox-static, and a C
# compiler, iputils-ping, iproute2 and procps, as test-book does.
.PHONY: recording
recording: all
	.site/recording

test-book: all tests/probe
	codespell --ignore-words-list=inh,solate,nd README.md */README.md \
		tests/exercises/README.md common/SYMPTOMS.md \
		step6-mntns/isolate.1 \
		$(SOURCES) $(HEADERS) $(SCRIPTS)
	tests/book
	.site/recording --check
	.site/cost --check
	tests/own

# The book as pages. Debian's packages: nodejs, npm, and chromium, which draws
# the pictures and in which the pages are tested.
.PHONY: site pages open-site test-site
site: pages book-files machine

pages: .site/node_modules/.package-lock.json
	node .site/build-pages.mjs

open-site: site
	node .site/serve.mjs site --open

test-site: site
	node --test $(wildcard .site/tests/*.test.mjs)

# The machine that the pages run. Debian's packages: nodejs, npm, gcc, make, cpio,
# zstd.
.PHONY: machine test-machine
machine: .site/node_modules/.package-lock.json
	.site/machine/build

test-machine: pages machine
	node --test .site/tests/machine.test.mjs

# The book as EPUB and PDF. Debian's packages: nodejs, npm, chromium,
# fonts-liberation, fonts-dejavu-core, poppler-utils; to test it, epubcheck, too.
.PHONY: book-files
book-files: .site/node_modules/.package-lock.json
	node .site/book/build.mjs

.site/node_modules/.package-lock.json: .site/package-lock.json
	cd .site && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

.PHONY: clean
clean:
	$(RM) $(PROGRAMS) common/common.a tests/probe tests/bare tests/medians \
		tests/torture
	$(RM) $(SOURCES:.c=.o) $(SOURCES:.c=.d) $(FUZZ:.c=.fuzz)
	$(RM) -r site .site/build

.PHONY: help
help:
	@echo 'make                  build the six programs'
	@echo 'make run              run "ps aux" in the last step;'
	@echo '                      PROGRAM="ip addr" for another'
	@echo 'make doctor           say if this machine lets isolate work'
	@echo 'make test             test every step'
	@echo 'make test-stepN       test step N; ISOLATE=/path/to/mine for yours'
	@echo 'make trace            show what ISOLATE=./mine does, by strace, beside'
	@echo '                      ours; PROGRAM="ip addr" STEP=N; ALONE=1'
	@echo 'make test-trace       test that'
	@echo 'make grade            tell which promises a program of yours keeps:'
	@echo '                      STEP=4 ISOLATE="python3 mine.py", or of lab/;'
	@echo '                      ALL=yes, HINT=2, JSON=FILE, CALLER=root,'
	@echo '                      SECONDS_EACH=60 for no more than that'
	@echo 'make grade-all        grade all programs in DIR=... by STEP=N, as CSV'
	@echo 'make test-grade       test the grader'
	@echo 'make test-kernel      test the last step on Linux 6.1, in an emulator'
	@echo 'make test-kernels     the same on those of Debian, in qemu;'
	@echo '                      SUITES="bookworm trixie" for these two'
	@echo 'make test-debian      test a Debian root file system (as root)'
	@echo 'make lab STEP=N       lay out lab/stepN, for a program of your own'
	@echo 'make watch            grade it at every save; STEP=N for lab/stepN'
	@echo 'make diff-N           show what step N adds to step N-1'
	@echo 'make break-N-M        apply experiment M of chapter N, and build'
	@echo 'make mend             take the experiment back'
	@echo 'make check            clang-format, clang-tidy, cppcheck, shellcheck, pyflakes'
	@echo 'make sanitize         test a build with ASan and UBSan;'
	@echo '                      make sanitize-step6 for the last step alone'
	@echo 'make fuzz             fuzz the parsers, ten seconds each;'
	@echo '                      SECONDS_EACH=300 for longer'
	@echo 'make book             write what the text takes from the source'
	@echo 'make test-book        run the commands of the text, and compare'
	@echo 'make site             make the book for a browser, and as files, in site/;'
	@echo '                      make pages, make machine, make book-files for a part'
	@echo 'make open-site        make it, serve it on 127.0.0.1, and open it'
	@echo 'make test-site        make it, and test it in a browser'
	@echo 'make test-machine     test the machine in the pages alone'
	@echo 'make book-files       make site/isolate.epub and site/isolate.pdf'
	@echo 'make exercise         test your answer to an exercise: EX=2a MINE=./mine'
	@echo 'make test-exercises   test our answers to the exercises'
	@echo 'make test-own         test the programs of the sections "Yours"'
	@echo 'make test-lab         test make lab and make watch'
	@echo 'make mutants          break the code in small ways, a test notices each;'
	@echo '                      ONLY=regex for some'
	@echo 'make matrix           test each step by the stages after it, too'
	@echo 'make torture          have every system call of step 6 fail (as root);'
	@echo '                      LONG=yes for more, and load'
	@echo 'make zoo              grade foreign programs, right ones and wrong ones;'
	@echo '                      ONLY=regex for some'
	@echo 'make bench            measure what each step costs, beside others, and'
	@echo '                      draw it for the front page (as root); ROUNDS=200'
	@echo 'make recording        record the terminal of the front page (as root)'
	@echo 'make install          install step 6 as $(PREFIX)/bin/isolate, with its'
	@echo '                      manual page and completions; PREFIX=~/.local'
	@echo 'make uninstall        take it away'
	@echo 'make test-install     test that, and the page and the completions'
	@echo 'make clean            remove what was built'
