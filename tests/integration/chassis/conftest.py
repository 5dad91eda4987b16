"""A worker on an embedded bus, and deliveries that a test holds in its own hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mvidarr_common.bus import Bus, DeadLetter, FromFirst, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Handler, spec_of
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import JobQueued, Noop, Thumbnails
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.processes import Children, open_children
from mvidarr_common.run import Bench
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime
from mvidarr_common.settings import Settings
from mvidarr_common.worker import Worker


@dataclass
class Slip:
    """A delivery that writes down what became of it."""

    body: bytes
    count: int = 0
    tag: int = 1
    dead: DeadLetter | None = None
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    became: str = "lent"

    async def ack(self) -> None:
        self.became = "lost" if self.lost.is_set() else "acked"

    async def hand_back(self) -> None:
        self.became = "handed back"

    async def reject(self) -> None:
        self.became = "rejected"


@dataclass(frozen=True)
class Shop:
    """Makes workers that share a bus and a data root."""

    bus: Bus
    root: DataRoot
    children: Children

    def worker(self, handler: Handler, *, name: str = "one", grace: float = 30.0) -> Worker:
        runtime = Runtime(
            name="shop",
            settings=Settings(grace=grace),
            bus=self.bus,
            root=self.root,
            key=InstanceKey(bytes(32)),
            worker_id=WorkerId(name),
        )
        slots = {spec_of(handler).queue: 2}
        return Worker(Bench(runtime, None, self.children), (handler,), slots)

    async def log(self) -> list[Envelope]:
        """Everything in the log but its genesis."""
        async with self.bus.read_log(FromFirst()) as reader:
            records = await reader.batch(wait=0.05)
        return [decode(record.body) for record in records][1:]

    async def said(self, *kinds: type[Message]) -> list[Message]:
        """Messages of these kinds in the log."""
        return [each.message for each in await self.log() if isinstance(each.message, kinds)]

    @asynccontextmanager
    async def serving(self, worker: Worker) -> AsyncIterator[asyncio.Event]:
        """The worker at work; it is drained when the event is set or the block is left."""
        stopping = asyncio.Event()
        task = asyncio.create_task(worker.serve(stopping))
        try:
            yield stopping
        finally:
            stopping.set()
            await task


def queued(payload: str = "", *, job: str = "job-1", attempt: int = 1) -> Envelope:
    """Work for the queue `noop`."""
    spec = Noop(payload=payload)
    return fresh(JobQueued(job_id=JobId(job), attempt=attempt, spec=spec), source="test")


def staged_work(*, attempt: int = 1) -> Envelope:
    """Work whose result names files in staging."""
    spec = Thumbnails(path="v.mp4", facts=MediaFacts(container="mp4", duration=1, size=1))
    return fresh(JobQueued(job_id=JobId("job-1"), attempt=attempt, spec=spec), source="test")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_bus("embedded::memory:", "test") as bus, open_children() as children:
        yield Shop(bus, DataRoot(tmp_path), children)
