# Exercise 6a: a root that is an overlay.
# start: step6

load exercise

# make_image: a directory, $image, with busybox and a file.
make_image() {
	type -P busybox > /dev/null ||
		cannot "there is no busybox: it is in busybox-static"
	unshare --user --map-root-user --mount sh -euc '
		mount -t tmpfs tmpfs /mnt
		mkdir /mnt/lower /mnt/upper /mnt/work
		mount -t overlay -o upperdir=/mnt/upper,workdir=/mnt/work \
			-o lowerdir=/mnt/lower,userxattr overlay /mnt' ||
		cannot "this kernel mounts no overlay in a user namespace"
	let_in
	image=$BATS_TEST_TMPDIR/image
	mkdir -p "$image/bin"
	cp "$(type -P busybox)" "$image/bin"
	ln -s busybox "$image/bin/sh"
	echo hello > "$image/greeting"
	mkdir "$image/dir"
	echo hello > "$image/dir/file"
	chmod -R a+rX "$image"
}

@test "6a: --image DIR: PROGRAM has DIR as its root, and may change it" {
	make_image
	try "$MINE" --image "$image" /bin/busybox sh -c '
		busybox cat /greeting && busybox ls -d /home
		echo new > /file && busybox cat /file
		busybox rm /greeting && busybox ls / | busybox grep -c greeting'
	expect "a file of DIR, one that is new, and how often one is there that is removed" \
		$'hello\nnew\n0' "$output" \
		"overlayfs: lowerdir, upperdir and workdir; where can PROGRAM's root write, even if DIR is not its own?"
}

@test "6a: DIR is as before, and so is the root of the next" {
	make_image
	# Both work: else this would prove nothing.
	try "$MINE" --image "$image" /bin/busybox sh -c '
		echo new > /file && busybox rm /greeting && echo both'
	expect "a PROGRAM that makes a file, and removes one" both "$output" \
		"see the test before"
	expect "the files in DIR" $'bin\ndir\ngreeting' "$(ls "$image")" \
		"all that is written belongs into upperdir"
	try "$MINE" --image "$image" /bin/busybox cat /greeting
	expect "the file, as the next PROGRAM sees it" hello "$output" \
		"where is upperdir, and when does it go?"
}

@test "6a: what is DIR's may be changed in the overlay alone" {
	only_as_ordinary_user # root inside does not own root's files
	make_image
	try "$MINE" --image "$image" /bin/busybox sh -c '
		echo again >> /greeting && busybox cat /greeting'
	expect "the file, as PROGRAM has changed it" $'hello\nagain' "$output" \
		"is it copied up?"
	expect "the file in DIR" hello "$(< "$image/greeting")" \
		"lowerdir is only read"
	try "$MINE" --image "$image" /bin/busybox sh -c '
		busybox rm -r /dir && busybox mkdir /dir && echo made
		busybox ls /dir'
	expect "a directory of DIR, removed, made again, and listed" made \
		"$output" "an overlay notes in attributes what it hides: in a user namespace in those of user.*, overlayfs has an option for it"
}

@test "6a: the old root is gone" {
	make_image
	try "$MINE" --image "$image" /bin/busybox sh -c '
		busybox cat /greeting; cd /; cd ..; busybox ls -d home etc usr'
	expect "what .. leads to" hello "$output" \
		"pivot_root(2), as with --rootfs"
}
