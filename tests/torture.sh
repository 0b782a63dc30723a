#!/bin/bash
#
# Tortures the last step, as root and as an ordinary user: every system call
# fails, whoever makes it is killed, or has too little of what it needs.
#
#	tests/torture.sh		in two or three minutes
#	LONG=yes tests/torture.sh	more of it, and load
#
# tests/torture.c says how. Each combination of a caller and an option runs in
# namespaces of its own: what it leaves behind can be nobody else's.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "make torture is for root" >&2; exit 1; }
[ "${LONG:-}" ] || unset LONG
copy=$(mktemp -d /tmp/isolate-torture.XXXXXX)
trap 'rm -rf "$copy"' EXIT
chmod 755 "$copy"
cp "$top"/step6-*/isolate "$top/tests/torture" "$copy"
# So that what is executed is found at once.
export PATH=/usr/bin
failed=0

# shellcheck source=tests/ordinary-user.bash
. "$top/tests/ordinary-user.bash"
# Root has no subordinate ids of its own. With sudo it has those of the person.
# shellcheck disable=SC2034,SC2154 # alone() uses it; sourced above
as_root=("${with_accounts[@]}" env "SUDO_UID=$ordinary_id"
	"SUDO_GID=$ordinary_id")

# alone CALLER COMMAND...: in new namespaces, where the command is process 1.
alone() {
	local -n as=as_$1
	shift
	unshare --net --ipc --pid --fork --mount-proc "${as[@]}" "$@"
}

# sweep KIND CALLER [OPTIONS...]
sweep() {
	local kind=$1 caller=$2 report
	shift 2
	report=$(mktemp "$copy/report.XXXXXX")
	alone "$caller" "$copy/torture" "$kind" "$caller $*" \
		"$copy/isolate" "$@" > "$report" 2>&1 || true
	grep -v "^$kind: " "$report" || true
	grep -q "^$kind: " "$report" ||
		echo "$kind: 0 tried, 1 fell short" >> "$report"
}

# Most of the time each waits for the kernel to take a link away: so several for
# each processor.
sweep_all() {
	local kind caller options root=$copy/root list
	mkdir -p "$root"/{usr/bin,proc,dev,sys,mnt}
	cp "$(command -v busybox)" "$root/usr/bin/sh"
	chmod -R a+rwX "$root"
	list=("" --init --map-auto "--rootfs $root" "--bind /usr:/mnt:ro"
		${LONG:+"--init --map-auto --rootfs $root --bind /usr:/mnt:ro"})
	for kind in kills faults limits; do
		for caller in root ordinary_user; do
			for options in "${list[@]}"; do
				while (($(jobs -r | wc -l) >= 4 * $(nproc))); do
					wait -n || true
				done
				# shellcheck disable=SC2086 # several words
				sweep "$kind" "$caller" $options &
			done
		done
	done
	wait
}

add_up() {
	local kind
	for kind in faults kills limits; do
		awk -v kind="$kind" '
			$1 == kind ":" { tried += $2; short += $4; missed += $7 }
			END {
				printf "%s: %d tried, %d fell short, %d not reached\n",
					kind, tried, short, missed
				exit short > 0
			}' "$copy"/report.* || failed=1
	done
}

# start_many: starts 1,000 isolates that go on, one after another. Prints how
# long the first 100 took, and the last, in milliseconds.
# shellcheck disable=SC2317 # called by check_many
start_many() {
	local times=() line i
	mkfifo "$copy/started"
	exec 7<> "$copy/started"
	for ((i = 0; i < 1000; i++)); do
		((i % 100)) || times+=("${EPOCHREALTIME/./}")
		"$copy/isolate" sh -c 'echo up; exec sleep 1000' >&7 &
		read -r -t 10 line <&7 || { echo "$i: $line" >&2; return 1; }
	done
	times+=("${EPOCHREALTIME/./}")
	echo $(((times[1] - times[0]) / 1000)) \
		$(((times[10] - times[9]) / 1000))
}

check_many() {
	local first=0 last=0
	read -r first last < <(alone root bash -c \
		"$(declare -f start_many); copy=$copy; start_many") || true
	echo "load: of 1,000 at once, the first 100 started in $first ms," \
		"the last 100 in $last ms"
	((last > 0 && last <= 2 * first)) || failed=1
}

# check_rate COMMAND...: 64 of it at once, 2,000 in all.
check_rate() {
	local start=${EPOCHREALTIME/./}
	seq 2000 | alone root xargs -P 64 -I{} "$@" || failed=1
	echo "load: 64 at once of ${1##*/}:" \
		"$((2000000000 / (${EPOCHREALTIME/./} - start))) runs a second"
}

check_rates() {
	check_rate unshare --user --map-root-user --uts --ipc --net --pid \
		--fork --mount-proc true
	! command -v bwrap > /dev/null ||
		check_rate bwrap --unshare-all --bind / / --proc /proc true
	check_rate "$copy/isolate" true
}

# What the kernel counts, a line each: objects of these kinds, and keys.
kernels_counts() {
	awk '$1 ~ /^((pid|user|net|uts)_namespace|nsproxy|mnt_cache|key_jar)$/ ||
		$1 ~ /^(pid|task_struct|ip_fib_alias|sock_inode_cache)$/ {
			print $1, $2 }' /proc/slabinfo
	echo "keys $(wc -l < /proc/keys)"
}

# in_a_row COUNT CALLER: what grows, grows by one a run at least. Whoever else
# uses this machine has a share in these numbers, but a smaller one.
in_a_row() {
	kernels_counts > "$copy/before"
	# shellcheck disable=SC2016 # the inner shell is to expand it
	alone "$2" bash -c 'for ((i = 0; i < $1; i++)); do
		"$2" true || exit 1; done' bash "$1" "$copy/isolate" || failed=1
	# Not a wait for something: what is freed later has had its time.
	sleep 10
	kernels_counts > "$copy/after"
	echo "load: $1 in a row, $2, and there are of these more than before:"
	paste -d ' ' "$copy/before" "$copy/after" | awk -v most=$(($1 / 10)) '
		{ printf "\t%s %+d\n", $1, $4 - $2; bad = bad || $4 - $2 > most }
		END { exit bad }' || failed=1
}

sweep_all
if [ "${LONG:-}" ]; then
	check_many
	check_rates
	in_a_row "${ROW:-20000}" root
	in_a_row "${ROW:-20000}" ordinary_user
fi
add_up
exit "$failed"
