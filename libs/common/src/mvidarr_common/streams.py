"""Reading what a child process says: lines, the tail of its errors, frames of a forked call."""

import asyncio
import os
import pickle
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from . import forked

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 16
_BREAK = re.compile(rb"\r\n|\r|\n")


@asynccontextmanager
async def pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """A reader, and the descriptor to write to; whoever passes that on closes it here."""
    end, other = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0)
    )
    try:
        yield reader, other
    finally:
        transport.close()


async def split_lines(reader: asyncio.StreamReader, on_line: Callable[[str], None] | None) -> None:
    """Read to the end; a carriage return ends a line too, and no line grows without limit."""
    rest = b""
    while chunk := await reader.read(_CHUNK):
        if on_line is None:
            continue
        *lines, rest = _BREAK.split(rest + chunk)
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in filter(None, lines):
            on_line(line.decode(errors="replace"))
    if on_line is not None and rest:
        on_line(rest.decode(errors="replace"))


async def keep_tail(reader: asyncio.StreamReader, size: int) -> str:
    """Read to the end and keep the last `size` bytes."""
    tail = b""
    while chunk := await reader.read(_CHUNK):
        tail = (tail + chunk)[-size:]
    return tail.decode(errors="replace")


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def read_frames(
    reader: asyncio.StreamReader, on_message: Callable[[Any], None] | None
) -> forked.Frame | None:
    """Hand on what is told until the call ends; None if the child ends before it."""
    try:
        while True:
            length = forked.frame_length(await reader.readexactly(4))
            frame: forked.Frame = pickle.loads(await reader.readexactly(length))  # noqa: S301  # ours
            if frame.kind != "told":
                return frame
            if on_message is not None:
                on_message(frame.content)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
