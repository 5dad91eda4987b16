"""A consumer on the log's stream, from one place onwards, until it is lost.

On a stream an acknowledgement is credit and nothing else: the broker keeps no position. Reject,
nack and no_ack would end the whole connection.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

import orjson
from aiormq.abc import DeliveredMessage

from mvidarr_common.bus.metrics import LOG_HEAD
from mvidarr_common.bus.protocol import Record
from mvidarr_common.bus.topology import LOG

from .connection import Link
from .consumer import Consumer, headers_of
from .lost import Lost

PREFETCH = 500
ACK_EVERY = 250
ACK_AFTER = 1.0
QUIET = 0.1
Place = int | str


class Tail:
    """The records as they come, buffered up to the prefetch."""

    def __init__(self, consumer: Consumer) -> None:
        self._records: deque[tuple[int, Record]] = deque()
        self._arrived = asyncio.Event()
        self._consumer = consumer
        consumer.gone.add_done_callback(lambda _: self._arrived.set())
        self._taken = 0
        self._owed = 0
        self._acked_at = asyncio.get_running_loop().time()

    @classmethod
    async def open(cls, link: Link, place: Place) -> Self:
        """From an offset, or from "first", "last" (the last chunk of records) or "next"."""
        tail = cls(Consumer(await link.channel()))
        try:
            await tail._consumer.start(
                LOG, tail._take, prefetch=PREFETCH, arguments={"x-stream-offset": place}
            )
        except BaseException:
            await tail.close()
            raise
        return tail

    @property
    def gone(self) -> asyncio.Future[str]:
        """Resolved when nothing comes any more."""
        return self._consumer.gone

    async def _take(self, message: DeliveredMessage) -> None:
        record = Record(int(headers_of(message)["x-stream-offset"]), message.body)
        self._records.append((message.delivery_tag or 0, record))
        LOG_HEAD.set(record.offset)
        self._arrived.set()

    def take(self, limit: int, above: int) -> list[Record]:
        """Up to `limit` records beyond the offset `above`; those before it are dropped."""
        found: list[Record] = []
        while self._records and len(found) < limit:
            self._taken, record = self._records.popleft()
            self._owed += 1
            if record.offset > above:
                found.append(record)
        return found

    async def first(self, timeout: float) -> Record | None:
        """The first record, left where it is; None when it does not come in time."""
        try:
            async with asyncio.timeout(timeout):
                await self.more()
        except TimeoutError:
            return None
        if not self._records:
            raise Lost(self.gone.result())
        return self._records[0][1]

    async def more(self) -> None:
        """Wait until there is something, or until it is gone."""
        while not (self._records or self.gone.done()):
            self._arrived.clear()
            await self._arrived.wait()

    async def acknowledge(self) -> None:
        """Give the broker credit for what was taken, now and then: also when idle, since the
        broker closes a channel that leaves a delivery unacknowledged for long."""
        now = asyncio.get_running_loop().time()
        due = self._owed >= ACK_EVERY or (self._owed and now - self._acked_at >= ACK_AFTER)
        if not due:
            return
        self._owed, self._acked_at = 0, now
        with suppress(Lost):  # `gone` tells
            await self._consumer.ack(self._taken, multiple=True)

    async def close(self) -> None:
        """Stop."""
        await self._consumer.close()


@asynccontextmanager
async def tail(link: Link, place: Place) -> AsyncIterator[Tail]:
    """A tail for a look."""
    opened = await Tail.open(link, place)
    try:
        yield opened
    finally:
        await opened.close()


async def first_record(link: Link, *, timeout: float) -> Record | None:
    """The oldest record that is still there."""
    async with tail(link, "first") as opened:
        return await opened.first(timeout)


async def last_record(link: Link, *, timeout: float) -> Record | None:
    """The newest record: the end of the last chunk, when nothing more comes for a moment."""
    async with tail(link, "last") as opened:
        last = await opened.first(timeout)
        while last is not None and (found := opened.take(PREFETCH, -1)):
            last = found[-1]
            await opened.acknowledge()
            await opened.first(QUIET)
        return last


def event_id(body: bytes) -> str | None:
    """The id in a record's body, None where it has none that can be read."""
    try:
        return str(orjson.loads(body)["id"])
    except (ValueError, TypeError, KeyError):
        return None
