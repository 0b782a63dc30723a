#!/usr/bin/perl
#
# isolate PROGRAM [ARGS...] in Perl, by syscall(): for what Perl has no function
# of its own, the numbers of the kernel.
#
# A process between enters the namespaces with unshare(2), and is PROGRAM's
# parent. Who may, isolate or that one, lays the cable.
use strict;
use warnings;
use POSIX ();

my ($prctl, $mount, $sethostname, $unshare) =
	(POSIX::uname())[4] eq 'x86_64' ? (157, 165, 170, 272) : (167, 40, 161, 97);
my %new = (mnt => 0x20000, uts => 0x4000000, ipc => 0x8000000,
	user => 0x10000000, pid => 0x20000000, net => 0x40000000);
my ($pdeathsig, $sigkill, $rec, $private) = (1, 9, 0x4000, 0x40000);
my $root = $< == 0;
my $isolate = $$;

sub give_up { print STDERR "isolate: @_\n"; POSIX::_exit(125) }

sub call {
	my ($name, $number, @args) = @_;
	syscall($number, @args) == 0 or give_up("$name: $!");
}

sub write_file {
	my ($path, $text) = @_;
	open(my $file, '>', $path) or give_up("$path: $!");
	syswrite($file, $text) or give_up("$path: $!");
	close($file);
}

sub map_ids {
	my ($pid, $uid, $gid) = @_;
	write_file("/proc/$pid/setgroups", 'deny') unless $root;
	write_file("/proc/$pid/uid_map", "0 $uid 1");
	write_file("/proc/$pid/gid_map", "0 $gid 1");
}

# A pipe whose ends no exec leaves open.
sub channel { pipe(my $read, my $write) or give_up("pipe: $!"); return ($read, $write) }
sub put { my ($pipe, $line) = @_; syswrite($pipe, "$line\n") or give_up("write: $!") }
sub get { my ($pipe) = @_; my $line = <$pipe> // POSIX::_exit(125); chomp $line; return $line }

# By path, as the process between has its children in PROGRAM's pid namespace: there
# the pid is another.
sub lay_cable {
	my ($pid) = @_;
	my ($veth, $last) = ("pl$pid", 14);
	system(qw(ip link add), $veth, qw(type veth peer name peer0 netns), "/proc/$pid/ns/net") == 0
		&& system(qw(ip addr add 10.11.12.13/32 dev), $veth) == 0
		&& system(qw(ip link set), $veth, 'up') == 0 or give_up('no cable');
	$last++ while system("ip route add 10.11.12.$last/32 dev $veth 2>/dev/null") && $last < 255;
	return $last;
}

sub exit_status { my ($status) = @_; return $status & 127 ? 128 + ($status & 127) : $status >> 8 }

# PROGRAM's process. Its parent is outside its pid namespace, and cannot be asked for:
# isolate gives the go, and only to who is ready.
sub program {
	my ($ready, $go, @argv) = @_;
	call('prctl', $prctl, $pdeathsig, $sigkill, 0, 0, 0);
	call('unshare', $unshare, $new{net} | $new{uts} | $new{ipc} | $new{mnt});
	put($ready, 'ready');
	my $last = get($go);
	my $name = 'perl';
	call('sethostname', $sethostname, $name, length $name);
	call('mount', $mount, 'none', '/', 'none', $rec | $private, 0);
	call('mount', $mount, 'proc', '/proc', 'proc', 0, 0);
	for ("link set lo up", "addr add 10.11.12.$last/24 dev peer0", "link set peer0 up") {
		system('ip', split) == 0 or give_up("ip $_");
	}
	{ no warnings 'exec'; exec { $argv[0] } @argv }
	print STDERR "isolate: $argv[0]: $!\n";
	POSIX::_exit(127);
}

# The process between: isolate's child and PROGRAM's parent.
sub between {
	my ($up, $down, @argv) = @_;
	call('unshare', $unshare, $new{user} | ($root ? 0 : $new{net}));
	put($up, 'unshared');
	get($down);
	$( = 0; $) = '0 0'; $< = 0; $> = 0;
	call('prctl', $prctl, $pdeathsig, $sigkill, 0, 0, 0);
	POSIX::_exit(125) if getppid() != $isolate;
	call('unshare', $unshare, $new{pid});
	my ($ready, $is_ready) = channel();
	my $pid = fork() // give_up("fork: $!");
	program($is_ready, $down, @argv) if $pid == 0;
	close($is_ready);
	get($ready);
	put($up, $pid);
	put($up, $root ? 0 : lay_cable($pid));
	waitpid($pid, 0);
	POSIX::_exit(exit_status($?));
}

@ARGV or give_up('usage: isolate PROGRAM [ARGS...]');
opendir(my $fds, '/proc/self/fd') or give_up("/proc: $!");
POSIX::close($_) for grep { /^\d+$/ && $_ > 2 && $_ != fileno($fds) } readdir($fds);
closedir($fds);
my ($up, $to_up) = channel();
my ($from_down, $down) = channel();
my $pid = fork() // give_up("fork: $!");
if ($pid == 0) {
	close($_) for $up, $down;
	between($to_up, $from_down, @ARGV);
}
close($_) for $to_up, $from_down;
get($up);
map_ids($pid, $root ? (400000, 400000) : ($<, (split ' ', $()[0]));
put($down, 'mapped');
my $program = get($up);
my $last = get($up) || lay_cable($program);
put($down, $last);
waitpid($pid, 0);
POSIX::_exit(exit_status($?));
