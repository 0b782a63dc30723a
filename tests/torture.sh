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
copy=$(mktemp -d /tmp/isolate-torture.XXXXXX)
trap 'rm -rf "$copy"' EXIT
chmod 755 "$copy"
cp "$top"/step6-*/isolate "$top/tests/torture" "$copy"
# So that what is executed is found at once.
export PATH=/usr/bin
failed=0

# shellcheck source=tests/ordinary-user.bash
. "$top/tests/ordinary-user.bash"

make_root() {
	mkdir -p "$copy"/root/{usr/bin,proc,dev,sys,mnt}
	cp "$(command -v busybox)" "$copy/root/usr/bin/sh"
	chmod -R a+rwX "$copy/root"
}

# Root has no subordinate ids of its own; it uses those of the person behind
# sudo.
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
	# One write, not to be mixed with those of others.
	grep -v "^$kind: " "$report" || true
	grep -q "^$kind: " "$report" || echo "$kind: 0 tried, 1 fell short" >> "$report"
}

# Most of the time each waits for the kernel to take a link away.
sweep_all() {
	local kind caller options
	for kind in kills faults limits; do
		for caller in root ordinary_user; do
			for options in "" --init --map-auto \
				"--rootfs $copy/root" "--bind /usr:/mnt:ro" \
				${LONG:+"--init --map-auto --rootfs $copy/root --bind /usr:/mnt:ro"}; do
				while (($(jobs -r | wc -l) >= 4 * $(nproc))); do
					wait -n || true
				done
				# shellcheck disable=SC2086 # to be split
				sweep "$kind" "$caller" $options &
			done
		done
	done
	wait
}

add_up() {
	local kind
	for kind in faults kills limits; do
		cat "$copy"/report.* | awk -v kind="$kind" '
			$1 == kind ":" { tried += $2; short += $4; missed += $7 }
			END {
				printf "%s: %d tried, %d fell short, %d not reached\n",
					kind, tried, short, missed
				exit short > 0
			}' || failed=1
	done
}

make_root
sweep_all
[ -z "${LONG:-}" ] || . "$top/tests/torture-load.bash"
add_up
exit "$failed"
