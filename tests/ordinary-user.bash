# Sourced by what runs tests, as root, for an ordinary user too; $copy is their
# directory for temporary files. Sets:
#
#	as_ordinary_user	the command that runs another as that user
#
# The ordinary user has an account and a subordinate range, which newuidmap(1)
# asks for. No account of this host is touched for it: copies of the files, each
# with a line more, are mounted over them, seen by this user's run alone. Where
# root must not mount, as in many a container, it does without.
ordinary_id=47110
accounts=${copy:?}/accounts

# The line that a file in /etc is to have more.
account_line() {
	case $1 in
	passwd) echo "isolate-test:x:$ordinary_id:$ordinary_id::/:/bin/sh" ;;
	group) echo "isolate-test:x:$ordinary_id:" ;;
	# Ids that no range of the host has, nor a plain root's default map.
	*) echo "isolate-test:$(awk -F: '
		BEGIN { first = 165536 }
		$2 + $3 > first { first = $2 + $3 }
		END { printf "%d", first }' /etc/sub[ug]id):65536" ;;
	esac
}

make_accounts() {
	local file
	mkdir "$accounts"
	for file in passwd group subuid subgid; do
		[ -e "/etc/$file" ] || continue
		{
			cat "/etc/$file"
			account_line "$file"
		} > "$accounts/$file"
	done
	chmod -R a+rX "$accounts"
}

# shellcheck disable=SC2016 # the inner shell is to expand it
with_accounts=(unshare --mount --propagation private sh -euc '
	accounts=$1; shift
	for file in "$accounts"/*; do
		mount --bind "$file" "/etc/${file##*/}"
	done
	exec "$@"' sh "$accounts")
unshare --mount true 2> /dev/null || with_accounts=()
# shellcheck disable=SC2034 # for others
as_ordinary_user=("${with_accounts[@]}" setpriv --reuid "$ordinary_id"
	--regid "$ordinary_id" --clear-groups --inh-caps=-all
	env HOME=/ USER=isolate-test)
[ "$(id -u)" -ne 0 ] || make_accounts
