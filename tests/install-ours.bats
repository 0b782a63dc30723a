# What make install puts in place, and that make uninstall takes it away; the
# manual page, and the completions of bash and zsh. Run by `make test-install`,
# in a sandbox. Root does all of it as an ordinary user.

# shellcheck disable=SC2016 # a shell that is started is to expand it
# shellcheck disable=SC2030,SC2031 # each test has an environment of its own

load helper

setup_file() {
	export TREE=$BATS_FILE_TMPDIR/tree
	mkdir "$TREE"
	cd "$BATS_TEST_DIRNAME/.." || return
	cp -a LICENSE Makefile common step* tests "$TREE"
	chmod -R a+rX "$BATS_RUN_TMPDIR"
}

setup() {
	let_in
	ROOT=$BATS_TEST_TMPDIR/root
	mkdir -m 777 "$ROOT"
	# shellcheck disable=SC2034 # for what is sourced
	copy=$BATS_TEST_TMPDIR
	# shellcheck source=tests/ordinary-user.bash
	. "$BATS_TEST_DIRNAME/ordinary-user.bash"
	PAGE=$TREE/step6-mntns/isolate.1
	HELP=$("$TREE/step6-mntns/isolate" --help)
}

# Those of the helper look at the host, of which nothing is used here.
teardown() {
	:
}

as_user() {
	is_root || as_ordinary_user=()
	"${as_ordinary_user[@]}" timeout -k 5 60 "$@"
}

# make_ TARGET [VARIABLE=VALUE...]: in a tree that is root's.
make_() {
	as_user sh -c 'umask 077; exec "$@"' sh \
		make --no-print-directory -C "$TREE" "$@"
}

# listing: what is below $ROOT, with the modes.
listing() {
	(cd "$ROOT" && find . -mindepth 1 -printf '%M %P\n' | LC_ALL=C sort -k 2)
}

@test "make install puts these files in place, and no other" {
	run make_ install DESTDIR="$ROOT"
	assert_success
	assert_output ""
	run listing
	assert_output - <<-'END'
		drwxr-xr-x usr
		drwxr-xr-x usr/local
		drwxr-xr-x usr/local/bin
		-rwxr-xr-x usr/local/bin/isolate
		drwxr-xr-x usr/local/share
		drwxr-xr-x usr/local/share/bash-completion
		drwxr-xr-x usr/local/share/bash-completion/completions
		-rw-r--r-- usr/local/share/bash-completion/completions/isolate
		drwxr-xr-x usr/local/share/doc
		drwxr-xr-x usr/local/share/doc/isolate
		-rw-r--r-- usr/local/share/doc/isolate/LICENSE
		-rw-r--r-- usr/local/share/doc/isolate/directories
		drwxr-xr-x usr/local/share/man
		drwxr-xr-x usr/local/share/man/man1
		-rw-r--r-- usr/local/share/man/man1/isolate.1
		drwxr-xr-x usr/local/share/zsh
		drwxr-xr-x usr/local/share/zsh/site-functions
		-rw-r--r-- usr/local/share/zsh/site-functions/_isolate
	END
	run as_user "$ROOT/usr/local/bin/isolate" hostname
	assert_output isolated
}

@test "make uninstall leaves nothing, also after two times make install" {
	make_ install DESTDIR="$ROOT/new"
	rm -r "$ROOT/new/usr/local/share/man"
	make_ install DESTDIR="$ROOT/new"
	assert [ -e "$ROOT/new/usr/local/bin/isolate" ]
	run make_ uninstall DESTDIR="$ROOT/new"
	assert_success
	assert_output ""
	run listing
	assert_output ""
}

@test "make uninstall leaves what was there before, and what others need" {
	local share=$ROOT/pre/share
	as_user mkdir -p "$share/man/man1" "$share/zsh/site-functions"
	make_ install DESTDIR="$ROOT" PREFIX=/pre
	as_user touch "$share/bash-completion/completions/another"
	make_ uninstall DESTDIR="$ROOT" PREFIX=/pre
	run sh -c 'cd "$1" && find . -mindepth 1 | LC_ALL=C sort' sh "$ROOT"
	assert_output - <<-'END'
		./pre
		./pre/share
		./pre/share/bash-completion
		./pre/share/bash-completion/completions
		./pre/share/bash-completion/completions/another
		./pre/share/man
		./pre/share/man/man1
		./pre/share/zsh
		./pre/share/zsh/site-functions
	END
}

@test "make uninstall does nothing where nothing is installed" {
	run make_ uninstall DESTDIR="$ROOT"
	assert_success
	assert_output ""
	run listing
	assert_output ""
}

@test "PREFIX may have a blank, and need no DESTDIR" {
	make_ install PREFIX="$ROOT/my programs"
	run as_user "$ROOT/my programs/bin/isolate" hostname
	assert_output isolated
	make_ uninstall PREFIX="$ROOT/my programs"
	run listing
	assert_output ""
}

@test "man finds the manual page" {
	make_ install DESTDIR="$ROOT"
	run --separate-stderr as_user env MANPATH="$ROOT/usr/local/share/man" \
		MANWIDTH=80 man isolate
	assert_success
	assert_line --regexp 'isolate .* run a program in an isolated environment'
	run as_user env MANPATH="$ROOT/usr/local/share/man" man -w isolate
	assert_output "$ROOT/usr/local/share/man/man1/isolate.1"
}

@test "mandoc and groff find no fault with the manual page" {
	run mandoc -T lint -W warning "$PAGE"
	assert_success
	assert_output ""
	run sh -c 'man --warnings=w --local-file "$1" 2>&1 > /dev/null' sh "$PAGE"
	assert_success
	assert_output ""
}

# options_of_page: as --help writes them, "-u, --uid-map INSIDE:OUTSIDE:COUNT".
options_of_page() {
	sed -nE 's/^\.It Fl /-/p' "$PAGE" | sed -E 's/ , -/, --/; s/ Ns\>//g
		s/ (Ar|Cm) / /g; s/ : /:/g; s/ \| /|/; s/ Op :ro/[:ro]/'
}

# options_of_help: the same from --help.
options_of_help() {
	sed -nE 's/^  +(-.*)/\1/p' <<< "$HELP"
}

@test "the manual page has the options of --help, and their arguments" {
	local option
	assert [ "$(options_of_help | wc -l)" -gt 10 ]
	run options_of_page
	assert_output "$(options_of_help)"
	run sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$PAGE"
	while read -r option _; do
		option=${option#-}
		assert_line --regexp "(Fl|\|) ${option%,}( |$)"
	done < <(options_of_help)
}

@test "the manual page is of this version" {
	run sed -n 's/^\.Os //p' "$PAGE"
	assert_output "$("$TREE/step6-mntns/isolate" --version)"
}

# examples: the lines of the displays of the section, commands with their output.
examples() {
	awk '/^\.Sh/ { section = $2 }
		section == "EXAMPLES" && /^\.Ed/ { display = 0 }
		display
		section == "EXAMPLES" && /^\.Bd/ { display = 1 }' "$PAGE"
}

@test "the examples of the manual page print what it says" {
	local line
	can_map_auto
	make_ install DESTDIR="$ROOT"
	while IFS= read -r line; do
		[[ $line != "$ "* ]] || printf 'echo %q\n%s\n' "$line" "${line#"$ "}"
	done < <(examples) > "$ROOT/script"
	assert [ "$(grep -c ^isolate "$ROOT/script")" -gt 5 ]
	as_user mkdir "$ROOT/home"
	cd "$ROOT/home"
	run as_user env PATH="$ROOT/usr/local/bin:$PATH" bash "$ROOT/script"
	assert_output "$(examples)"
}

# completed SHELL LINE...: what SHELL makes of each line when it is to insert all
# completions. SHELL is bash, zsh, or bare: bash without bash-completion.
completed() {
	local typed=$BATS_TEST_TMPDIR/lines shell=bash
	[ "$1" != zsh ] || shell='zsh -d'
	rm -f "$typed"
	{
		printf '%s\e*\n' "${@:2}"
		echo exit
	} | env -i PATH="$ROOT/bin:$PATH" TERM=dumb HOME="$ROOT" LANG=C \
		INPUTRC=/dev/null ZDOTDIR="$ROOT" TOP="$ROOT/usr/local" \
		LINES_TO="$typed" WITHOUT="${1#bash}" \
		timeout -k 5 30 script -qec "$shell -i" /dev/null \
		> "$BATS_TEST_TMPDIR/terminal" 2>&1
	cat "$typed"
}

# Shells find what make install has put there, and a program of that name.
install_completions() {
	make_ install DESTDIR="$ROOT"
	mkdir "$ROOT/bin"
	install -m 755 /dev/stdin "$ROOT/bin/only-here" <<< '#!/bin/sh'
	touch "$ROOT/a-file"
	mkdir "$ROOT/a-directory"
	cat > "$ROOT/.bashrc" <<-'END'
		isolate() { echo "isolate $*" >> "$LINES_TO"; }
		cd
		if [ "$WITHOUT" ]; then
			. "$TOP/share/bash-completion/completions/isolate"
		else
			export XDG_DATA_DIRS=$TOP/share
			. /usr/share/bash-completion/bash_completion
		fi
	END
	cat > "$ROOT/.zshrc" <<-'END'
		isolate() { echo "isolate $*" >> "$LINES_TO"; }
		cd
		fpath=($TOP/share/zsh/site-functions $fpath)
		autoload -U compinit
		compinit -D -u
		zle -C all-matches complete-word _generic
		bindkey '^[*' all-matches
		zstyle ':completion:all-matches::::' completer _all_matches _complete
		zstyle ':completion:all-matches:*' insert true
	END
}

# expect LINE COMPLETED: for assert_completions, which tries all these.
expect() {
	BEFORE+=("$1")
	AFTER+=("$2")
}

assert_completions() {
	local shell
	assert [ "${#BEFORE[@]}" -gt 0 ]
	for shell in bash bare zsh; do
		run completed "$shell" "${BEFORE[@]}"
		assert_equal "$shell: $output" \
			"$shell: $(printf '%s\n' "${AFTER[@]}")"
	done
}

@test "both shells complete the options of --help" {
	local shell
	install_completions
	for shell in bash bare zsh; do
		run completed "$shell" 'isolate -'
		assert_equal "$shell: $(tr ' ' '\n' <<< "${output#isolate }" | sort)" \
			"$shell: $(options_of_help |
			grep -oE -- '(^|, )--?[a-zA-Z-]+' | sed 's/, //' | sort)"
	done
}

@test "both shells know which options take a value, and complete PROGRAM after it" {
	local option
	install_completions
	while read -r option; do
		option="isolate $option"
		expect "$option only-h" "$option only-h"
		expect "$option x:y only-h" "$option x:y only-here"
		expect "$option=x:y only-h" "$option=x:y only-here"
	done < <(options_of_help | sed -nE 's/.*(--[a-z-]+) .*/\1/p')
	while read -r option; do
		expect "isolate $option only-h" "isolate $option only-here"
	done < <(options_of_help | sed -nE 's/.*(--[a-z-]+)$/\1/p' |
		grep -vxE -- '--(help|version)')
	assert_completions
}

@test "both shells complete PROGRAM, and its arguments as files" {
	install_completions
	expect 'isolate only-h' 'isolate only-here'
	expect 'isolate -- only-h' 'isolate -- only-here'
	expect 'isolate -vu 0:1:1 only-h' 'isolate -vu 0:1:1 only-here'
	expect 'isolate -u0:1:1 only-h' 'isolate -u0:1:1 only-here'
	expect 'isolate only-here a-' 'isolate only-here a-directory a-file'
	expect 'isolate only-here --i' 'isolate only-here --i'
	assert_completions
}

@test "both shells complete values" {
	install_completions
	expect 'isolate --net ' 'isolate --net loopback veth'
	expect 'isolate --net=l' 'isolate --net=loopback'
	expect 'isolate --rootfs a-' 'isolate --rootfs a-directory'
	expect 'isolate --bind a-f' 'isolate --bind a-file'
	expect 'isolate --bind /x:a-f' 'isolate --bind /x:a-file'
	expect 'isolate --bind /x:/y:' 'isolate --bind /x:/y:ro'
	expect 'isolate --cap-drop chown,net_r' 'isolate --cap-drop chown,net_raw'
	assert_completions
}

@test "both shells complete all capabilities, and isolate takes each" {
	local name
	install_completions
	expect 'isolate --cap-drop ' "isolate --cap-drop $({
		echo all
		sed -nE 's/^#define CAP_([A-Z_]+)[[:space:]]+[0-9]+$/\L\1/p' \
			/usr/include/linux/capability.h
	} | sort | paste -sd ' ')"
	assert_completions
	for name in ${output#isolate --cap-drop}; do
		"$TREE/step6-mntns/isolate" --cap-drop "$name" --help > /dev/null
	done
}

@test "zsh says of each option what --help says" {
	local line descriptions=()
	while IFS= read -r line; do
		descriptions+=("[$line]")
	done < <(sed -nE 's/^ {10}(.*)/\1/p' <<< "$HELP")
	assert [ "${#descriptions[@]}" -gt 10 ]
	run sed -nE "s/^\t'[^[]*(\[[^]]*\]).*/\1/p" "$TREE/step6-mntns/_isolate"
	assert_output "$(printf '%s\n' "${descriptions[@]}")"
}
