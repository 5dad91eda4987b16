"""Jobs that do nothing, from `EnqueueJob` to the folded `JobCompleted`, per second.

The limit: the same five messages of each job over the same kind of bus, published, worked on with
as many slots and acknowledged, without a brain and without a worker's care. The peer: Celery, which
keeps neither a log nor a history, with late acknowledgements and results in PostgreSQL.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from mvidarr_common.bus import Bus, Delivery, open_bus
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import decode
from mvidarr_common.messages.ids import JobId, WorkerId, new_id
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobAdded,
    JobCompleted,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.testing.system import System

from .celery_peer import celery
from .ground import Ground
from .inside import do, said, until_answering, working_inside
from .measure import RUNS, Figure, Series, timed

MANY = 300
SLOTS = 8
LIMIT = "the bare messages"
WORKER = WorkerId("bench")

Peer = Callable[[int], Awaitable[float]]
"""Has so many jobs done, and says how many seconds it took."""


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Everything in one process, and each service in its own."""
    folder = ground.folder("jobs")
    async with working_inside(folder) as bus, open_bus(f"embedded:{folder}/bare", "bare") as bare:
        yield await _figure("embedded, one process", bus, bare)
    async with (
        _on_rabbit(ground) as bus,
        open_bus(ground.new_amqp_url(), "bare") as bare,
        celery(ground) as peer,
    ):
        yield await _figure("RabbitMQ, a process for each service", bus, bare, peer)


@asynccontextmanager
async def _on_rabbit(ground: Ground) -> AsyncIterator[Bus]:
    url = ground.new_amqp_url()
    system = System(
        ground.folder("jobs"),
        ("catalog", "transcoder"),
        amqp_url=url,
        database_url=await asyncio.to_thread(ground.postgres.new_database),
        log_level="WARNING",
    )
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, system)
        bus = await stack.enter_async_context(open_bus(url, "bench"))
        await until_answering(bus)
        yield bus


async def _figure(where: str, bus: Bus, bare: Bus, peer: Peer | None = None) -> Figure:
    await do(bus, *_nothing(50))  # the first ones warm everything up
    ours, limit, theirs = [], [], []
    for _ in range(RUNS):
        ours.append(MANY / await timed(do(bus, *_nothing(MANY))))
        limit.append(MANY / await timed(_messages_alone(bare)))
        if peer is not None:
            theirs.append(MANY / await peer(MANY))
    peers = [Series(LIMIT, tuple(limit))]
    if theirs:
        peers.append(Series("Celery", tuple(theirs)))
    what = "jobs that do nothing, end to end"
    return Figure(what, where, "/s", Series("", tuple(ours)), tuple(peers))


def _nothing(count: int) -> list[Noop]:
    return [Noop() for _ in range(count)]


async def _messages_alone(bus: Bus) -> None:
    """What a job says, without anybody thinking about it."""
    left, done = MANY, asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        nonlocal left
        queued = decode(delivery.body).message
        assert isinstance(queued, JobQueued)
        await bus.publish(said(_started(queued)))
        await bus.publish(said(_completed(queued)))
        await delivery.ack()
        left -= 1
        if left == 0:
            done.set()

    async with bus.work(job_queue("noop"), SLOTS, handle):
        await asyncio.gather(*(_released(bus) for _ in range(MANY)))
        await done.wait()


async def _released(bus: Bus) -> None:
    id = JobId(new_id())
    await bus.publish(said(EnqueueJob(spec=Noop())))
    await bus.publish(said(JobAdded(job_id=id, spec=Noop())))
    await bus.publish(said(JobQueued(job_id=id, attempt=1, spec=Noop())))


def _started(queued: JobQueued) -> JobStarted:
    return JobStarted(
        job_id=queued.job_id, attempt=queued.attempt, worker_id=WORKER, delivery=new_id()
    )


def _completed(queued: JobQueued) -> JobCompleted:
    return JobCompleted(
        job_id=queued.job_id,
        attempt=queued.attempt,
        worker_id=WORKER,
        result=NothingDone(),
        seconds=0.001,
    )
