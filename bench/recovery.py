"""From SIGKILL to work going on: jobs that a killed worker held run elsewhere; a catalog that stood
by decides in the place of the killed leader.

The limits: a bare consumer gets what a killed one has not acknowledged; a bare client of the
database gets the lock that a killed one held.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from subprocess import PIPE, Popen

import aio_pika
import asyncpg
from aio_pika.abc import AbstractIncomingMessage
from aiormq.abc import FieldTable

from mvidarr_common.bus import Bus, FromNow, LogReader, open_bus
from mvidarr_common.envelope import decode
from mvidarr_common.messages import Event
from mvidarr_common.messages.jobs import EnqueueJob, JobAdded, JobCompleted, JobStarted, Noop
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.system import System

from .ground import Ground
from .inside import said, until_answering
from .measure import RUNS, Figure, Series

JOBS = 12
DEADLINE = 60.0
PROCESSES = ("catalog#1", "catalog#2", "transcoder#1", "transcoder#2")

CONSUMER = """
import asyncio, aio_pika, sys
async def main():
    channel = await (await aio_pika.connect(sys.argv[1])).channel()
    queue = await channel.declare_queue("held", passive=True)
    await queue.consume(lambda message: print("held", flush=True))
    await asyncio.Event().wait()
asyncio.run(main())
"""
LOCKER = """
import asyncio, asyncpg, sys
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.execute("SELECT pg_advisory_lock(1)")
    print("held", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Two catalogs and two workers, each a process of its own."""
    amqp, url = ground.new_amqp_url(), await asyncio.to_thread(ground.postgres.new_database)
    async with _installed(ground, amqp, url) as system, open_bus(amqp, "bench") as bus:
        await until_answering(bus)
        elsewhere = [await _elsewhere(system, bus) for _ in range(RUNS)]
        decided = [await _decided(system, bus) for _ in range(RUNS)]
    handed = [await _handed_over(ground.new_amqp_url()) for _ in range(RUNS)]
    freed = [await _freed(url) for _ in range(RUNS)]
    yield Figure(
        "a worker is killed → what it held runs elsewhere", "RabbitMQ", "ms", _ms("", elsewhere),
        (_ms("a bare consumer is killed, another gets its message", handed),),
    )  # fmt: skip
    yield Figure(
        "the leader is killed → a command is decided", "RabbitMQ, PostgreSQL", "ms",
        _ms("", decided), (_ms("a client that held a lock is killed, another has it", freed),),
    )  # fmt: skip


@asynccontextmanager
async def _installed(ground: Ground, amqp: str, url: str) -> AsyncIterator[System]:
    folder = ground.folder("recovery")
    system = System(folder, PROCESSES, amqp_url=amqp, database_url=url, log_level="WARNING")
    await asyncio.to_thread(system.__enter__)
    try:
        yield system
    finally:
        await asyncio.to_thread(system.close)


async def _elsewhere(system: System, bus: Bus) -> float:
    """A worker stands still, so that it holds what it is given; then it is killed."""
    held = "transcoder#1"
    async with bus.read_log(FromNow()) as log:
        os.kill(system.pid(held), signal.SIGSTOP)
        for _ in range(JOBS):
            await bus.publish(said(EnqueueJob(spec=Noop())))
        left = JOBS - await _ends_of_the_other(log)
        began = time.perf_counter()
        await asyncio.to_thread(system.kill, held)
        for _ in range(left):
            await _heard(log, JobStarted)
        seconds = time.perf_counter() - began
    await asyncio.to_thread(system.start, held)
    return seconds


async def _ends_of_the_other(log: LogReader) -> int:
    """How many jobs end while one of two workers stands still; no more for two seconds."""
    ended = 0
    while records := await log.batch(wait=2.0):
        ended += sum(isinstance(decode(each.body).message, JobCompleted) for each in records)
    return ended


async def _decided(system: System, bus: Bus) -> float:
    leader = await _leader(system)
    async with bus.read_log(FromNow()) as log:
        began = time.perf_counter()
        await asyncio.to_thread(system.kill, leader)
        await bus.publish(said(EnqueueJob(spec=Noop())))
        await _heard(log, JobAdded)
        seconds = time.perf_counter() - began
    await asyncio.to_thread(system.start, leader)
    return seconds


async def _leader(system: System) -> str:
    async def only() -> str:
        leads = [name for name in PROCESSES[:2] if system.measure(name, "mvidarr_leader")]
        assert len(leads) == 1
        return leads[0]

    return await eventually(only, DEADLINE, every=0.2)


async def _heard(log: LogReader, event: type[Event]) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            for record in await log.batch(1):
                if isinstance(decode(record.body).message, event):
                    return


async def _handed_over(amqp: str) -> float:
    """The same kind of queue, with nothing of ours."""
    got = asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        await message.ack()
        got.set()

    connection = await aio_pika.connect(amqp)
    async with connection, connection.channel() as channel:
        quorum: FieldTable = {"x-queue-type": "quorum"}
        queue = await channel.declare_queue("held", durable=True, arguments=quorum)
        await channel.default_exchange.publish(aio_pika.Message(b"a job"), "held")
        child = await asyncio.to_thread(_holding, CONSUMER, amqp)
        await queue.consume(take)
        began = time.perf_counter()
        child.kill()
        await got.wait()
        seconds = time.perf_counter() - began
    child.wait()
    return seconds


async def _freed(url: str) -> float:
    plain = url.replace("+asyncpg", "")
    child = await asyncio.to_thread(_holding, LOCKER, plain)
    connection = await asyncpg.connect(plain)
    began = time.perf_counter()
    child.kill()
    await connection.execute("SELECT pg_advisory_lock(1)")
    seconds = time.perf_counter() - began
    await connection.close()
    child.wait()
    return seconds


def _holding(program: str, *arguments: str) -> "Popen[bytes]":
    """A process that holds something, once it says so."""
    child = Popen([sys.executable, "-c", program, *arguments], stdout=PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def _ms(name: str, seconds: list[float]) -> Series:
    return Series(name, tuple(1000 * each for each in seconds))
