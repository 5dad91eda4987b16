"""Reading the log in order, across lost connections, without gap or repeat.

The broker hides what goes wrong: an offset that retention has removed is silently raised, one
beyond the end silently delivers nothing. So a reader attaches *at* the record that it knows and
looks whether it is there, at the start, after every loss, and every minute.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from mvidarr_common.bus.metrics import LOG_IDENTITY_ERRORS, RECONNECTS
from mvidarr_common.bus.protocol import After, FromFirst, FromNow, Record, Start
from mvidarr_common.envelope import decode
from mvidarr_common.errors import (
    LogError,
    LogReplaced,
    LogRewound,
    LogTruncated,
    Undecodable,
)
from mvidarr_common.messages.system import LogStarted

from .beside import beside
from .connection import Link, pause
from .lost import Lost
from .tail import Tail, event_id, first_record, last_record, tail

log = logging.getLogger(__name__)

PATIENCE = 5.0
SILENCE = 1.5
PROBE_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Known:
    """The record up to which all was read; without an id it is not checked."""

    offset: int
    event_id: str | None

    def check(self, found: Record) -> None:
        """Raises when this record, the first at our offset, is not ours."""
        if self.event_id is None:
            return
        if found.offset > self.offset:
            raise LogTruncated(f"the log begins at {found.offset}, after {self.offset}")
        if event_id(found.body) != self.event_id:
            raise LogReplaced(f"at {self.offset} the log has another record")


class RabbitLogReader:
    """A reader with a position of its own."""

    def __init__(self, link: Link, probe_every: float) -> None:
        self.log_id: str | None = None
        self._link = link
        self._probe_every = probe_every
        self._known: Known | None = None
        self._last: Record | None = None
        self._tail: Tail | None = None
        self._changed = asyncio.Event()
        self._error: LogError | None = None

    async def attach(self, start: Start) -> None:
        """Raises LogTruncated, LogReplaced or LogRewound."""
        if isinstance(start, After) and start.offset >= 0:
            self._known = Known(start.offset, start.event_id)
        self._tail = await self._attached(isinstance(start, FromNow))

    async def batch(self, limit: int = 500, wait: float = 1.0) -> Sequence[Record]:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not (found := await self._take(limit)):
                    await self._more()
                return found
        return ()

    async def _take(self, limit: int) -> Sequence[Record]:
        assert self._tail is not None
        found = self._tail.take(limit, self._offset)
        if found:
            self._last = found[-1]
        elif self._error is not None:
            raise self._error
        await self._tail.acknowledge()
        return found

    async def _more(self) -> None:
        assert self._tail is not None
        if self._tail.gone.done():
            self._changed.clear()
            if self._error is None:
                await self._changed.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):  # idle: time to acknowledge
                await self._tail.more()

    @property
    def _offset(self) -> int:
        if self._last is not None:
            return self._last.offset
        return self._known.offset if self._known is not None else -1

    def _position(self) -> Known | None:
        if self._last is not None:
            self._known = Known(self._last.offset, event_id(self._last.body))
        return self._known

    async def follow(self) -> None:
        """Attach again whenever the consumer is lost, and look every minute whether the log is
        still ours. The first error ends it; `batch` raises it."""
        try:
            while True:
                assert self._tail is not None
                await asyncio.wait({self._tail.gone}, timeout=self._probe_every)
                if self._tail.gone.done():
                    RECONNECTS.labels("log reader", self._tail.gone.result()).inc()
                    await self._tail.close()
                    self._tail = await self._attached()
                    self._changed.set()
                else:
                    await self._probe()
        except LogError as error:
            LOG_IDENTITY_ERRORS.labels(type(error).__name__).inc()
            self._error = error
            self._changed.set()

    async def _probe(self) -> None:
        position = self._position()
        if position is None:
            return
        try:
            async with tail(self._link, position.offset) as opened:
                await self._checked(opened, position)
        except (Lost, _NotYet):
            log.info("the log could not be looked at now")

    async def _attached(self, now: bool = False) -> Tail:
        """A checked tail at our position. While the connection is away it goes on trying; a log
        that stays empty or away for five seconds on a broker that answers is a lost one."""
        absent_since: float | None = None
        attempt = 0
        while True:
            try:
                return await self._try(now)
            except _NotYet as not_yet:
                clock = asyncio.get_running_loop().time()
                absent_since = absent_since or clock
                if clock - absent_since > PATIENCE - SILENCE:
                    raise LogRewound(str(not_yet)) from None
            except Lost:
                absent_since = None
            await asyncio.sleep(pause(attempt))
            attempt = min(attempt + 1, 2)

    async def _try(self, now: bool) -> Tail:
        try:
            await self._identify()
            if now and self._known is None:
                await self._start_now()
            position = self._position()
            opened = await Tail.open(self._link, "first" if position is None else position.offset)
        except Lost as lost:
            if lost.absent:
                raise _NotYet("there is no log on the broker") from lost
            raise
        try:
            await self._checked(opened, position)
        except BaseException:
            await opened.close()
            raise
        return opened

    async def _identify(self) -> None:
        if self._tail is not None:
            return
        first = await first_record(self._link, timeout=SILENCE)
        if first is None:
            raise _NotYet("the log is empty: not even its first record is there")
        self.log_id = _genesis(first)

    async def _start_now(self) -> None:
        last = await last_record(self._link, timeout=SILENCE)
        if last is None:
            raise _NotYet("the log is empty")
        self._known = Known(last.offset, event_id(last.body))

    async def _checked(self, opened: Tail, position: Known | None) -> None:
        found = await opened.first(SILENCE)
        if position is None:
            if found is None:
                raise _NotYet("the log is empty")
            return
        if found is not None:
            return position.check(found)
        # Silence may be a slow broker: only a log that ends before us is rewound.
        last = await last_record(self._link, timeout=SILENCE)
        if last is not None and last.offset < position.offset:
            raise LogRewound(f"the log ends at {last.offset}, before {position.offset}")
        raise _NotYet(f"the log delivers nothing at {position.offset}")

    async def close(self) -> None:
        """Stop reading."""
        if self._tail is not None:
            await self._tail.close()


class _NotYet(Exception):
    """The log is not there or empty: perhaps not yet, perhaps no more."""


def _genesis(first: Record) -> str | None:
    try:
        message = decode(first.body).message
    except Undecodable:
        return None
    return message.log_id if isinstance(message, LogStarted) else None


@asynccontextmanager
async def read_log(
    link: Link, start: Start, probe_every: float = PROBE_EVERY
) -> AsyncIterator[RabbitLogReader]:
    """Attach, checked, and follow until the context ends."""
    assert isinstance(start, FromFirst | FromNow | After)
    reader = RabbitLogReader(link, probe_every)
    try:
        await reader.attach(start)
        async with beside("log reader", reader.follow()):
            yield reader
    finally:
        await reader.close()
