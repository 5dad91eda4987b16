"""What each engine of the bus carries, against bare SQLite with a commit for each record.

python bench/bus.py [embedded] [memory] [rabbit]
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from mvidarr_common.bus import Bus, Delivery, FromFirst
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.queries import GetSystem
from mvidarr_common.testing.buses import Engine, command, job, said
from mvidarr_common.testing.rabbitmq import RabbitNode

MANY = 5000
Measure = Callable[[Bus], Awaitable[float]]


async def _windows(bus: Bus, make: Callable[[], Envelope]) -> float:
    began = perf_counter()
    for _ in range(0, MANY, 100):
        await asyncio.gather(*(bus.publish(make()) for _ in range(100)))
    return MANY / (perf_counter() - began)


async def records(bus: Bus) -> float:
    """Confirmed publishes to the log, 100 in flight."""
    return await _windows(bus, command)


async def jobs(bus: Bus) -> float:
    """Confirmed publishes to the log and a queue, 100 in flight."""
    return await _windows(bus, lambda: job("x" * 200))


async def work(bus: Bus) -> float:
    """Deliveries of these jobs, acknowledged one by one, 16 slots."""
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
    """Records read from the first."""
    began, read = perf_counter(), 0
    async with bus.read_log(FromFirst()) as log:
        while read < 2 * MANY:
            read += len(await log.batch())
    return read / (perf_counter() - began)


async def asking(bus: Bus) -> float:
    """Questions answered, 16 at once."""

    async def answer(query: Envelope) -> bytes:
        return b"{}"

    async def ask() -> None:
        for _ in range(MANY // 160):
            await bus.ask(said(GetSystem()), 30)

    async with bus.answer(answer):
        began = perf_counter()
        await asyncio.gather(*(ask() for _ in range(16)))
        return MANY // 160 * 16 / (perf_counter() - began)


async def alone(bus: Bus) -> float:
    """Confirmed publishes one after the other."""
    began = perf_counter()
    for _ in range(500):
        await bus.publish(command())
    return 500 / (perf_counter() - began)


MEASURES: tuple[Measure, ...] = (records, jobs, work, reading, asking, alone)


def bare(folder: Path) -> float:
    """The peer: a commit, with its fsync, for each record."""
    with sqlite3.connect(folder / "bare.db", isolation_level=None) as database:
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


@asynccontextmanager
async def engine(name: str, folder: Path) -> AsyncIterator[Engine]:
    """An engine on an empty log."""
    if name == "rabbit":
        with await asyncio.to_thread(RabbitNode) as node:
            yield Engine(name, node.url())
        return
    yield Engine(name, "embedded::memory:" if name == "memory" else f"embedded:{folder}/bus.db")


async def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as made:
        peer = bare(Path(made))
        print(f"bare SQLite, one commit for each record: {peer:,.0f}/s")
        for name in names:
            async with engine(name, Path(made)) as under_test, under_test.open() as bus:
                for measure in MEASURES:
                    rate = await measure(bus)
                    print(f"{name:9}{rate:9,.0f}/s {rate / peer:6.1f}x  {measure.__doc__}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["embedded", "memory", "rabbit"]))
