#!/usr/bin/python3
#
# isolate PROGRAM [ARGS...] in Python: what its library does not have, by ctypes
# from libc, and the network by messages of rtnetlink(7), without ip(8).
#
# A process between enters the namespaces, maps the ids itself and is PROGRAM's
# parent. As root it becomes somebody else first. For an ordinary user it passes
# through a network namespace that will be the host's side, and keeps two
# descriptors of it: no process stays there.

import ctypes
import os
import signal
import socket
import struct
import sys

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
MS_REC, MS_PRIVATE = 0x4000, 0x40000
SOMEBODY = 500000
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)


class Rtnetlink:
    """Configures the network namespace in which it was made."""

    NEWLINK, GETLINK, NEWADDR, NEWROUTE = 16, 18, 20, 24
    REQUEST, ACK, EXCL, CREATE, NESTED = 1, 4, 0x200, 0x400, 0x8000
    UP = 1

    def __init__(self):
        self.socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self.socket.bind((0, 0))

    def request(self, kind, flags, body):
        header = struct.pack("=IHHII", 16 + len(body), kind,
                             flags | self.REQUEST | self.ACK, 1, 0)
        self.socket.send(header + body)
        reply = self.socket.recv(65536)
        length, kind = struct.unpack_from("=IH", reply)
        if kind == 2:  # NLMSG_ERROR
            error, = struct.unpack_from("=i", reply, 16)
            if error:
                raise OSError(-error, os.strerror(-error), "rtnetlink")
            return b""
        if length == len(reply):  # the acknowledgement is another message
            self.socket.recv(65536)
        return reply[16:length]

    @staticmethod
    def attribute(kind, data):
        return (struct.pack("=HH", 4 + len(data), kind) + data
                + bytes(-len(data) % 4))

    @staticmethod
    def link(flags=0, index=0):
        return struct.pack("=BxHiII", 0, 0, index, flags, flags)

    def name(self, name):
        return self.attribute(3, name.encode() + b"\0")

    def add_pair(self, name, peer, pid):
        peer = (self.link() + self.name(peer)
                + self.attribute(19, struct.pack("=I", pid)))
        data = self.attribute(1 | self.NESTED, peer)
        info = (self.attribute(1, b"veth\0")
                + self.attribute(2 | self.NESTED, data))
        self.request(self.NEWLINK, self.CREATE | self.EXCL,
                     self.link() + self.name(name)
                     + self.attribute(18 | self.NESTED, info))

    def index(self, name):
        reply = self.request(self.GETLINK, 0, self.link() + self.name(name))
        return struct.unpack_from("=i", reply, 4)[0]

    def up(self, name):
        self.request(self.NEWLINK, 0, self.link(self.UP) + self.name(name))

    def add_address(self, name, address, prefix):
        address = socket.inet_aton(address)
        self.request(self.NEWADDR, self.CREATE | self.EXCL,
                     struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0,
                                 self.index(name))
                     + self.attribute(2, address) + self.attribute(1, address))

    def add_route(self, name, address):
        table_main, boot, link, unicast = 254, 3, 253, 1
        self.request(self.NEWROUTE, self.CREATE | self.EXCL,
                     struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0,
                                 table_main, boot, link, unicast, 0)
                     + self.attribute(1, socket.inet_aton(address))
                     + self.attribute(4, struct.pack("=i", self.index(name))))


def lay_cable(outside, pid):
    """Returns the address that no other has on this side."""
    name = f"py{pid}"
    outside.add_pair(name, "peer0", pid)
    outside.add_address(name, "10.11.12.13", 32)
    outside.up(name)
    for last in range(14, 255):
        try:
            outside.add_route(name, f"10.11.12.{last}")
            return last
        except FileExistsError:
            pass
    raise OSError("no address left")


def put(fd, number=0):
    os.write(fd, struct.pack("=i", number))


def get(fd):
    data = os.read(fd, 4)
    if not data:  # the other one has ended
        os._exit(125)
    return struct.unpack("=i", data)[0]


def write_file(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def map_own_ids():
    uid, gid = os.getuid(), os.getgid()
    call("unshare", NEWUSER)
    write_file("/proc/self/setgroups", "deny")
    write_file("/proc/self/uid_map", f"0 {uid} 1")
    write_file("/proc/self/gid_map", f"0 {gid} 1")


def become_somebody():
    os.setgroups([])
    os.setgid(SOMEBODY)
    os.setuid(SOMEBODY)
    call("prctl", PR_SET_DUMPABLE, 1)  # or /proc/self would be root's


def die_with_parent():
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)


def program(ready, go, argv):
    die_with_parent()
    put(ready)
    get(go)
    try:
        name = b"python"
        call("sethostname", name, len(name))
        call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        call("mount", b"proc", b"/proc", b"proc", 0, None)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    except OSError as error:
        print(f"isolate: {argv[0]}: {error}", file=sys.stderr)
    os._exit(127)


def set_up_inside(last):
    inside = Rtnetlink()
    inside.up("lo")
    inside.add_address("peer0", f"10.11.12.{last}", 24)
    inside.up("peer0")


def between(isolate, up, down, argv):
    root = os.getuid() == 0
    if root:
        become_somebody()
    die_with_parent()
    if os.getppid() != isolate:
        os._exit(125)
    map_own_ids()
    if not root:
        call("unshare", NEWNET)
        outside = Rtnetlink()
        os.open("/proc/self/ns/net", os.O_RDONLY)  # keeps it alive
    call("unshare", NEWNET | NEWUTS | NEWIPC | NEWPID | NEWNS)
    put(up, 0 if root else lay_cable(outside, os.getpid()))
    set_up_inside(get(down))
    ready, to_ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        program(to_ready, down, argv)
    os.close(to_ready)
    get(ready)
    put(up)
    _, status = os.waitpid(pid, 0)
    return shell_status(status)


def shell_status(status):
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def main(argv):
    if len(argv) < 2:
        print("usage: isolate PROGRAM [ARGS...]", file=sys.stderr)
        return 2
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    isolate = os.getpid()
    up, to_up = os.pipe()
    from_down, down = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(up)
        os.close(down)
        os._exit(between(isolate, to_up, from_down, argv[1:]))
    os.close(to_up)
    os.close(from_down)
    put(down, get(up) or lay_cable(Rtnetlink(), pid))
    get(up)
    put(down)
    return shell_status(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    os._exit(main(sys.argv))
