"""Reads files in large blocks, each as soon as it has come.

yt-dlp waits until a block is full, and what it holds when its process is killed has to come again:
so its blocks must be small, and each of them costs it more than the bytes themselves. Here a block
is what has come by now, which on a slow line is little and on a fast one is much.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yt_dlp.networking._requests import RequestsResponseAdapter

from .sums import sum_of

LARGE = 1024 * 1024
"""Bytes at a time, at most."""

LEAST = 32 * 1024
"""Bytes that are waited for, and at most lost when a child is killed."""


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
        block = _come(self.fp, amount)
        if summing := sum_of(self):
            summing.add(block)
        return block

    RequestsResponseAdapter._real_read = reading
    try:
        yield
    finally:
        RequestsResponseAdapter._real_read = read


def _come(body: Any, most: int) -> bytes:
    block: bytes = body.read1(most, decode_content=False)
    while 0 < len(block) < LEAST:
        more = body.read1(LEAST - len(block), decode_content=False)
        if not more:
            break
        block += more
    return block
