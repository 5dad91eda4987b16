"""The worker: takes jobs from their queues, runs their handlers, and tells what came of it.

The unacknowledged delivery is the lease. What ends an attempt is told and confirmed first, then
acknowledged; so a worker killed anywhere loses nothing, and at worst something is said twice.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress

from opentelemetry.trace import SpanKind

from . import logs, metrics, tracing
from .bus import Delivery, Live, Work
from .bus.topology import job_queue
from .envelope import Envelope, decode, fresh
from .errors import Unavailable, Undecodable
from .facts import Facts
from .jobs import Handler, spec_of
from .lease import Lease, Recent
from .messages.ids import JobId, new_id
from .messages.jobs import JobQueued, JobSpec, StopJob
from .messages.system import WorkerAlive
from .messaging import Using
from .run import Bench, Run

log = logging.getLogger(__name__)

ALIVE_EVERY = 5.0
LAST_SECONDS = 5.0


class Worker:
    """Runs the handlers of one service."""

    def __init__(self, bench: Bench, handlers: Sequence[Handler], slots: Mapping[str, int]) -> None:
        self.handlers: dict[type[JobSpec], Handler] = {spec_of(each): each for each in handlers}
        self.slots = {queue: count for queue, count in slots.items() if count > 0}
        self.running: dict[tuple[JobId, int], Run] = {}
        self.finished = Recent()
        self.leaving = False
        self._bench = bench
        self._bus = bench.runtime.bus
        self._me = bench.runtime.worker_id
        self._takes: set[asyncio.Task[object]] = set()
        self._changed = asyncio.Event()
        self._refuse_queues_without_handlers()

    async def serve(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, then finish or hand back what runs."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            live = await stack.enter_async_context(self._bus.listen("signal.job.stop"))
            hearing = tasks.create_task(self._hear_stops(live))
            works = [
                await stack.enter_async_context(self._bus.work(job_queue(queue), count, self.take))
                for queue, count in self.slots.items()
            ]
            announcing = tasks.create_task(self._announce())
            await stopping.wait()
            await self._drain(works)
            hearing.cancel()
            announcing.cancel()
            await self._say_alive()

    async def take(self, delivery: Delivery) -> None:
        """Settle one delivery: run it, adopt it, or know that it is done."""
        task = asyncio.current_task()
        assert task is not None
        self._takes.add(task)
        try:
            await self._take(delivery)
        finally:
            self._takes.discard(task)

    def stop(self, job: JobId, attempt: int, *, pause: bool = False) -> None:
        """End this attempt and all before it, and say nothing of them but that they pause."""
        for (running, number), run in self.running.items():
            if running == job and number <= attempt:
                run.end("paused" if pause else "stopped")

    async def _take(self, delivery: Delivery) -> None:
        cause = self._read(delivery)
        if cause is None or not isinstance(cause.message, JobQueued):
            _count("unknown", "undecodable")
            return await delivery.reject()
        queued = cause.message
        known = self.running.get((queued.job_id, queued.attempt))
        if cause.id in self.finished:
            _count(queued.spec.queue, "already_done")
            await delivery.ack()
        elif known is not None:
            await self._adopt(known, cause, delivery)
        elif self.leaving:
            await delivery.hand_back()
        else:
            await self._work(cause, queued, delivery)

    def _read(self, delivery: Delivery) -> Envelope | None:
        try:
            cause = decode(delivery.body)
        except Undecodable as error:
            log.error("a delivery cannot be read and is parked: %s", error.message)
            return None
        if isinstance(cause.message, JobQueued) and type(cause.message.spec) in self.handlers:
            return cause
        log.error("nobody here takes this and it is parked", extra=logs.of(cause))
        return None

    async def _adopt(self, run: Run, cause: Envelope, delivery: Delivery) -> None:
        """This process still runs it: the new delivery takes the place of the lost one."""
        _count(run.facts.queued.spec.queue, "adopted")
        log.info("a lost job came back and is adopted", extra=logs.of(cause))
        run.adopt(cause, delivery)
        await run.over.wait()

    async def _work(self, cause: Envelope, queued: JobQueued, delivery: Delivery) -> None:
        queue = queued.spec.queue
        _count(queue, "started")
        metrics.WAIT.labels(queue).observe(max(0.0, time.time() - cause.time.timestamp()))
        ids = {"job": queued.job_id, "attempt": queued.attempt, "delivery_count": delivery.count}
        process = tracing.span(
            f"process jobs.{queue}", SpanKind.CONSUMER, parent=cause.traceparent,
            attributes=self._using(queue).of(cause, delivery.tag) | _attributes(queued, delivery),
        )  # fmt: skip
        with process, logs.bound(**logs.of(cause), **ids, queue=queue):
            facts = Facts(cause, queued, self._me, self._bench.runtime.name, new_id())
            handler = self.handlers[type(queued.spec)]
            await self._see_through(Run(self._bench, handler, facts, Lease(delivery)))

    async def _see_through(self, run: Run) -> None:
        queued = run.facts.queued
        key = (queued.job_id, queued.attempt)
        self.running[key] = run
        try:
            with metrics.RUNNING.labels(queued.spec.queue).track_inprogress():
                ending = await run.conclude()
        finally:
            del self.running[key]
            run.over.set()
        if ending.settle == "ack":
            self.finished.add(*run.messages)
        await run.settle(ending)

    async def _hear_stops(self, live: Live) -> None:
        async for heard in live:
            if isinstance(heard, Envelope) and isinstance(heard.message, StopJob):
                stop = heard.message
                self.stop(stop.job_id, stop.attempt, pause=stop.reason == "pause")

    async def _announce(self) -> None:
        """At once, whenever slots change, and every few seconds."""
        for queue, count in self.slots.items():
            metrics.SLOTS.labels(queue).set(count)
        while True:
            await self._say_alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_EVERY):
                    await self._changed.wait()
            self._changed.clear()

    async def _say_alive(self) -> None:
        with suppress(Unavailable):
            await self._bus.signal(fresh(self._alive(), source=self._bench.runtime.name))

    def _alive(self) -> WorkerAlive:
        return WorkerAlive(
            worker_id=self._me,
            service=self._bench.runtime.name,
            slots={} if self.leaving else self.slots,
            running=tuple(run.claim for run in self.running.values()),
            leaving=self.leaving,
        )

    async def _drain(self, works: Sequence[Work]) -> None:
        """Take nothing more; let what runs finish while there is time, then hand it back."""
        self.leaving = True
        self._changed.set()
        for work in works:
            await work.stop()
        for queue in self.slots:
            metrics.SLOTS.labels(queue).set(0)
        if await self._idle(max(0.0, self._bench.runtime.settings.grace - LAST_SECONDS)):
            return
        for run in tuple(self.running.values()):
            run.end("leaving")
        await self._idle(LAST_SECONDS)

    async def _idle(self, within: float) -> bool:
        """Whether all deliveries are settled by then."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._takes:
                    await asyncio.wait(self._takes)
        return not self._takes

    def _using(self, queue: str) -> Using:
        return Using(self._bus, self._bench.runtime.name, "process", "process", f"jobs.{queue}")

    def _refuse_queues_without_handlers(self) -> None:
        served = {spec.queue for spec in self.handlers}
        if missing := set(self.slots) - served:
            raise ValueError(f"no handler takes jobs of {', '.join(sorted(missing))}")


def _attributes(queued: JobQueued, delivery: Delivery) -> tracing.Attributes:
    return {
        "mvidarr.job.id": queued.job_id,
        "mvidarr.job.kind": queued.spec.kind,
        "mvidarr.job.attempt": queued.attempt,
        "mvidarr.job.delivery_count": delivery.count,
        "mvidarr.job.adopted": False,
    }


def _count(queue: str, outcome: str) -> None:
    metrics.DELIVERIES.labels(queue, outcome).inc()
