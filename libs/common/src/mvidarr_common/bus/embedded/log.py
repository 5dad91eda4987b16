"""Reading the log of the embedded bus: attach with a check, then follow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from mvidarr_common.bus.metrics import LOG_HEAD, LOG_IDENTITY_ERRORS
from mvidarr_common.bus.protocol import After, FromFirst, Record, Start
from mvidarr_common.errors import LogError, LogReplaced, LogRewound, LogTruncated

from .statements import Extent, extent, records
from .store import Store


class Readers:
    """Everybody who follows the log, to be woken when it has grown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers: set[_Reader] = set()

    @asynccontextmanager
    async def attach(self, start: Start) -> AsyncIterator["_Reader"]:
        """Raises LogTruncated, LogReplaced or LogRewound if `start` does not fit."""
        asked = start.offset if isinstance(start, After) else 0
        found = await self._store.read(extent(asked))
        try:
            place = _place(start, found)
        except LogError as error:
            LOG_IDENTITY_ERRORS.labels(type(error).__name__).inc()
            raise
        reader = _Reader(self._store, place, found.log_id)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def wake(self) -> None:
        """There is more."""
        for reader in self._readers:
            reader.grown.set()


class _Reader:
    def __init__(self, store: Store, after: int, log_id: str | None) -> None:
        self.log_id = log_id
        self.grown = asyncio.Event()
        self._store = store
        self._after = after

    async def batch(self, limit: int = 500, wait: float = 1.0) -> Sequence[Record]:
        found = await self._read(limit)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not found:
                    await self.grown.wait()
                    found = await self._read(limit)
        return found

    async def _read(self, limit: int) -> Sequence[Record]:
        self.grown.clear()
        found = await self._store.read(records(self._after, limit))
        if found:
            self._after = found[-1].offset
            LOG_HEAD.set(self._after)
        return found


def _place(start: Start, found: Extent) -> int:
    if isinstance(start, After):
        return _checked(start, found)
    return found.first - 1 if isinstance(start, FromFirst) else found.last


def _checked(start: After, found: Extent) -> int:
    if start.offset > found.last:
        raise LogRewound(f"the log ends at {found.last}, before {start.offset}")
    if start.event_id is None:
        return start.offset
    if start.offset < found.first:
        raise LogTruncated(f"the log begins at {found.first}, after {start.offset}")
    if found.event_id != start.event_id:
        raise LogReplaced(
            f"at {start.offset} the log has {found.event_id or 'nothing'}, not {start.event_id}"
        )
    return start.offset
