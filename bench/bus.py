"""What each engine of the bus carries, against bare SQLite with a commit for each record."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from time import perf_counter

from mvidarr_common.bus import Bus, Delivery, FromFirst, open_bus
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.queries import GetSystem
from mvidarr_common.testing.buses import command, job, said

from .ground import Ground
from .measure import RUNS, Figure, Series

MANY = 1500
Measure = Callable[[Bus], Awaitable[float]]


async def records(bus: Bus) -> float:
    """confirmed publishes to the log, 100 in flight"""
    return await _windows(bus, command)


async def jobs(bus: Bus) -> float:
    """confirmed publishes to log and queue, 100 in flight"""
    return await _windows(bus, lambda: job("x" * 200))


async def work(bus: Bus) -> float:
    """deliveries, acknowledged one by one, 16 slots"""
    done = asyncio.Event()
    left = MANY

    async def handle(delivery: Delivery) -> None:
        nonlocal left
        await delivery.ack()
        left -= 1
        if left == 0:
            done.set()

    began = perf_counter()
    async with bus.work(job_queue("noop"), 16, handle):
        await done.wait()
    return MANY / (perf_counter() - began)


async def reading(bus: Bus) -> float:
    """records read from the first"""
    began, read = perf_counter(), 0
    async with bus.read_log(FromFirst()) as log:
        while read < 2 * MANY:
            read += len(await log.batch())
    return read / (perf_counter() - began)


async def asking(bus: Bus) -> float:
    """questions answered, 16 at once"""

    async def answer(query: Envelope) -> bytes:
        return b"{}"

    async def ask() -> None:
        for _ in range(MANY // 16):
            await bus.ask(said(GetSystem()), 30)

    async with bus.answer(answer):
        began = perf_counter()
        await asyncio.gather(*(ask() for _ in range(16)))
        return MANY // 16 * 16 / (perf_counter() - began)


async def alone(bus: Bus) -> float:
    """confirmed publishes one after the other"""
    began = perf_counter()
    for _ in range(300):
        await bus.publish(command())
    return 300 / (perf_counter() - began)


MEASURES: tuple[Measure, ...] = (records, jobs, work, reading, asking, alone)


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Each engine: what it does with messages that are 300 to 600 bytes long."""
    paths = [ground.folder("bare") / "bare.db" for _ in range(RUNS)]
    peer = [await asyncio.to_thread(bare, path) for path in paths]
    limit = Series("SQLite, a commit for each record", tuple(peer))
    for name in ("embedded", "in memory", "RabbitMQ"):
        runs = [await _run(_url(ground, name)) for _ in range(RUNS)]
        for act, rates in zip(MEASURES, zip(*runs, strict=True), strict=True):
            yield Figure(f"bus: {act.__doc__}", name, "/s", Series("", rates), (limit,))


def bare(path: Path) -> float:
    """The peer: a commit, with its fsync, for each record."""
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE log (body BLOB)")
        bodies = [command().encode() for _ in range(500)]
        began = perf_counter()
        for body in bodies:
            database.execute("INSERT INTO log VALUES (?)", (body,))
        seconds = perf_counter() - began
    database.close()
    return len(bodies) / seconds


def _url(ground: Ground, name: str) -> str:
    if name == "RabbitMQ":
        return ground.new_amqp_url()
    return "embedded::memory:" if name == "in memory" else f"embedded:{ground.folder('bus')}/bus.db"


async def _run(url: str) -> list[float]:
    async with open_bus(url, "bench") as bus:
        return [await each(bus) for each in MEASURES]


async def _windows(bus: Bus, make: Callable[[], Envelope]) -> float:
    began = perf_counter()
    for _ in range(0, MANY, 100):
        await asyncio.gather(*(bus.publish(make()) for _ in range(100)))
    return MANY / (perf_counter() - began)
