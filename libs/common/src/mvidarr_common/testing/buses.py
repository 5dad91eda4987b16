"""What tests of the bus stand on: an engine to open, messages to send, and ways to wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from mvidarr_common.bus import Bus, Delivery, LogReader, Record, Work, WorkQueue, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import Unconfirmed
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import CancelJob, JobProgressed, JobQueued, Noop
from mvidarr_common.messages.system import LogStarted

T = TypeVar("T")
DEADLINE = 30.0

_numbers = count(1)


async def _nothing() -> None:
    """An engine inside the process has no connection to lose."""


@dataclass(frozen=True)
class Engine:
    """One engine under test. `injure` makes every connection break at once."""

    name: str
    url: str
    injure: Callable[[], Awaitable[None]] = _nothing

    @property
    def remote(self) -> bool:
        """Whether there are connections that can break."""
        return self.url.startswith("amqp")

    def open(self, client: str = "test") -> AbstractAsyncContextManager[Bus]:
        """Open a bus."""
        return open_bus(self.url, client)

    @asynccontextmanager
    async def beside(self, bus: Bus) -> AsyncIterator[Bus]:
        """A second process where the engine allows one; else its services share the one bus."""
        if not self.remote:
            yield bus
            return
        async with self.open("other") as other:
            yield other


def said(message: Message, id: str | None = None) -> Envelope:
    """In an envelope."""
    return fresh(message, source="test", actor="user/test", id=id)


def command() -> Envelope:
    """Something that goes to the log alone."""
    return said(CancelJob(job_id=_job_id()))


def job(payload: str = "") -> Envelope:
    """Something that goes to the log and to the queue `jobs.noop`."""
    return said(JobQueued(job_id=_job_id(), attempt=1, spec=Noop(payload=payload)))


def progress(stage: str) -> Envelope:
    """A signal."""
    return said(JobProgressed(job_id=_job_id(), attempt=1, stage=stage))


def _job_id() -> JobId:
    return JobId(f"job-{next(_numbers)}")


async def soon(awaitable: Awaitable[T]) -> T:
    """What must come before the deadline."""
    async with asyncio.timeout(DEADLINE):
        return await awaitable


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(DEADLINE):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def persist(bus: Bus, *envelopes: Envelope) -> None:
    """Publish, and again with the same ids for as long as it is not confirmed."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                return await bus.publish(*envelopes)
            except Unconfirmed:
                await asyncio.sleep(0.02)


@dataclass
class Taken:
    """What a consumer was lent and has not settled; the test settles it."""

    work: Work
    deliveries: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)

    async def next(self) -> Delivery:
        """The next delivery."""
        return await soon(self.deliveries.get())


@asynccontextmanager
async def taking(bus: Bus, queue: WorkQueue, slots: int = 1) -> AsyncIterator[Taken]:
    """Consume by hand."""
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    async with bus.work(queue, slots, arrived.put) as work:
        yield Taken(work, arrived)


async def follow(reader: LogReader, size: int) -> list[Record]:
    """The next `size` records, or more if they come in one batch."""
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE):
        while len(found) < size:
            found += await reader.batch()
    return found


async def follow_to(reader: LogReader, last: Envelope) -> list[Record]:
    """Everything up to this message."""
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE):
        while True:
            batch = await reader.batch()
            found += batch
            if last.id in ids(batch):
                return found


def ids(records: Iterable[Record]) -> list[str]:
    """The ids of the records, without the genesis."""
    envelopes = (decode(record.body) for record in records)
    return [each.id for each in envelopes if not isinstance(each.message, LogStarted)]
