"""Finds jobs that nobody works on and no queue holds any more, and lets them wait again."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobRescheduled

from .jobs import Job
from .workforce import Workforce

UNCLAIMED_FOR = timedelta(seconds=60)
"""A running job that no worker has claimed for so long has no worker."""

UNSEEN_FOR = timedelta(minutes=5)
"""A released job that is not started for so long, while its queue is empty, is in no queue."""

EVERY = timedelta(seconds=10)


class Reaper:
    """A chore of the leader. The broker redelivers what a dead worker held; this is for what the
    broker has lost, and therefore in no hurry. `depth` tells how many messages a queue holds."""

    def __init__(
        self,
        workforce: Workforce,
        depth: Callable[[str], Awaitable[int]],
        *,
        unclaimed_for: timedelta = UNCLAIMED_FOR,
        unseen_for: timedelta = UNSEEN_FOR,
    ) -> None:
        self._workforce = workforce
        self._depth = depth
        self._unclaimed_for = unclaimed_for
        self._unseen_for = unseen_for
        self._last: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Reschedule running jobs that nobody claims, and released ones that lie nowhere."""
        if not self._workforce.settled or (self._last and now - self._last < EVERY):
            return
        self._last = now
        claimed = {(claim.job_id, claim.attempt) for claim in self._workforce.claims()}
        for job in await self._suspects(turn, now):
            if (job.id, job.attempt) in claimed:
                continue
            if job.state == "running" or await self._depth(f"jobs.{job.queue}") == 0:
                await _reschedule(turn, job.id, job.attempt, now)

    async def _suspects(self, turn: Turn, now: datetime) -> list[sa.Row[tuple[str, ...]]]:
        jobs = table_of(Job, turn.checkpoint.generation)
        running = sa.and_(jobs.c.state == "running", jobs.c.started < now - self._unclaimed_for)
        released = sa.and_(jobs.c.state == "queued", jobs.c.due < now - self._unseen_for)
        query = sa.select(jobs.c.id, jobs.c.attempt, jobs.c.state, jobs.c.queue)
        return list(await (await turn.tables()).execute(query.where(sa.or_(running, released))))


async def _reschedule(turn: Turn, id: str, attempt: int, now: datetime) -> None:
    again = JobRescheduled(
        job_id=JobId(id), attempt=attempt + 1, due=now, reason="No living worker claims it."
    )
    await turn.say(by_the_clock(again, key=f"{id}/{attempt}"))
