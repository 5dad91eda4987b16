"""The fork server: a small single-threaded process that starts children, and outlives none.

Its parent holds one end of `control`. Each byte there asks for a child, with file descriptors
beside it: a leash, a channel, and for a program its output pipes. The leash ends a child when the
parent lets go of it; the end of `control` (the parent has died, by whatever signal) ends them all.
Nothing escapes: children lead sessions of their own, and this process adopts their orphans.
"""

import ctypes
import gc
import importlib
import json
import math
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from . import forked

CALL, CALLS, PROGRAM, READY, END = b"c", b"m", b"p", b"r", b"e"
NUMBER = struct.Struct("!i")
TERM_SECONDS = 5.0

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_MORE_LIKELY_TO_BE_KILLED = "500"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child, and each program that it starts, may use; None is no limit. Memory for data
    in bytes, processor time in seconds, and files open at the same time."""

    memory: int | None = None
    seconds: int | None = None
    files: int | None = None

    def keep(self, *, renewed: bool = False) -> None:
        """For this process from now on. At the end of its time it is told, then killed; one whose
        time is `renewed` is only told, which ends all that do not ask for it to be otherwise."""
        if self.memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (self.memory, self.memory))
        if self.seconds is not None and not renewed:
            resource.setrlimit(resource.RLIMIT_CPU, (self.seconds, self.seconds + 5))
        if self.files is not None:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            allowed = self.files if most == resource.RLIM_INFINITY else min(self.files, most)
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))

    def renew(self) -> None:
        """The whole processor time again, beside what this process has used by now."""
        if self.seconds is not None:
            used, most = math.ceil(time.process_time()), resource.getrlimit(resource.RLIMIT_CPU)[1]
            resource.setrlimit(resource.RLIMIT_CPU, (used + self.seconds, most))


@dataclass
class Child:
    """A running child, the leash that its owner holds, and when patience with it ends."""

    pid: int
    leash: socket.socket
    kill_at: float | None = None


class Server:
    """Starts, watches and ends children until the parent goes."""

    def __init__(self, control: socket.socket, limits: Limits) -> None:
        self.control = control
        self.limits = limits
        self.children: dict[int, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.wake, self.waker = socket.socketpair()

    def serve(self) -> None:
        """Until the parent lets go of `control`."""
        self._hear_of_ended_children()
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(self.wake, selectors.EVENT_READ)
        self.control.sendall(READY)
        while self._step():
            self._reap()
            self._kill_the_stubborn()

    def _hear_of_ended_children(self) -> None:
        self.wake.setblocking(False)
        self.waker.setblocking(False)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _step(self) -> bool:
        for key, _ in self.selector.select(self._patience()):
            if key.fileobj is self.control and not self._accept():
                return False
            if key.fileobj is self.wake:
                _drain(self.wake)
            elif isinstance(key.data, Child):
                self._slacken(key.data)
        return True

    def _patience(self) -> float | None:
        ends = [child.kill_at for child in self.children.values() if child.kill_at is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _accept(self) -> bool:
        try:
            kind, descriptors, _, _ = socket.recv_fds(self.control, 1, 4)
        except OSError:
            return False
        if not kind:
            return False
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        self._fork(kind, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _fork(self, kind: bytes, descriptors: list[int]) -> None:
        """Where no process can be made, the closed leash tells the owner."""
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            sys.stderr.write(f"no process for a child: {error}\n")
            return
        if pid == 0:
            self._become(kind, descriptors, server)
        child = Child(pid, socket.socket(fileno=os.dup(descriptors[0])))
        self.children[pid] = child
        self.selector.register(child.leash, selectors.EVENT_READ, child)
        with suppress(OSError):
            child.leash.sendall(NUMBER.pack(pid))

    def _become(self, kind: bytes, descriptors: list[int], server: int) -> NoReturn:
        """In the child: never returns."""
        try:
            self._let_go(descriptors[0])
            _isolate(server)
            self.limits.keep(renewed=kind == CALLS)
            channel = socket.socket(fileno=descriptors[1])
            for target, descriptor in zip((1, 2), descriptors[2:], strict=False):
                os.dup2(descriptor, target)
            if kind == PROGRAM:
                _heed_signals()
                forked.execute(channel)
                os._exit(127)
            if kind == CALLS:
                forked.answer_all(channel, self.limits.renew)
            else:
                forked.answer(channel)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _let_go(self, leash: int) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        for child in self.children.values():
            child.leash.close()
        for held in (self.control, self.wake, self.waker, self.selector):
            held.close()
        os.close(leash)

    def _slacken(self, child: Child) -> None:
        """The owner says END or is gone: TERM now, KILL when patience ends."""
        with suppress(OSError):
            child.leash.recv(1)
        self.selector.unregister(child.leash)
        child.kill_at = time.monotonic() + TERM_SECONDS
        _signal_group(child.pid, signal.SIGTERM)

    def _kill_the_stubborn(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.kill_at is not None and child.kill_at <= now:
                _signal_group(child.pid, signal.SIGKILL)
                child.kill_at = now + TERM_SECONDS

    def _reap(self) -> None:
        ended = False
        while (pid := _ended_child()) is not None:
            ended = True
            # Before it is reaped its number cannot be given to another: end what it left behind.
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            child = self.children.pop(pid, None)
            if child is not None:
                self._report(child, os.waitstatus_to_exitcode(status))
        if ended:
            self._end_escaped()

    def _report(self, child: Child, code: int) -> None:
        with suppress(KeyError):
            self.selector.unregister(child.leash)
        with suppress(OSError):
            child.leash.sendall(NUMBER.pack(code))
        child.leash.close()

    def _end_escaped(self) -> None:
        """Orphans that belong to no running child's session came from one that has ended."""
        for pid in own_children():
            with suppress(ProcessLookupError):
                if pid not in self.children and os.getsid(pid) not in self.children:
                    os.kill(pid, signal.SIGKILL)

    def end_all(self) -> None:
        """Kill every child, then every orphan of theirs, until there is none."""
        for pid in self.children:
            _signal_group(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                for pid in own_children():
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(-1, 0)


def main() -> None:
    """`python -c … <control> <limits> <sys.path> <module>…`: the parent's side is `processes`."""
    number, limits, path, *preload = sys.argv[1:]
    sys.path[:] = json.loads(path)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    os.dup2(2, 1)
    gc.disable()  # what is imported stays: looking through it again and again finds nothing
    for module in preload:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    server = Server(socket.socket(fileno=int(number)), Limits(**json.loads(limits)))
    try:
        server.serve()
    finally:
        server.end_all()


def _heed_signals() -> None:
    """Ignored ones stay so through an exec: Python ignores some, and nohup or a shell others."""
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _isolate(server: int) -> None:
    """A session of its own, bound to die with the server, and the first to go when memory ends."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_MORE_LIKELY_TO_BE_KILLED)


def _prctl(option: int, value: int) -> None:
    """Linux alone has it; elsewhere sessions and leashes must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


def _signal_group(pid: int, number: signal.Signals) -> None:
    """To the child's group; to itself alone while it has not made one."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    except PermissionError:  # macOS says so of a group that holds only the dead
        pass


def _ended_child() -> int | None:
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return ended.si_pid if ended is not None else None


def own_children() -> Sequence[int]:
    """The processes that this one has started and not waited for."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return [int(pid) for pid in listing.read_text().split()]
    except OSError:
        return []


def _drain(wake: socket.socket) -> None:
    with suppress(BlockingIOError):
        while wake.recv(4096):
            pass
