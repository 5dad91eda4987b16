"""Reads files in large blocks, each as soon as it has come.

yt-dlp waits until a block is full, and what it holds when its process is killed has to come again:
so its blocks must be small, and each of them costs it more than the bytes themselves. Here a block
is what has come by now, which on a slow line is little and on a fast one is much. An encrypted
connection gives 16 KiB at a time: they are put together for as long as more is there.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from yt_dlp.networking._requests import RequestsResponseAdapter

from .sums import sum_of

LARGE = 1024 * 1024
"""Bytes at a time, at most."""

ENOUGH = 512 * 1024
"""Bytes to which nothing is added: to copy them costs more than another block."""

LEAST = 32 * 1024
"""Bytes that are waited for, and at most lost when a child is killed."""

_BROKEN = "mvidarr_broken"


@contextmanager
def as_they_come() -> Iterator[None]:
    """Within the block whoever asks for LARGE bytes gets those that are there; the whole process
    is bound. What is packed is read as ever; so is all, by a yt-dlp that reads in another way."""
    read = getattr(RequestsResponseAdapter, "_real_read", None)
    if read is None:
        yield
        return

    def reading(self: RequestsResponseAdapter, amount: int | None = None) -> bytes:
        if amount != LARGE or self.headers.get("Content-Encoding"):
            return bytes(read(self, amount))
        block = come(self.fp, self.extensions)
        if summing := sum_of(self):
            summing.add(block)
        return block

    RequestsResponseAdapter._real_read = reading
    try:
        yield
    finally:
        RequestsResponseAdapter._real_read = read


def come(body: Any, notes: dict[str, Any]) -> bytes:
    """The next block. Where the connection breaks it ends with what came before, and who asks for
    another is told."""
    if broken := notes.pop(_BROKEN, None):
        raise broken
    pieces: list[bytes] = [body.read1(LARGE, decode_content=False)]
    size, waiting = len(pieces[0]), _waiting_at(body)
    try:
        while pieces[-1] and (size < LEAST or (size < ENOUGH and waiting.poll(0))):
            pieces.append(body.read1(LARGE, decode_content=False))
            size += len(pieces[-1])
    except Exception as error:
        notes[_BROKEN] = error
    return b"".join(pieces)


def _waiting_at(body: Any) -> select.poll:
    """Asked without waiting, it tells whether more is there; never at the end of the body."""
    waiting = select.poll()
    with suppress(AttributeError, OSError, ValueError):
        waiting.register(body.fileno(), select.POLLIN)
    return waiting
