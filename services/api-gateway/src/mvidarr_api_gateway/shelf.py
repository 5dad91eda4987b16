"""Things in memory, the least used of which give way when there are too many bytes of them."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from .metrics import KEPT_BYTES, READS_DROPPED

V = TypeVar("V")
LARGEST = 256 * 1024
OVERHEAD = 1000
"""Bytes of memory that a thing takes beside its own, more or less."""


class Shelf(Generic[V]):
    """Holds up to so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self.bytes = 0

    def get(self, key: Hashable) -> V | None:
        """What is kept, and used now."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Instead of what was there; what is too large is not kept."""
        if size > LARGEST:
            return
        self.remove(key)
        self._kept[key] = value, size + OVERHEAD
        self._count(size + OVERHEAD)
        while self.bytes > self._limit:
            self.remove(next(iter(self._kept)))
            READS_DROPPED.labels("full").inc()

    def remove(self, key: Hashable) -> None:
        """Have it no more."""
        _, size = self._kept.pop(key, (None, 0))
        self._count(-size)

    def _count(self, bytes: int) -> None:
        self.bytes += bytes
        KEPT_BYTES.inc(bytes)
