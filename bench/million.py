"""A large library: ten records of each video in the archive (BENCH_RECORDS, a million), folded anew
by a rebuild; and the memory of a catalog that starts with it.

The limit of the rebuild: reading the same rows with asyncpg. Its peer: a projection of the
`eventsourcing` library, ten events of each video too, per second. The limit of the memory: a
catalog with an empty database.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from itertools import count, islice
from typing import Any

import asyncpg
import psutil

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.transactions import transaction
from mvidarr_common.bus import FromFirst, FromNow, LogReader, open_bus
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, VideoId, WorkerId, new_id
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCompleted,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.messages.library import Description, VideoAdded, VideoEdited
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.system import LogStarted, ReadModelRebuilt, RebuildReadModel
from mvidarr_common.testing.system import System

from .ground import Ground
from .inside import said
from .measure import Figure, Series, timed
from .projecting import events_per_second

RECORDS = int(os.environ.get("BENCH_RECORDS", "1000000"))
OF_A_VIDEO = 10
SLICE = 5000
DEADLINE = 900.0
LOG = "bench"
COLUMNS = (
    "id", "seq", "log_id", "offset", "type", "subject", "time", "correlation_id",
    "causation_id", "body",
)  # fmt: skip


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Once, since it takes minutes."""
    amqp, url = ground.new_amqp_url(), await asyncio.to_thread(ground.postgres.new_database)
    plain = url.replace("+asyncpg", "")
    await _fill(url, plain, await _first_record(amqp))
    limit = RECORDS / await timed(_read_back(plain))
    rebuilt, memory = await _rebuilt(ground, amqp, url)
    theirs = await events_per_second(ground)
    empty = await asyncio.to_thread(ground.postgres.new_database)
    _, least = await _rebuilt(ground, ground.new_amqp_url(), empty)
    many = f"{RECORDS:,} records"
    yield Figure(
        f"{many} folded by a rebuild", "PostgreSQL", "/s", Series("", (rebuilt,)),
        (Series("reading the rows with asyncpg", (limit,)),
         Series("a projection of eventsourcing", (theirs,))),
    )  # fmt: skip
    yield Figure(
        f"memory of a catalog that has folded {many} about {RECORDS // OF_A_VIDEO:,} videos",
        "PostgreSQL", "MiB", Series("", (memory,)), (Series("with an empty database", (least,)),),
    )  # fmt: skip


async def _rebuilt(ground: Ground, amqp: str, url: str) -> tuple[float, float]:
    """Records per second of a rebuild with its comparison of old and new, by a catalog that has
    filled its tables once before; and its memory after that, in MiB."""
    folder = ground.folder("million")
    system = System(folder, ("catalog",), amqp_url=amqp, database_url=url, log_level="WARNING")
    await asyncio.to_thread(system.__enter__)
    try:
        async with open_bus(amqp, "bench") as bus, bus.read_log(FromNow()) as log:
            await bus.publish(said(RebuildReadModel()))
            rebuilt = await _heard(log)
        memory = float(psutil.Process(system.pid("catalog")).memory_info().rss) / 2**20
        return rebuilt.records / rebuilt.seconds, memory
    finally:
        await asyncio.to_thread(system.close)


async def _heard(log: LogReader) -> ReadModelRebuilt:
    async with asyncio.timeout(DEADLINE):
        while True:
            for record in await log.batch():
                message = decode(record.body).message
                if isinstance(message, ReadModelRebuilt):
                    return message


async def _first_record(amqp: str) -> tuple[int, Envelope]:
    async with open_bus(amqp, "bench") as bus, bus.read_log(FromFirst()) as log:
        (first,) = await log.batch(1, DEADLINE)
        return first.offset, decode(first.body)


async def _fill(url: str, plain: str, first: tuple[int, Envelope]) -> None:
    """An archive behind a log of which nothing but its beginning is left to be read."""
    offset, genesis = first
    assert isinstance(genesis.message, LogStarted)
    log_id = genesis.message.log_id
    engine = open_engine(url)
    async with transaction(engine) as connection:
        await store.ensure_schema(connection)
    await engine.dispose()
    driver = await asyncpg.connect(plain)
    rows = _rows(genesis)
    while part := list(islice(rows, SLICE)):
        await driver.copy_records_to_table("event_log", records=part, columns=COLUMNS)
    place = 'UPDATE checkpoint SET log_id = $1, "offset" = $2, event_id = $3, seq = $4'
    await driver.execute(place, log_id, offset, genesis.id, RECORDS)
    await driver.execute("ANALYZE event_log")
    await driver.close()


async def _read_back(plain: str) -> None:
    connection = await asyncpg.connect(plain)
    async with connection.transaction():
        query = "SELECT seq, body FROM event_log ORDER BY seq"
        async for _ in connection.cursor(query, prefetch=SLICE):
            pass
    await connection.close()


def _rows(genesis: Envelope) -> Iterator[tuple[Any, ...]]:
    """As the archive keeps them, from the first on."""
    yield _row(1, genesis)
    for seq, message in enumerate(islice(_history(), RECORDS - 1), 2):
        yield _row(seq, said(message))


def _row(seq: int, envelope: Envelope) -> tuple[Any, ...]:
    return (
        envelope.id, seq, LOG, seq, envelope.type, envelope.subject, envelope.time,
        envelope.correlation_id, None, envelope.encode(),
    )  # fmt: skip


def _history() -> Iterator[Message]:
    for number in count(1):
        yield from _life(number)


def _life(number: int) -> Iterator[Message]:
    id = VideoId(new_id())
    known = Description(title=f"Video {number}")
    url = f"https://videos.test/watch/{number}"
    yield VideoAdded(video_id=id, url=url, known=known, profile_id=DEFAULT_PROFILE)
    for _ in range(2):
        yield from _job(f"video/{id}")
    yield VideoEdited(video_id=id, changes=Description(studio=f"Studio {number % 100}"))


def _job(subject: str) -> Iterator[Message]:
    id, worker = JobId(new_id()), WorkerId("bench")
    yield JobAdded(job_id=id, spec=Noop(), for_subject=subject)
    yield JobQueued(job_id=id, attempt=1, spec=Noop(), for_subject=subject)
    yield JobStarted(job_id=id, attempt=1, worker_id=worker, delivery=new_id())
    yield JobCompleted(job_id=id, attempt=1, worker_id=worker, result=NothingDone(), seconds=0.001)
