"""Records folded per second: by a new leader from RabbitMQ's stream, and by a rebuild from the
archive. The limits: merely consuming and acknowledging the same records with aio-pika; reading the
same records from the same place and parsing their JSON."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.rebuild import CHUNK
from mvidarr_catalog.brain.transactions import transaction
from mvidarr_catalog.models import whole_brain
from mvidarr_common.bus import Bus, FromFirst, open_bus
from mvidarr_common.bus.rabbit.tail import PREFETCH
from mvidarr_common.bus.topology import LOG
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId, artist_id, new_id
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCompleted,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.messages.library import ArtistAdded, ArtistFollowed

from .ground import Ground
from .inside import said
from .measure import RUNS, Figure, Series, timed

LIVES = 1500
"""Each an artist and a job from its beginning to its end: six records."""
SLICE = 500


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """The same log each time, into an empty database."""
    amqp = ground.new_amqp_url()
    async with open_bus(amqp, "bench") as bus:
        records = [said(message) for number in range(LIVES) for message in _life(number)]
        await _append(bus, records)
        runs = [await _run(ground, bus, amqp, len(records)) for _ in range(RUNS)]
    stream, consumed, parsed, rebuilt, selected = (tuple(each) for each in zip(*runs, strict=True))
    yield Figure(
        "log records folded by a leader", "RabbitMQ, PostgreSQL", "/s", Series("", stream),
        (Series("consuming and acknowledging with aio-pika", consumed),
         Series("reading the stream and parsing JSON", parsed)),
    )  # fmt: skip
    yield Figure(
        "log records folded by a rebuild", "PostgreSQL", "/s", Series("", rebuilt),
        (Series("selecting the archive and parsing JSON", selected),),
    )  # fmt: skip


async def _run(
    ground: Ground, bus: Bus, amqp: str, count: int
) -> tuple[float, float, float, float, float]:
    """Stream to leader, the stream merely consumed, the same parsed, archive to tables, the
    archive alone; per second."""
    url = await asyncio.to_thread(ground.postgres.new_database)
    engine = open_engine(url)
    try:
        leader = Leader(engine, bus, whole_brain())
        await leader.take_over()
        last = await _last_offset(bus, count)
        stream = count / await timed(_lead_to(leader, last))
        consumed = count / await timed(_consume(amqp, count))
        parsed = count / await timed(_last_offset(bus, count))
        rebuilt = count / await timed(leader.rebuild())
        selected = count / await timed(_select(engine))
        return stream, consumed, parsed, rebuilt, selected
    finally:
        await engine.dispose()


async def _lead_to(leader: Leader, offset: int) -> None:
    leading = asyncio.create_task(leader.lead())
    while leader.checkpoint.offset < offset:
        await asyncio.wait({leading}, timeout=0.005)
        if leading.done():
            await leading
    leading.cancel()
    await asyncio.wait({leading})


async def _last_offset(bus: Bus, count: int) -> int:
    """Read and parse everything; genesis comes before the `count` records."""
    read, offset = 0, -1
    async with bus.read_log(FromFirst()) as log:
        while read <= count:
            for record in await log.batch():
                orjson.loads(record.body)
                read, offset = read + 1, record.offset
    return offset


async def _consume(amqp: str, count: int) -> None:
    """As aio-pika is used, and nothing done with what comes."""
    left, done = count, asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        nonlocal left
        await message.ack()
        left -= 1
        if left == 0:
            done.set()

    connection = await aio_pika.connect(amqp)
    async with connection, connection.channel() as channel:
        await channel.set_qos(PREFETCH)
        log = await channel.get_queue(LOG)
        await log.consume(take, arguments={"x-stream-offset": "first"})
        await done.wait()


async def _select(engine: AsyncEngine) -> None:
    """As a rebuild selects it, in the same portions."""
    async with transaction(engine) as connection:
        found = await store.read_archive(connection, 0, CHUNK)
        while found:
            for _, body in found:
                orjson.loads(body)
            found = await store.read_archive(connection, found[-1][0], CHUNK)


async def _append(bus: Bus, records: list[Envelope]) -> None:
    """To the log alone: no worker shall run these jobs."""
    for start in range(0, len(records), SLICE):
        part = records[start : start + SLICE]
        await bus.append([(each.routing_key, each.encode()) for each in part])


def _life(number: int) -> Iterator[Message]:
    name, job, worker = f"Artist {number}", JobId(new_id()), WorkerId("bench")
    yield ArtistAdded(artist_id=artist_id(name), name=name)
    yield ArtistFollowed(artist_id=artist_id(name), name=name)
    yield JobAdded(job_id=job, spec=Noop(), for_subject=f"artist/{artist_id(name)}")
    yield JobQueued(job_id=job, attempt=1, spec=Noop())
    yield JobStarted(job_id=job, attempt=1, worker_id=worker, delivery=new_id())
    yield JobCompleted(job_id=job, attempt=1, worker_id=worker, result=NothingDone(), seconds=0.001)
