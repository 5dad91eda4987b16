"""Inside a forked child: calling the function it was forked for, and telling the parent.

Frames are pickles with their length in front. Both ends are processes of ours.
"""

import os
import pickle
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Frame(NamedTuple):
    """What a child says: words on the way, and one of the others at the end of a call. `spent` says
    why the child is to answer no other."""

    kind: Literal["told", "result", "error"]
    content: Any
    spent: str = ""


_LENGTH = struct.Struct("!I")
_parent: list[socket.socket] = []
_spent: list[str] = []


def tell(message: object) -> None:
    """Hand an object to the parent's `on_message`; outside of a forked child nobody hears it."""
    for parent in _parent:
        send(parent, Frame("told", message))


def spend(why: str) -> None:
    """After the call that runs now this process is to answer no other."""
    _spent.append(why)


def send(channel: socket.socket, content: object) -> None:
    """Write one frame."""
    channel.sendall(packed(content))


def receive(channel: socket.socket) -> Any:
    """Read one frame; raises EOFError when the other end has gone."""
    return pickle.loads(_exactly(channel, frame_length(_exactly(channel, 4))))  # noqa: S301  # ours


def packed(content: object) -> bytes:
    """One frame, ready to be written."""
    body = pickle.dumps(content)
    return _LENGTH.pack(len(body)) + body


def frame_length(head: bytes) -> int:
    """How many bytes follow the four at the head of a frame."""
    length: int = _LENGTH.unpack(head)[0]
    return length


def answer_all(channel: socket.socket, begin: Callable[[], None]) -> None:
    """Run every call that arrives, after `begin`, until the other end goes or this one is spent."""
    with suppress(EOFError, ConnectionError):
        while not _spent:
            answer(channel, begin)


def answer(channel: socket.socket, begin: Callable[[], None] = lambda: None) -> None:
    """Run the call that arrives first, and send back what came of it."""
    _parent[:] = [channel]
    call: Call = receive(channel)
    try:
        begin()
        function, args = call
        result = function(*args)
        body = packed(Frame("result", result, "; ".join(_spent)))
    except BaseException as error:
        body = _packed_error(error)
    channel.sendall(body)


def execute(channel: socket.socket) -> None:
    """Become the program whose command line arrives first; returns only if that fails."""
    command: list[str] = receive(channel)
    try:
        os.execvp(command[0], command)  # noqa: S606  # a list built by us, never a shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()


def _packed_error(error: BaseException) -> bytes:
    """The exception as it is where it can travel, else its text; its traceback goes along."""
    error.add_note("In the child:\n" + "".join(traceback.format_exception(error)))
    try:
        body = packed(Frame("error", error, "; ".join(_spent)))
        pickle.loads(body[4:])  # noqa: S301  # some exceptions pickle but cannot be read again
    except Exception:
        return packed(Frame("error", RuntimeError(f"{type(error).__name__}: {error}")))
    return body


def _exactly(channel: socket.socket, count: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < count:
        chunk = channel.recv(min(count - len(chunks), 1 << 20))
        if not chunk:
            raise EOFError
        chunks += chunk
    return bytes(chunks)
