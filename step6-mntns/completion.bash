# Completes isolate's command line in bash. `make install` puts this where the
# package bash-completion finds it. Without that package, source it:
#
#	. step6-mntns/completion.bash
#
# A test compares the options with those of isolate --help.

# Those that take a value, and those that take none.
_isolate_valued='--uid-map --gid-map --hostname --net --rootfs --bind --cap-drop'
_isolate_flags='--init --map-auto --verbose --help --version'
_isolate_capabilities='all chown dac_override dac_read_search fowner fsetid kill
	setgid setuid setpcap linux_immutable net_bind_service net_broadcast
	net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot
	sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
	sys_tty_config mknod lease audit_write audit_control setfcap mac_override
	mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf
	checkpoint_restore'

# getopt_long(3) takes the beginning of a long option for the whole.
_isolate_takes_value() {
	[[ $1 =~ ^-[vhV]*[ug]$ ]] ||
		[[ $1 == --?* && " $_isolate_valued" == *" $1"* ]]
}

# Sets program to the place of PROGRAM, or, if the cursor is at the value of an
# option, option and what of its value stands there. bash has split the line at =
# and : too: --bind /a:/b is four words.
_isolate_find() {
	local first last word
	for ((last = 1; last < COMP_CWORD; last++)); do
		word=${COMP_WORDS[last]}
		case $word in
		--) program=$((last + 1)) ;;
		-?*) ;;
		*) program=$last ;;
		esac
		[[ ! $program ]] || return
		! _isolate_takes_value "$word" || ((++last))
		[[ ${COMP_WORDS[last]-} != = ]] || ((++last))
		first=$last
		while [[ ${COMP_WORDS[last + 1]-} == :* ]]; do
			((last += 2))
		done
		((last < COMP_CWORD)) || option=$word
	done
	[[ ! $option ]] || value=${COMP_WORDS[*]:first:COMP_CWORD-first+1}
	[[ $option || $word_at_cursor == -* ]] || program=$COMP_CWORD
}

_isolate_value() {
	local before
	case $option in
	--r*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word_at_cursor")
		;;
	--b*)
		[[ $value == *:*:* ]] && COMPREPLY=(ro) && return
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word_at_cursor")
		;;
	--n*)
		mapfile -t COMPREPLY < <(compgen -W 'veth loopback' -- \
			"$word_at_cursor")
		;;
	--c*)
		compopt -o nospace
		before=${word_at_cursor%"${word_at_cursor##*,}"}
		mapfile -t COMPREPLY < <(compgen -P "$before" \
			-W "$_isolate_capabilities" -- "${word_at_cursor##*,}")
		;;
	esac
}

# PROGRAM is completed as it is elsewhere, and its arguments too where the
# package bash-completion tells how.
_isolate_command() {
	if declare -F _command_offset > /dev/null; then
		_command_offset "$program"
		return
	fi
	compopt -o filenames
	if ((program == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$word_at_cursor")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word_at_cursor")
	fi
}

_isolate() {
	local word_at_cursor=${COMP_WORDS[COMP_CWORD]} option='' value='' program=''
	[[ $word_at_cursor != [=:]* ]] || word_at_cursor=
	COMPREPLY=()
	_isolate_find
	if [[ $option ]]; then
		_isolate_value
	elif [[ $program ]]; then
		_isolate_command
	else
		mapfile -t COMPREPLY < <(compgen -W \
			"-u -g -v -h -V $_isolate_valued $_isolate_flags" \
			-- "$word_at_cursor")
	fi
}

complete -F _isolate isolate
