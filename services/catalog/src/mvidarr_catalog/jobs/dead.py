"""Work that nobody could take: its job ends, and what nobody understands goes to the workbench."""

import hashlib
import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.store import ParkedRecord
from mvidarr_catalog.brain.writes import Writes
from mvidarr_common.bus import Bus, Delivery
from mvidarr_common.envelope import Envelope, decode, following
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages.jobs import JobFailed, JobQueued

log = logging.getLogger(__name__)

UNTIL_UPGRADED = 60.0
"""Seconds until a job that its worker did not know is tried again: while releases change, another
worker may know it."""


class DeadLetters:
    """Takes what lies in the parked queue, on the leader alone."""

    def __init__(self, bus: Bus, engine: AsyncEngine) -> None:
        self._bus = bus
        self._engine = engine

    async def take(self, delivery: Delivery) -> None:
        """End the job that this was, or set the message aside; then it is done with."""
        reason = delivery.dead.reason if delivery.dead else "rejected"
        queue = delivery.dead.queue if delivery.dead else "unknown"
        try:
            envelope = decode(delivery.body)
        except Undecodable as error:
            await self._set_aside(delivery.body, queue, error.message)
        else:
            await self._end(envelope, delivery.body, queue, reason)
        await delivery.ack()

    async def _end(self, envelope: Envelope, body: bytes, queue: str, reason: str) -> None:
        job = envelope.message
        if not isinstance(job, JobQueued):
            await self._set_aside(body, queue, f"{envelope.type} was refused: {reason}")
            return
        failed = _failed(job, queue, reason)
        await self._bus.publish(following(envelope, failed, source=SOURCE, ordinal="dead"))

    async def _set_aside(self, body: bytes, queue: str, error: str) -> None:
        log.error("parked from %s: %s", queue, error)
        id = f"dead-{hashlib.sha256(body).hexdigest()[:40]}"
        record = ParkedRecord(id, -1, "unreadable", f"queue/{queue}", error, None, body)
        async with self._engine.begin() as connection, Writes(connection) as writes:
            store.park(writes, [record])


def _failed(job: JobQueued, queue: str, reason: str) -> JobFailed:
    """A worker that refused it did not know such jobs; else it took its workers with it."""
    if reason == "rejected":
        return JobFailed(
            job_id=job.job_id,
            attempt=job.attempt,
            code="not_understood",
            message=f"The worker that got it from {queue} does not know such jobs.",
            retryable=True,
            after=UNTIL_UPGRADED,
        )
    return JobFailed(
        job_id=job.job_id,
        attempt=job.attempt,
        code="worker_crashed",
        message=f"No worker could take it from {queue} ({reason}).",
        retryable=False,
    )
