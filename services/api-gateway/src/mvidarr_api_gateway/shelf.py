"""Answers in memory, the least used of which give way when there are too many bytes of them."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from .metrics import KEPT_BYTES, READS_DROPPED

LARGEST = 256 * 1024
OVERHEAD = 500
"""Bytes of memory that an answer takes beside its own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, a position of the log at which it was true, and the time when it was kept.
    `generation` is that of its reads: in a later one it may be false."""

    answer: bytes
    offset: int
    generation: int
    at: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since it was certainly true."""
        return time.monotonic() - self.at


class Shelf:
    """Holds up to so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.bytes = 0

    def get(self, key: str) -> Kept | None:
        """What is kept, and used now."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: str, kept: Kept) -> None:
        """Instead of what was there; what is too large is not kept."""
        if len(kept.answer) > LARGEST:
            return
        self._remove(key)
        self._kept[key] = kept
        self._count(_size(key, kept))
        while self.bytes > self._limit:
            self._remove(next(iter(self._kept)))
            READS_DROPPED.labels("full").inc()

    def _remove(self, key: str) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._count(-_size(key, old))

    def _count(self, bytes: int) -> None:
        self.bytes += bytes
        KEPT_BYTES.inc(bytes)


def _size(key: str, kept: Kept) -> int:
    return len(key) + len(kept.answer) + OVERHEAD
