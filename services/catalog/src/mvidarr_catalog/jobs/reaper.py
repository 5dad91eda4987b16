"""Finds jobs that no living worker claims any more, and lets them wait again."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobRescheduled
from mvidarr_common.messages.system import Claim

from .jobs import Job
from .workforce import Workforce

UNCLAIMED_FOR = timedelta(seconds=60)
EVERY = timedelta(seconds=10)


class Reaper:
    """A chore of the leader. The broker redelivers what a dead worker held; this is for what the
    broker has lost, and therefore in no hurry."""

    def __init__(self, workforce: Workforce) -> None:
        self._workforce = workforce
        self._last: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Reschedule running jobs that nobody claims."""
        if not self._workforce.settled or (self._last and now - self._last < EVERY):
            return
        self._last = now
        claimed = {_job(claim) for claim in self._workforce.claims()}
        jobs = table_of(Job, turn.checkpoint.generation)
        query = sa.select(jobs.c.id, jobs.c.attempt).where(
            jobs.c.state == "running", jobs.c.started < now - UNCLAIMED_FOR
        )
        for id, attempt in await turn.connection.execute(query):
            if (id, attempt) not in claimed:
                await turn.say(by_the_clock(_again(id, attempt, now), key=f"{id}/{attempt}"))


def _job(claim: Claim) -> tuple[str, int]:
    return claim.job_id, claim.attempt


def _again(id: str, attempt: int, now: datetime) -> JobRescheduled:
    reason = "No living worker claims it."
    return JobRescheduled(job_id=JobId(id), attempt=attempt + 1, due=now, reason=reason)
