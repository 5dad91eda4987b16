"""What the dispatcher leaves idle while work waits, and how long one request waits beside ten
thousand others.

The workers here only wait: each job holds its slot for 50 ms, however it is sent. The limit: the
same jobs, lying in the queue already. The peer of a single job: the same one while nothing waits.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mvidarr_catalog.service import service as catalog
from mvidarr_common.bus import Bus, Delivery, open_bus
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import decode, fresh
from mvidarr_common.messages.batches import MOST_JOBS, EnqueueJobs
from mvidarr_common.messages.ids import JobId, WorkerId, derive, new_id
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobCompleted,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.messages.system import WorkerAlive

from .ground import Ground
from .inside import said, working_inside
from .measure import RUNS, Figure, Series, latencies

SLOTS, HELD = 4, 0.05
MANY = 200
SINGLE = 10
BULK = "user/bulk"


class Slots:
    """Workers that only wait; when each job began, and how long it held its slot."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.worker = WorkerId(new_id())
        self.held: list[tuple[float, float]] = []
        self.began: dict[JobId, asyncio.Event] = {}
        self._wanted, self._reached = 0, asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Slots"]:
        """Announced as workers are."""
        async with (
            self.bus.work(job_queue("noop"), SLOTS, self._handle),
            asyncio.TaskGroup() as tasks,
        ):
            alive = tasks.create_task(self._live())
            yield self
            alive.cancel()

    async def busy(self, jobs: int) -> float:
        """The part of all slots' time that is held, in percent, until so many jobs have ended."""
        self.held.clear()
        self._wanted, self._reached = jobs, asyncio.Event()
        await self._reached.wait()
        span = max(end for _, end in self.held) - min(start for start, _ in self.held)
        return 100 * sum(end - start for start, end in self.held) / (SLOTS * span)

    async def _handle(self, delivery: Delivery) -> None:
        start, job = time.perf_counter(), decode(delivery.body).message
        assert isinstance(job, JobQueued)
        self.began.setdefault(job.job_id, asyncio.Event()).set()
        await self.bus.publish(said(self._started(job)))
        await asyncio.sleep(HELD)
        await self.bus.publish(said(self._completed(job)))
        await delivery.ack()
        self.held.append((start, time.perf_counter()))
        if len(self.held) >= self._wanted:
            self._reached.set()

    def _started(self, job: JobQueued) -> JobStarted:
        return JobStarted(
            job_id=job.job_id, attempt=job.attempt, worker_id=self.worker, delivery=new_id()
        )

    def _completed(self, job: JobQueued) -> JobCompleted:
        return JobCompleted(
            job_id=job.job_id,
            attempt=job.attempt,
            worker_id=self.worker,
            result=NothingDone(),
            seconds=HELD,
        )

    async def _live(self) -> None:
        while True:
            word = WorkerAlive(worker_id=self.worker, service="bench", slots={"noop": SLOTS})
            await self.bus.signal(said(word))
            await asyncio.sleep(5)


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """One process, embedded; the catalog is the real one."""
    folder = ground.folder("dispatching")
    async with (
        open_bus(f"embedded:{folder}/bare", "bare") as bare,
        working_inside(folder, (catalog,)) as bus,
        Slots(bus).open() as slots,
        Slots(bare).open() as limit,
    ):
        runs = [(await _asked(slots), await _lying(limit)) for _ in range(RUNS)]
        peer = Series("the same lying in the queue", tuple(bare for _, bare in runs))
        ours = Series("", tuple(share for share, _ in runs))
        yield Figure("slots that work while jobs wait", f"{SLOTS} slots", "%", ours, (peer,))
        idle = [await _single(slots) for _ in range(SINGLE)]
        bulk = EnqueueJobs(specs=tuple(Noop() for _ in range(MOST_JOBS)))
        await bus.publish(fresh(bulk, source="bench", actor=BULK))
        beside = [await _single(slots) for _ in range(SINGLE)]
        yield Figure(
            "one job from the request to its start", f"beside a bulk of {MOST_JOBS:,}", "ms",
            latencies("", [beside]), (latencies("while nothing waits", [idle]),),
        )  # fmt: skip


async def _asked(slots: Slots) -> float:
    commands = [said(EnqueueJob(spec=Noop())) for _ in range(MANY)]
    await asyncio.gather(*(slots.bus.publish(each) for each in commands))
    return await slots.busy(MANY - 2 * SLOTS)


async def _lying(slots: Slots) -> float:
    jobs = [JobQueued(job_id=JobId(new_id()), attempt=1, spec=Noop()) for _ in range(MANY)]
    await asyncio.gather(*(slots.bus.publish(said(each)) for each in jobs))
    return await slots.busy(MANY - 2 * SLOTS)


async def _single(slots: Slots) -> float:
    command = fresh(EnqueueJob(spec=Noop()), source="bench", actor="user/one")
    began = slots.began.setdefault(JobId(derive(command.id, "job")), asyncio.Event())
    start = time.perf_counter()
    await slots.bus.publish(command)
    async with asyncio.timeout(60):
        await began.wait()
    return time.perf_counter() - start
