"""Tells what strace(1) has seen in the notation of our -v: for tests/trace.

Reader takes the lines of strace, and makes events of them: system calls.
Family says which processes there are, and what part each plays.
Narrator writes their calls down, one a line.
"""

import ast
import errno
import os
import re
import shlex
import signal
import struct
from pathlib import Path

CALLS = """
    clone clone3 fork vfork unshare setns execve execveat wait4 waitid
    read write writev pwrite64 close pipe pipe2 openat open socketpair
    sendto sendmsg recvmsg recvfrom ioctl prctl capset keyctl setsid
    kill tgkill tkill pidfd_send_signal setgroups setuid setgid setreuid
    setregid setresuid setresgid setfsuid setfsgid sethostname setdomainname
    mount umount2 pivot_root chroot chdir fchdir open_tree move_mount
    mount_setattr fsopen fsconfig fsmount mknod mknodat symlink symlinkat""".split()
NAMESPACE_FLAGS = ["CLONE_NEWUSER", "CLONE_NEWUTS", "CLONE_NEWIPC",
                   "CLONE_NEWNET", "CLONE_NEWPID", "CLONE_NEWNS",
                   "CLONE_NEWCGROUP", "CLONE_NEWTIME"]
# Programs whose execution is shown, by what it was called with.
TOOLS = {"ip", "hostname", "ifconfig", "mount", "umount", "unshare", "nsenter",
         "setpriv", "capsh", "sysctl", "chroot", "pivot_root", "sudo", "su",
         "newuidmap", "newgidmap", "busybox", "bwrap"}
# What these do themselves is not shown: it is many calls for one thing.
QUIET_TOOLS = {"ip", "ifconfig", "newuidmap", "newgidmap", "sudo", "su"}


# What strace says


class Event:
    """A system call: who made it, its arguments as strace shows them."""

    def __init__(self, tid, start, name):
        self.tid, self.start, self.end, self.name = tid, start, start, name
        self.args, self.result, self.data = [], "?", b""
        self.process = None

    @property
    def error(self):
        """Why it failed: "Operation not permitted"."""
        match = re.match(r"-1 E\w+ \((.*)\)", self.result)
        return match[1] if match else None

    @property
    def number(self):
        """What it returned, as the caller saw it, or -1."""
        match = re.match(r"-?\d+", self.result)
        return int(match[0]) if match else -1

    @property
    def hangs(self):
        return self.result == "never returned"


def split_arguments(text):
    """Splits at the commas that stand in no string and in no bracket."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[][(){},]', text):
        if match[0] in "[({":
            depth += 1
        elif match[0] in "])}":
            depth -= 1
        elif match[0] == "," and depth == 0:
            parts.append(text[start:match.start()].strip())
            start = match.end()
    last = text[start:].strip()
    return parts + [last] if last else parts


def string_of(argument):
    """The text of a string, or None if it is none."""
    match = re.match(r'"(?:[^"\\]|\\.)*"', argument)
    return ast.literal_eval("b" + match[0]) if match else None


class Reader:
    """Makes events of the lines of strace, and drops what is not needed."""

    def __init__(self):
        self.events, self.unfinished, self.ends = [], {}, {}
        self.lines, self.last = 0, None

    def take(self, line):
        self.lines += 1
        dump = re.match(r" \| [0-9a-f]{5,}  ((?:[0-9a-f]{2} +)+)", line)
        if dump:
            if self.last:
                self.last.data += bytes.fromhex(dump[1][:50])
            return
        match = re.match(r"(\d+) +(.*)", line)
        if match:
            self.last = None
            self.take_call(int(match[1]), match[2])

    def take_call(self, tid, text):
        start = self.lines
        if ended := re.match(r"\+\+\+ (exited with|killed by) (\w+)", text):
            self.ends[tid] = (start, ended[1], ended[2])
            return
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", text):
            start, begun = self.unfinished.pop(tid, (start, ""))
            text = begun + resumed[1]
        for mark in (" <unfinished ...>", " <detached ...>"):
            if text.endswith(mark):
                self.unfinished[tid] = (start, text[:-len(mark)])
                return
        if call := re.match(r"(\w+)\((.*)\) += (.*)$", text):
            self.add(tid, start, *call.groups())

    def add(self, tid, start, name, arguments, result):
        if not is_needed(name, arguments):
            return
        event = Event(tid, start, name)
        event.end, event.result = self.lines, result
        event.args = split_arguments(arguments)
        self.events.append(event)
        self.last = event

    def finish(self):
        """What has not returned is the answer, where the program hangs."""
        for tid, (start, text) in self.unfinished.items():
            if call := re.match(r"(\w+)\((.*)", text):
                self.add(tid, start, call[1], call[2], "never returned")
        self.events.sort(key=lambda event: event.start)


def is_needed(name, arguments):
    """Says so of the calls that programs make for other reasons too."""
    if name in ("read", "close"):
        return re.match(r"\d+<(pipe|UNIX)", arguments)
    if name in ("write", "writev", "pwrite64"):
        return re.match(r"\d+<(pipe|UNIX|NETLINK|/proc/)", arguments)
    if name in ("sendto", "sendmsg", "recvmsg", "recvfrom"):
        return re.match(r"\d+<NETLINK", arguments)
    if name in ("open", "openat"):
        return re.search(r'"/proc/\d+/ns/|"/", .*O_PATH', arguments)
    if name == "ioctl":
        return re.search(r", SIOC(S|GIFINDEX|BR)", arguments)
    return True


# Who is who


class Process:
    def __init__(self, tid):
        self.tid, self.parent, self.born = tid, None, None
        self.children = {}  # by the number that the parent knows
        self.pid = tid  # in its own pid namespace
        self.flags, self.made_pidns, self.children_in_it = "", False, 0
        self.images, self.role, self.unshared = [], "helper", 0
        self.is_program_since = None
        self.next_in_chain = None

    def image_at(self, when):
        """What it executes then: its words, or None before any execve(2)."""
        found = None
        for start, words in self.images:
            if start < when:
                found = words
        if found is None and self.parent and self.born:
            return self.parent.image_at(self.born.start)
        return found

    def tool_at(self, when):
        words = self.image_at(when)
        return os.path.basename(words[0]) if words else ""


def words_of(event):
    """The argument vector of an execve(2); None if strace could not read it."""
    vector = event.args[2 if event.name == "execveat" else 1]
    if not vector.startswith("["):
        return None
    strings = [string_of(part) for part in split_arguments(vector[1:-1])]
    return [text.decode(errors="replace") for text in strings
            if text is not None]


class Family:
    """All processes of a run, and the parts that they play."""

    def __init__(self, events, program):
        self.events, self.program, self.processes = events, program, {}
        self.unknown_births = []
        for event in self.events:
            event.process = self.process_of(event.tid)
            self.follow(event)
        self.first = next(iter(self.processes.values()), None)
        self.exec_event = self.find_exec()
        self.chain = self.find_chain()
        self.give_roles()

    def process_of(self, tid):
        if tid not in self.processes:
            self.processes[tid] = Process(tid)
            if len(self.processes) > 1 and self.unknown_births:
                self.give_birth(self.unknown_births.pop(0), tid)
        return self.processes[tid]

    def follow(self, event):
        process = event.process
        if event.name in ("clone", "clone3", "fork", "vfork"):
            self.follow_fork(event)
        elif event.name == "unshare" and not event.error:
            process.flags += event.args[0]
            process.unshared = event.start
            process.made_pidns |= "CLONE_NEWPID" in event.args[0]
        elif event.name.startswith("execve") and event.number == 0:
            process.images.append((event.start, words_of(event) or ["?"]))

    def follow_fork(self, event):
        if event.number <= 0:
            return
        parent, flags = event.process, " ".join(event.args)
        outer = re.search(r"/\* (\d+) in strace's PID NS", event.result)
        tid = int(outer[1]) if outer else event.number
        if "CLONE_THREAD" in flags:
            self.processes[tid] = parent
        elif outer or parent.pid == parent.tid:
            self.give_birth(event, tid)
        else:
            # strace may not look into a process that is not dumpable: it does
            # not know this number. The next that nobody has born it is.
            self.unknown_births.append(event)

    def give_birth(self, event, tid):
        parent, flags = event.process, " ".join(event.args)
        child = self.processes.setdefault(tid, Process(tid))
        child.parent, child.born, child.pid = parent, event, event.number
        parent.children[event.number] = child
        if "CLONE_NEWPID" in flags:
            child.pid = 1
        elif parent.made_pidns:
            parent.children_in_it += 1
            child.pid = parent.children_in_it
        if "CLONE_NEW" in flags:
            child.flags += flags

    def find_exec(self):
        """The execution of PROGRAM, or the last one that was tried."""
        wanted = self.program
        found = None
        for event in self.events[1:]:
            if not event.name.startswith("execve"):
                continue
            words = words_of(event)
            is_it = words is None or words and words[1:] == wanted[1:] and (
                os.path.basename(words[0]) == os.path.basename(wanted[0]))
            if is_it and event.number == 0:
                return event
            if is_it:
                found = event
        return found

    def find_chain(self):
        """From the first process to PROGRAM, each started by the one before."""
        last = self.exec_event.process if self.exec_event else \
            self.first_inside()
        chain = []
        while last:
            chain.insert(0, last)
            last = last.parent
        return chain

    def first_inside(self):
        """Who would have become PROGRAM: the first one in new namespaces."""
        inside = next((process for process in self.processes.values()
                       if process.flags), self.first)
        if not inside or not inside.unshared:
            return inside
        return next((process for process in self.processes.values()
                     if process.parent is inside and process.born.start >
                     inside.unshared), inside)

    def give_roles(self):
        inside = 1
        for number, process in list(enumerate(self.chain))[1:]:
            if process.flags:
                inside = number
                break
        for number, process in enumerate(self.chain):
            process.role = "child" if number >= inside else "parent"
        for one, other in zip(self.chain, self.chain[1:]):
            one.next_in_chain = other
        if self.exec_event and self.exec_event.number == 0:
            program = self.exec_event.process
            program.is_program_since = self.exec_event.start

    def who(self, process, when):
        role, following = process.role, process.next_in_chain
        if role == "child" and process.pid == 1 and following and \
                when >= following.born.start:
            role = "init"
        return f"{role}[{process.pid}]"

    def is_inside_program(self, process, when):
        """Says if it is PROGRAM by then, or was started by PROGRAM."""
        while process:
            since = process.is_program_since
            if since is not None and when > since:
                return True
            when = process.born.start if process.born else 0
            process = process.parent
        return False

    def is_running(self, when):
        """Says if PROGRAM has been started."""
        return self.exec_event and self.exec_event.number == 0 and \
            when > self.exec_event.start

    def by_number(self, event, number):
        """The child that a process knows by this number."""
        return event.process.children.get(number)


# How each call is written


def quote(argument):
    """As describe() in common/error.c: \\n for a line feed, else "?"."""
    text = string_of(argument).decode(errors="replace").replace("\n", "\\n")
    return '"' + "".join("?" if ord(c) < 32 or ord(c) == 127 else c
                         for c in text) + '"'


def plain(argument):
    """An argument without what strace adds to it."""
    if argument.startswith('"'):
        return quote(argument)
    argument = re.sub(r" /\*.*?\*/", "", argument)
    return re.sub(r"^(-?\d+|AT_FDCWD)<.*>$", r"\1", argument)


def call(event, *arguments, name=None):
    return f"{name or event.name}({', '.join(arguments)})"


def sort_flags(flags):
    """Those for namespaces in the order of the steps, a signal last."""
    parts = [part for part in flags.split("|") if part not in (
        "CLONE_CHILD_CLEARTID", "CLONE_CHILD_SETTID", "CLONE_PARENT_SETTID")]
    order = {name: number for number, name in enumerate(NAMESPACE_FLAGS)}
    return "|".join(sorted(parts, key=lambda part: order.get(
        part, 99 if part.startswith("SIG") else 50)))


def write_fork(event, narrator):
    text = " ".join(event.args)
    flags = re.search(r"flags=([\w|]+)", text)
    exit_signal = re.search(r"exit_signal=(SIG\w+)", text)
    flags = flags[1] if flags else ""
    if exit_signal:
        flags = f"{flags}|{exit_signal[1]}".removeprefix("0|")
    if "CLONE_NEW" in flags:
        written = f"{event.name}({sort_flags(flags)})"
    else:
        child = narrator.family.by_number(event, event.number)
        if not event.error and child not in narrator.speakers:
            return None
        written = "fork()"
    return written if event.error else f"{written} = {event.number}"


def write_file(event, narrator):
    """To /proc, or to the sync pipe."""
    match = re.match(r"\d+<(/proc/.*)>$", event.args[0])
    if not match:
        return narrator.write_pipe(event)
    path = match[1]
    data = re.match(r'(\[\{iov_base=)?("(?:[^"\\]|\\.)*")', event.args[1])
    if not re.search(r"_map$|/setgroups$|/sys/|/comm$|_adj$", path) or not data:
        return None
    return call(event, f'"{path}"', quote(data[2]).replace('\\n"', '"'),
                name="write")


def write_open(event, _):
    """Of a namespace, or of the root before it changes."""
    path = next(plain(arg) for arg in event.args if arg.startswith('"'))
    return f"open({path}) = {event.number}" if not event.error \
        else f"open({path})"


def write_prctl(event, _):
    option, *rest = [plain(arg) for arg in event.args]
    if not re.match(r"PR_(SET_(PDEATHSIG|NO_NEW_PRIVS|DUMPABLE|KEEPCAPS|"
                    r"SECUREBITS|CHILD_SUBREAPER|SECCOMP)|CAPBSET_DROP|"
                    r"CAP_AMBIENT)", option) or rest[0] == "PR_CAP_AMBIENT_IS_SET":
        return None
    while len(rest) > 1 and rest[-1] in ("0", "0x0", "NULL"):
        rest.pop()
    if option == "PR_SET_DUMPABLE":
        rest = [{"SUID_DUMP_DISABLE": "0", "SUID_DUMP_USER": "1"}.get(
            rest[0], rest[0])]
    return call(event, option, *rest)


def write_capset(event, _):
    """As libcap's cap_to_text(3): a base, and what differs from it."""
    sets = dict(re.findall(r"(effective|permitted|inheritable)=([^,}]*)",
                           event.args[-1]))
    if len(sets) < 3:
        return None
    flags = {}
    for name, letter in (("effective", "e"), ("inheritable", "i"),
                         ("permitted", "p")):
        for capability in re.findall(r"CAP_\w+", sets[name]):
            key = capability.lower()
            flags[key] = flags.get(key, "") + letter
    names = capability_names()
    if not names:
        return "capset(...)"
    combinations = [flags.get(name, "") for name in names]
    base = max(sorted(set(combinations)), key=combinations.count)
    text = "=" + base
    for other in sorted(set(combinations) - {base}):
        listed = ",".join(name for name in names
                          if flags.get(name, "") == other)
        sign, letters = ("-", base) if not other else ("+", other)
        text += f" {listed}{sign}{letters}" if not (base and other) \
            else f" {listed}={other}"
    return f'cap_set_proc("{text}")'


def capability_names():
    """All of this kernel, in the order of their numbers."""
    header = Path("/usr/include/linux/capability.h")
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    found = re.findall(r"#define (CAP_\w+)\s+(\d+)\s*$",
                       header.read_text(), re.M) if header.exists() else []
    return [name.lower() for name, number in found if int(number) <= last]


def write_keyctl(event, _):
    if event.args[0] != "KEYCTL_JOIN_SESSION_KEYRING":
        return None
    return call(event, event.args[0])


def write_wait(event, narrator):
    """waitpid(2) of a process that leads to PROGRAM."""
    text = " ".join(event.args)
    match = re.search(r"si_pid=(\d+)", text)
    number = int(match[1]) if match else event.number
    child = narrator.family.by_number(event, number)
    if event.hangs:
        return call(event, plain(event.args[0]), name="waitpid")
    if child not in narrator.family.chain:
        return None
    if "WIFSTOPPED" in text or child.tid not in narrator.ends:
        return None
    _, how, what = narrator.ends[child.tid]
    if how == "exited with":
        return f"waitpid({number}) = exit status {what}"
    return f"waitpid({number}) = signal {signal.Signals[what].value}"


def write_open_tree(event, _):
    written = f"open_tree({plain(event.args[1])}, OPEN_TREE_CLONE)"
    if "OPEN_TREE_CLONE" not in event.args[2]:
        return None
    return written if event.error else f"{written} = {event.number}"


def write_mount_setattr(event, _):
    flags = "|".join(flag for flag in event.args[2].split("|")
                     if flag != "AT_EMPTY_PATH")
    attributes = re.findall(r"(?:attr_set|propagation)=([A-Z][\w|]*)",
                            event.args[3])
    return call(event, plain(event.args[0]), flags, *attributes)


def write_ioctl(event, narrator):
    if event.args[1] == "SIOCGIFINDEX":
        narrator.learn_index(event)
        return None
    return call(event, *map(plain, event.args[1:]))


def write_chdir(event, narrator):
    """On the way to another root. Shells do it for many reasons."""
    return all_plain(event, narrator) if event.process.role == "child" else None


def all_plain(event, _):
    return call(event, *map(plain, event.args))


def write_execution(event, narrator):
    return narrator.write_execution(event)


def write_request(event, narrator):
    return narrator.write_request(event)


def take_answer(event, narrator):
    narrator.take_answer(event)


WRITERS = {
    **dict.fromkeys(["clone", "clone3", "fork", "vfork"], write_fork),
    **dict.fromkeys(["execve", "execveat"], write_execution),
    **dict.fromkeys(["wait4", "waitid"], write_wait),
    **dict.fromkeys(["write", "writev", "pwrite64"], write_file),
    **dict.fromkeys(["sendto", "sendmsg"], write_request),
    **dict.fromkeys(["recvmsg", "recvfrom"], take_answer),
    **dict.fromkeys(["open", "openat"], write_open),
    **dict.fromkeys(["read", "close", "pipe", "pipe2", "socketpair"],
                    lambda event, narrator: narrator.write_pipe(event)),
    "prctl": write_prctl, "capset": write_capset, "keyctl": write_keyctl,
    "open_tree": write_open_tree, "mount_setattr": write_mount_setattr,
    "ioctl": write_ioctl,
    "sethostname": lambda event, _: call(event, plain(event.args[0])),
    "setdomainname": lambda event, _: call(event, plain(event.args[0])),
    "unshare": lambda event, _: call(event, sort_flags(event.args[0])),
    "move_mount": lambda event, _: call(event, plain(event.args[0]),
                                        plain(event.args[3])),
    **dict.fromkeys(["chdir", "fchdir"], write_chdir),
    "mknodat": lambda event, _: call(event, plain(event.args[1]),
                                     event.args[2].removesuffix("|000"),
                                     name="mknod"),
    "symlinkat": lambda event, _: call(event, plain(event.args[0]),
                                       plain(event.args[2]), name="symlink"),
}
# -v tells of these before the call, of the others when it is done.
TOLD_FIRST = {"clone", "clone3", "fork", "vfork", "write", "writev",
              "pwrite64", "execve", "execveat"}


# Netlink messages


def attributes(data):
    """The attributes of a netlink message: number and content."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def text_in(data):
    return data.split(b"\0")[0].decode(errors="replace")


def number_in(data):
    return struct.unpack_from("=I", data)[0]


def netns_in(attrs):
    """IFLA_NET_NS_PID or IFLA_NET_NS_FD: to which namespace a link goes."""
    if 19 in attrs:
        return f" netns pid {number_in(attrs[19])}"
    return f" netns {number_in(attrs[28])}" if 28 in attrs else ""


def describe_link(kind, body, names):
    """RTM_NEWLINK and so on: struct ifinfomsg, and attributes IFLA_..."""
    index, flags, change = struct.unpack_from("=4xiII", body)
    attrs = attributes(body[16:])
    link = text_in(attrs[3]) if 3 in attrs else names.get(index, f"#{index}")
    parts = [link + netns_in(attrs)]
    if change & 1:
        parts.append("IFF_UP" if flags & 1 else "down")
    if kind != "RTM_NEWLINK" or 18 not in attrs:
        return f"{kind}({', '.join(parts)})"
    info = attributes(attrs[18])
    parts = [link + (" up" if flags & 1 else "") + netns_in(attrs),
             text_in(info.get(1, b"?"))]
    if 2 in info and 1 in attributes(info[2]):
        peer = attributes(attributes(info[2])[1][16:])
        parts.append(f"peer {text_in(peer.get(3, b'?'))}{netns_in(peer)}")
    return f"{kind}({', '.join(parts)})"


def address_in(data):
    return ".".join(str(byte) for byte in data[:4]) if len(data) == 4 \
        else data.hex()


def describe_address(kind, body, names):
    """struct ifaddrmsg, and attributes IFA_LOCAL or IFA_ADDRESS"""
    prefix, index = struct.unpack_from("=xBxxI", body)
    attrs = attributes(body[8:])
    address = address_in(attrs.get(2, attrs.get(1, b"")))
    return f"{kind}({address}/{prefix} dev {names.get(index, index)})"


def describe_route(kind, body, names):
    """struct rtmsg, and attributes RTA_..."""
    prefix = body[1]
    attrs = attributes(body[12:])
    where = f"{address_in(attrs[1])}/{prefix}" if 1 in attrs else "default"
    if 5 in attrs:
        where += f" via {address_in(attrs[5])}"
    if 4 in attrs:
        index = number_in(attrs[4])
        where += f" dev {names.get(index, index)}"
    if 6 in attrs and number_in(attrs[6]):
        where += f" metric {number_in(attrs[6])}"
    return f"{kind}({where})"


MESSAGES = {
    16: ("RTM_NEWLINK", describe_link), 17: ("RTM_DELLINK", describe_link),
    18: ("RTM_GETLINK", describe_link), 19: ("RTM_SETLINK", describe_link),
    20: ("RTM_NEWADDR", describe_address),
    21: ("RTM_DELADDR", describe_address),
    24: ("RTM_NEWROUTE", describe_route),
    25: ("RTM_DELROUTE", describe_route),
}
NLM_F_DUMP = 0x300


def describe_requests(data, names):
    """What is asked for, of one write to a netlink socket."""
    found = []
    while len(data) >= 16:
        length, kind, flags = struct.unpack_from("=IHH", data)
        if length < 16:
            break
        is_dump = flags & NLM_F_DUMP == NLM_F_DUMP
        if kind in MESSAGES and not (kind == 18 and is_dump):
            name, describe = MESSAGES[kind]
            found.append(describe(name, data[16:length], names))
        data = data[(length + 3) & ~3:]
    return found


# The whole story


class Line:
    def __init__(self, process, who, when, text):
        self.process, self.who, self.when = process, who, when
        self.text, self.why = text, None

    def __str__(self):
        return f"{self.who} {self.text}" + (f": {self.why}" if self.why else "")


def shorten(words):
    """A command line, without a script in it."""
    return shlex.join(word if len(word) < 40 else word.split("\n")[0][:36] +
                      "..." for word in (word.strip() for word in words))


class Narrator:
    """Writes the events of a run down, in order."""

    def __init__(self, reader, program):
        self.ends, self.program, self.lines = reader.ends, program, []
        self.family = Family(reader.events, program)
        self.names, self.requests = {}, {}
        self.speakers, self.pipes = set(), self.find_sync_pipes()
        # A fork is told of if the child says something: so the last come first.
        for process in set(self.family.processes.values()):
            if process in self.family.chain or process.images:
                self.speakers.add(process)
        events = self.visible_events()
        for event in events:
            self.narrate(event)
        self.tell_ends()
        self.lines.sort(key=lambda line: line.when)
        self.drop_silent_forks()
        self.lines = merge(self.lines)

    def visible_events(self):
        """Not what PROGRAM does, nor the first execve(2), which is strace's."""
        return [event for event in self.family.events[1:]
                if not self.family.is_inside_program(event.process,
                                                     event.start)]

    def narrate(self, event):
        process = event.process
        if process.tool_at(event.start) in QUIET_TOOLS and \
                not event.name.startswith("execve"):
            return
        text = WRITERS.get(event.name, all_plain)(event, self)
        if event.name in ("sendto", "sendmsg"):
            self.requests.pop(event.tid, None)
        if not text:
            return
        when = event.start if event.name in TOLD_FIRST else event.end
        for part in [text] if isinstance(text, str) else text:
            line = Line(process, self.family.who(process, event.start), when,
                        part)
            line.why = "hangs" if event.hangs else event.error
            self.lines.append(line)
            if event.name in ("sendto", "sendmsg"):
                self.requests[event.tid] = line

    # The sync pipe

    def pipe_of(self, argument):
        match = re.match(r"(\d+)<(?:pipe|UNIX-\w+):\[(\d+)(?:->(\d+))?", argument)
        if not match:
            return None, None
        return ":".join(sorted(filter(None, match.group(2, 3)))), int(match[1])

    def find_sync_pipes(self):
        """Those by which the processes that lead to PROGRAM wait for another."""
        users = {}
        for event in self.visible_events():
            if event.name not in ("read", "write") or event.error or \
                    event.process not in self.family.chain or \
                    self.family.is_running(event.start):
                continue
            pipe, _ = self.pipe_of(event.args[0])
            if pipe:
                both = users.setdefault(pipe, {"read": set(), "write": set()})
                both[event.name].add(event.process)
        to_child = [pipe for pipe, both in users.items()
                    if any(process.role == "child" for process in both["read"])]
        found = to_child + [
            pipe for pipe, both in users.items() if pipe not in to_child and
            both["read"] and both["write"] - both["read"]]
        return {pipe: "sync_pipe" if number == 1 else f"sync_pipe_{number}"
                for number, pipe in enumerate(found, 1)}

    def write_pipe(self, event):
        if event.name in ("pipe", "pipe2", "socketpair"):
            return self.write_new_pipe(event)
        pipe, fd = self.pipe_of(event.args[0])
        if pipe not in self.pipes:
            return None
        name = self.pipes[pipe]
        if event.name == "close":
            end = self.names.get((pipe, fd))
            return f"close({name}[{end}])" if end is not None else None
        if event.hangs:
            return f"{event.name}({name})"
        if event.error == os.strerror(errno.EAGAIN):
            return None
        what = {0: "end of file", 1: "go"}.get(event.number,
                                               f"{event.number} bytes")
        return f"{'read' if event.name == 'read' else 'write'}({name}): {what}"

    def write_new_pipe(self, event):
        ends = re.findall(r"\d+<[^\s,]*>", event.args[-1 if
                          event.name != "pipe2" else 0])
        for number, end in enumerate(ends):
            pipe, fd = self.pipe_of(end)
            self.names[(pipe, fd)] = number
            if pipe in self.pipes and number == 1:
                flags = event.args[1:] if event.name == "pipe2" else []
                return call(event, self.pipes[pipe], *flags)
        return None

    # Executions

    def write_execution(self, event):
        family = self.family
        program = family.exec_event
        if program and event.process is program.process and \
                words_of(event) == words_of(program):
            return f'execvp("{self.program[0]}")'
        words = words_of(event)
        if event.number != 0 or not words:
            return None
        tool = os.path.basename(words[0])
        if tool in ("newuidmap", "newgidmap"):
            return self.write_helper(event, tool, words)
        if tool not in TOOLS:
            return None
        line = Line(event.process, family.who(event.process, event.start),
                    event.start, shorten([tool] + words[1:]))
        line.why = self.failure_of(event)
        self.lines.append(line)
        return None

    def failure_of(self, event):
        end = self.ends.get(event.tid)
        later = [start for start, _ in event.process.images
                 if start > event.start]
        if not end or later or end[1:] == ("exited with", "0") or \
                event.process in self.family.chain:
            return None
        return f"exit status {end[2]}" if end[1] == "exited with" else end[2]

    def write_helper(self, event, tool, words):
        """As -v says it: by the one who has it run, and when it is done."""
        master = event.process.parent
        while master and master not in self.family.chain:
            master = master.parent
        master = master or event.process
        end = self.ends.get(event.tid, (event.end,))[0]
        numbers = words[2:]
        rows = [" ".join(numbers[i:i + 3]) for i in range(0, len(numbers), 3)]
        line = Line(master, self.family.who(master, event.start), end,
                    f'{tool} {words[1] if words[1:] else ""} "' +
                    "\\n".join(rows) + '"')
        line.why = self.failure_of(event)
        self.lines.append(line)

    # Links

    def learn_index(self, event):
        match = re.search(r'ifr_name="([^"]*)", ifr_ifindex=(\d+)',
                          event.args[-1])
        if match:
            self.names[event.process, event.args[0]] = \
                {**self.names.get((event.process, event.args[0]), {}),
                 int(match[2]): match[1]}
            self.names[event.process] = {
                **self.names.get(event.process, {}), int(match[2]): match[1]}

    def write_request(self, event):
        """An index stands for a link, in the namespace of the socket."""
        known = {**self.names.get(event.process, {}),
                 **self.names.get((event.process, event.args[0]), {})}
        return describe_requests(event.data, known)

    def take_answer(self, event):
        """What the kernel says to the last request."""
        line = self.requests.get(event.tid)
        text = " ".join(event.args)
        if not line:
            return
        if failed := re.search(r"\{error=-(E\w+)", text):
            line.why = reason(failed[1])
        elif line.text.startswith("RTM_GETLINK") and \
                "nlmsg_type=NLMSG_ERROR" not in text:
            line.why = "IF_OPER_UP" if is_up(text) else "no carrier"

    # The ends

    def tell_ends(self):
        """Of a process that a signal has killed, and nobody waited for."""
        waited = {match[1] for line in self.lines if (
            match := re.match(r"waitpid\((\d+)\) =", line.text))}
        for process in self.family.chain:
            end = self.ends.get(process.tid)
            if end and end[1] == "killed by" and \
                    str(process.born.number if process.born else 0) not in waited:
                self.lines.append(Line(
                    process, self.family.who(process, end[0]), end[0],
                    f"killed by {end[2]}"))

    def drop_silent_forks(self):
        """A fork is told of only if the child, or one of its, does more."""
        heard = set(self.family.chain)
        for line in self.lines:
            process = line.process
            while process and not line.text.startswith("fork()"):
                heard.add(process)
                process = process.parent
        self.lines = [
            line for line in self.lines if not line.text.startswith("fork() =")
            or self.family.by_number(line, int(line.text[9:])) in heard]


def is_up(text):
    """Says if a link is, by an answer that strace has decoded, or has not."""
    if "IFLA_OPERSTATE" in text:
        return re.search(r"IFLA_OPERSTATE\}, (6|IF_OPER_UP)", text)
    match = re.search(r'"((?:\\x[0-9a-f]{2})+)"', text)
    body = bytes.fromhex(match[1].replace("\\x", "")) if match else b""
    return attributes(body[16:]).get(16, b"")[:1] == b"\x06"


def reason(name):
    """The sentence for an errno value."""
    return os.strerror(getattr(errno, name)) if hasattr(errno, name) else name


def merge(lines):
    """One line for what is tried several times, or is done to many."""
    merged, last = [], {}
    for line in lines:
        before = last.get(line.process)
        last[line.process] = line
        if before and is_again(before, line):
            merged.remove(before)
        drops = "prctl(PR_CAPBSET_DROP"
        if before and line.text.startswith(drops) and \
                before.text.startswith(drops):
            count = getattr(before, "count", 1) + 1
            merged.remove(before)
            line.count = count
            line.text = f"{drops}, ...): {count} times"
        merged.append(line)
    return merged


def is_again(before, line):
    """Says if the first one was tried in vain, or asked too early."""
    if line.text.startswith("execvp("):
        return before.text == line.text and before.why is not None
    return before.text == line.text and line.text.startswith("RTM_GETLINK")


def tell(reader, program):
    """The lines that say what the processes of a run did."""
    return Narrator(reader, program).lines
