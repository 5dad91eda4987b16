"""One delivery of a job as this process works on it, from its start to the fact that ends it."""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from . import metrics, tracing
from .attempt import Attempt
from .bus import Delivery
from .envelope import Envelope, decode, following
from .errors import JobError
from .facts import Facts
from .jobs import Handler
from .lease import Lease
from .messages.jobs import JobProgressed, JobQueued, Result
from .messages.system import Claim
from .messaging import Using
from .outcome import as_problem
from .processes import Children
from .progress import coalesced
from .service import Runtime
from .staging import Staging, tidy
from .telling import insist

log = logging.getLogger(__name__)

HARD_LIMIT = 6 * 3600.0
_SETTLED = {"ack": "ack", "hand_back": "nack", "reject": "reject"}
Why = Literal["stopped", "paused", "leaving"]
WEIGHT: dict[Why | None, int] = {None: 0, "leaving": 1, "paused": 2, "stopped": 3}


@dataclass(frozen=True)
class Ending:
    """How it ended, and what becomes of the message."""

    outcome: str
    settle: Literal["ack", "hand_back", "reject"] = "ack"
    fact: Envelope | None = None


@dataclass(frozen=True)
class Bench:
    """What every run of a service's worker has at hand."""

    runtime: Runtime[Any]
    deps: Any
    children: Children


class Run:
    """Runs the handler in a task of its own, so that a stop ends that and nothing else."""

    def __init__(self, bench: Bench, handler: Handler, facts: Facts, lease: Lease) -> None:
        self.facts = facts
        self.lease = lease
        self.messages = {facts.cause.id}
        self.over = asyncio.Event()
        self._bench = bench
        self._handler = handler
        self._staging = Staging(bench.runtime.root, facts.queued.job_id, facts.nonce)
        self._why: Why | None = None
        self._began = self._ended = time.monotonic()
        self._span = trace.get_current_span()
        self._task = asyncio.create_task(self._attempt())

    def adopt(self, cause: Envelope, delivery: Delivery) -> None:
        """Go on under another delivery of the message: the one before is lost."""
        self.lease.adopt(delivery)
        self.messages.add(cause.id)
        self._span.set_attribute("mvidarr.job.adopted", True)

    @property
    def claim(self) -> Claim:
        """The word that it runs here."""
        job, attempt = self.facts.queued.job_id, self.facts.queued.attempt
        return Claim(job_id=job, attempt=attempt, delivery=self.facts.nonce)

    def end(self, why: Why) -> None:
        """Cancel the handler, once; a stop outdoes a pause, and that a leave."""
        if self._why is None:
            self._ended = time.monotonic()
            self._task.cancel()
        self._why = max(self._why, why, key=lambda each: WEIGHT[each])

    async def conclude(self) -> Ending:
        """Wait for the end, and tell it until it is confirmed."""
        try:
            ending = await self._ending()
            if ending.fact is not None:
                await insist(self._bench.runtime.bus, ending.fact)
        except asyncio.CancelledError:
            await self._abandon()
            raise
        except Exception:
            log.exception("what came of this job cannot be told; its message is parked")
            return Ending("untellable", "reject")
        self._measure(ending)
        return ending

    async def settle(self, ending: Ending) -> None:
        """Let the message go, now that its end is told; then nobody asks for it again, and a
        folder that holds nothing but our own notes can go too."""
        queued = self.facts.queued
        runtime, operation = self._bench.runtime, _SETTLED[ending.settle]
        queue = f"jobs.{queued.spec.queue}"
        using = Using(runtime.bus, runtime.name, operation, "settle", queue)
        name, attributes = f"{operation} {queue}", using.of(self.facts.cause, self.lease.tag)
        with tracing.span(name, SpanKind.CLIENT, attributes=attributes):
            await getattr(self.lease, ending.settle)()
        if ending.outcome == "completed" and not queued.spec.stages and not self.lease.lost:
            await asyncio.to_thread(tidy, self._bench.runtime.root, queued.job_id)

    async def _attempt(self) -> Envelope | Result:
        """The handler's result; or the fact that an earlier delivery of this very message had
        found already, when its worker died before it could acknowledge."""
        told = await asyncio.to_thread(self._staging.told, self.facts.cause.id)
        if told is not None:
            return decode(told)
        runtime, queued = self._bench.runtime, self.facts.queued
        await insist(runtime.bus, self.facts.started())
        async with coalesced(self._progressed) as words:
            job = Attempt(
                queued, self._bench.deps, runtime.root, self._bench.children, self._staging, words
            )
            with tracing.span(f"run {queued.spec.kind}"):
                return await _within(_limit(queued), self._handler, queued.spec, job)

    async def _progressed(self, word: JobProgressed) -> None:
        runtime = self._bench.runtime
        nth = f"{self.facts.nonce}/{time.monotonic_ns()}"
        signal = following(self.facts.cause, word, source=runtime.name, ordinal=nth)
        await runtime.bus.signal(signal)

    async def _ending(self) -> Ending:
        await asyncio.wait({self._task})
        if self._why == "stopped":
            await asyncio.to_thread(self._staging.remove)
            return Ending("stopped")
        error = asyncio.CancelledError() if self._task.cancelled() else self._task.exception()
        if error is None:
            try:
                return await self._success(self._task.result())
            except Exception as unkept:
                error = unkept
        return await self._failure(error)

    async def _success(self, found: Envelope | Result) -> Ending:
        """The outcome is kept in staging before it is told: whoever gets the message again after
        a lost acknowledgement tells the same instead of doing it again."""
        if isinstance(found, Envelope):
            await asyncio.to_thread(self._staging.keep)
            return Ending("completed", fact=found)
        fact = self.facts.completed(found, time.monotonic() - self._began)
        await asyncio.to_thread(self._staging.succeed, self.facts.cause.id, fact.encode())
        return Ending("completed", fact=fact)

    async def _failure(self, error: BaseException) -> Ending:
        if self._why == "leaving":
            await asyncio.to_thread(self._staging.keep)
            return Ending("handed_back", "hand_back", self.facts.handed_back())
        if self._why == "paused":
            await asyncio.to_thread(self._staging.keep)
            return Ending("paused", fact=self.facts.paused())
        problem = as_problem(error)
        if problem.code == "defect":
            log.error("a defect in a handler", exc_info=error)
        settle = self._staging.keep if problem.retry else self._staging.remove
        await asyncio.to_thread(settle)
        return Ending("failed", fact=self.facts.failed(error))

    async def _abandon(self) -> None:
        """The process goes down at once: the broker gives the message to another."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self._staging.keep()

    def _measure(self, ending: Ending) -> None:
        seconds = time.monotonic() - self._began
        metrics.SECONDS.labels(self.facts.queued.spec.kind, ending.outcome).observe(seconds)
        if ending.outcome == "stopped":
            metrics.CANCEL.observe(time.monotonic() - self._ended)
        ms = round(seconds * 1000)
        code = getattr(ending.fact.message, "code", None) if ending.fact is not None else None
        log.info(
            "job %s", ending.outcome, extra={"outcome": ending.outcome, "ms": ms, "code": code}
        )


def _limit(queued: JobQueued) -> float:
    """Seconds that an attempt may run."""
    return HARD_LIMIT if queued.limit is None else min(HARD_LIMIT, queued.limit)


async def _within(limit: float, handler: Handler, spec: Any, job: Attempt[Any]) -> Result:
    try:
        async with asyncio.timeout(limit) as clock:
            return await handler(spec, job)
    except TimeoutError:
        if clock.expired():
            message = f"It took longer than {timedelta(seconds=limit)}."
            raise JobError("took_too_long", message, retry=True) from None
        raise
