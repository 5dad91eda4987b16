"""Live clients of a gateway in a process of its own, on RabbitMQ and PostgreSQL: 1,000 websockets
each following one of 50 jobs that tell their progress twice a second, from the worker's publish to
the client's receipt; one fact until the last of 1,000 has it; and 5,000 that only wait.

The limit of the first two is what the broker and the catalog leave: when a listener on the bus,
with nothing of ours, hears the same. The peer of the last is a websocket that accepts and waits.
"""

import asyncio
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
import psutil

from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.cli.access import Access
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.library import VideoWanted
from mvidarr_common.testing.system import System

from .bare import bare
from .ground import Ground
from .inside import said
from .measure import RUNS, Figure, Series, latencies

CLIENTS, JOBS, EVERY, SECONDS = 1000, 50, 0.5, 10.0
IDLE = 5000
FACTS = 10
PATH = "/api/v1/events"
Arrivals = list[tuple[str, float]]


class Clients:
    """A process full of them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def arrived(self) -> Arrivals:
        """What has come since this was asked last."""
        found: Arrivals = orjson.loads(await self._say(b"\n"))
        return found

    async def _say(self, line: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(line)
        return await stdout.readline()


@asynccontextmanager
async def clients(address: str, path: str, hellos: Sequence[object]) -> AsyncIterator[Clients]:
    """They are all connected when the block begins."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.sockets", stdin=pipe, stdout=pipe, limit=2**28
    )
    opened = Clients(process)
    told = {"address": address, "path": path, "hellos": hellos}
    try:
        async with asyncio.timeout(120):
            answer = await opened._say(orjson.dumps(told) + b"\n")
        if answer != b"ready\n":
            raise RuntimeError("the clients could not connect")
        yield opened
    finally:
        process.kill()
        await process.wait()


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """The gateway and the catalog apart, and a worker that is this process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    amqp = ground.new_amqp_url()
    database = await asyncio.to_thread(ground.postgres.new_database)
    system = System(
        ground.folder("live"), ("catalog", "api-gateway"), amqp_url=amqp, log_level="WARNING",
        requests_per_address=0, requests_per_user=0,
        live_connections=2 * IDLE, database_url=database,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, system)
        bus = await stack.enter_async_context(open_bus(amqp, "bench"))
        access = await asyncio.to_thread(system.log_in)
        yield await _progress(access, bus)
        yield await _facts(access, bus)
        yield await _idle(ground, access, system)


async def _progress(access: Access, bus: Bus) -> Figure:
    hellos = [access.greeting | {"topics": [f"jobs/bench-{n % JOBS}"]} for n in range(CLIENTS)]
    ours, limit = [], []
    async with clients(access.address, PATH, hellos) as connected:
        for _ in range(RUNS):
            heard = await _told(bus)
            limit.append([at - float(stamp) for stamp, at in heard])
            await asyncio.sleep(1)
            ours.append([at - float(stamp) for stamp, at in await connected.arrived()])
    expected = int(CLIENTS / JOBS * len(limit[-1]))
    got = 100 * len(ours[-1]) / expected
    what = f"progress of {JOBS} jobs at 2 Hz to {CLIENTS:,} clients ({got:.0f} % arrived)"
    peers = (latencies("a listener on the bus", limit),)
    return Figure(what, "RabbitMQ", "ms", latencies("", ours), peers)


async def _told(bus: Bus) -> Arrivals:
    """Say it all, and hear it as whoever listens does."""
    heard: Arrivals = []

    async def listen() -> None:
        async for item in live:
            if isinstance(item, Envelope) and isinstance(item.message, JobProgressed):
                heard.append((repr(item.message.done), time.time()))

    async with bus.listen("signal.job.progressed") as live, asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        async with asyncio.TaskGroup() as jobs:
            for number in range(JOBS):
                jobs.create_task(_job(bus, number))
        await asyncio.sleep(1)
        listening.cancel()
    return heard


async def _job(bus: Bus, number: int) -> None:
    await asyncio.sleep(random.uniform(0, EVERY))
    for _ in range(int(SECONDS / EVERY)):
        progress = JobProgressed(
            job_id=JobId(f"bench-{number}"), attempt=1, stage="bench", done=time.time()
        )
        await bus.signal(said(progress))
        await asyncio.sleep(EVERY)


async def _facts(access: Access, bus: Bus) -> Figure:
    """From the publish to the last client; the limit is the news that the catalog shows it."""
    hellos = [access.greeting | {"topics": ["library"]} for _ in range(CLIENTS)]
    ours, limit = [], []
    async with clients(access.address, PATH, hellos) as connected:
        for _ in range(RUNS):
            pairs = [await _fact(bus, connected) for _ in range(FACTS)]
            ours.append([last for last, _ in pairs])
            limit.append([committed for _, committed in pairs])
    what = f"a fact, from its publish to the last of {CLIENTS:,} clients"
    peers = (latencies("the catalog's commit, heard", limit),)
    return Figure(what, "RabbitMQ", "ms", latencies("", ours), peers)


async def _fact(bus: Bus, connected: Clients) -> tuple[float, float]:
    fact = said(VideoWanted(video_id=VideoId("bench")))
    async with bus.listen("signal.catalog.advanced") as live:
        began = time.time()
        await bus.publish(fact)
        await anext(aiter(live))
        committed = time.time() - began
    arrived: Arrivals = []
    async with asyncio.timeout(30):
        while len(arrived) < CLIENTS:
            await asyncio.sleep(0.2)
            arrived += [each for each in await connected.arrived() if each[0] == fact.id]
    return max(at for _, at in arrived) - began, committed


async def _idle(ground: Ground, access: Access, system: System) -> Figure:
    hellos = [access.greeting | {"topics": ["library", "jobs"]}] * IDLE
    ours = await _memory(system.pid("api-gateway"), access.address, PATH, hellos)
    async with bare(ground.folder("bare"), b"{}") as (address, pid):
        peer = await _memory(pid, address, "/", hellos)
    return Figure(
        f"memory of each of {IDLE:,} idle websockets", "RabbitMQ", "KiB",
        Series("", (ours,)), (Series("a bare websocket", (peer,)),),
    )  # fmt: skip


async def _memory(pid: int, address: str, path: str, hellos: Sequence[Any]) -> float:
    """KiB for each connection."""
    process = psutil.Process(pid)
    before = process.memory_info().rss
    async with clients(address, path, hellos):
        return (process.memory_info().rss - before) / 1024 / len(hellos)
