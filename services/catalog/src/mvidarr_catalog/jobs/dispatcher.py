"""Releases waiting jobs to the workers: a small window for each queue, the rest stays here.

Priority, turns, pauses, schedules, quotas and the budgets of sites are one query, not tricks of a
broker.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from mvidarr_catalog.brain.driver import fetch
from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.dispatch import ALL, Pace, PaceChanged, QueueChanged, QuotaChanged
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobQueued,
    JobRescheduled,
    JobsFellDue,
    JobSplit,
    Transcode,
)
from mvidarr_common.messages.steering import JobPaused

from .backlog import heads, in_order, wake
from .jobs import Job, site_of
from .lanes import NOBODY
from .queues import open_queues
from .quotas import Quota
from .retries import DEFAULT, DEFAULTS, Policy
from .room import Candidate, Room
from .site_profiles import with_profile
from .sites import Site
from .workforce import Workforce

MATTERS = (
    JobAdded, JobRescheduled, JobCompleted, JobFailed, JobGivenUp, JobCancelled, JobPaused,
    JobsFellDue, QueueChanged, PaceChanged, QuotaChanged,
)  # fmt: skip
"""What makes a job wait or a place free."""

ENDS = (JobCompleted, JobFailed)
"""What a worker says at the end of a job."""

EVERY = timedelta(seconds=0.25)
"""When nothing of that has happened: jobs become due, hours come, and workers come and go."""


class Dispatcher:
    """A chore of the leader: at the end of a turn, fill what has become free."""

    def __init__(self, workforce: Workforce, per_site: int) -> None:
        self._workforce = workforce
        self._per_site = per_site
        self._looked: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Decide `JobQueued` for the jobs that come next."""
        if not self._may_have_changed(turn, now):
            return
        self._looked = now
        await self._note_ends(turn)
        await wake(turn, now)
        room = await self._room(turn, now)
        lines = [head for head in await heads(turn) if room.free.get(head.job.queue, 0) > 0]
        await _learn(turn, room, [head.job for head in lines])
        async for page in in_order(turn, room, lines):
            await self._fill(turn, room, page)

    async def _fill(self, turn: Turn, room: Room, page: list[Candidate]) -> None:
        """Release what fits of a page."""
        for chosen in room.choose(page):
            if job := await turn.row(Job, chosen.id):
                await turn.say(await _release(turn, job, chosen.release, room.now))

    async def _note_ends(self, turn: Turn) -> None:
        for message in turn.said.folded:
            if isinstance(message, ENDS) and (job := await turn.row(Job, message.job_id)):
                self._workforce.ended(job.queue)

    async def _room(self, turn: Turn, now: datetime) -> Room:
        """What is free, after what is with the workers and what is on its way to them."""
        free = {queue: self._workforce.window(queue) for queue in await open_queues(turn, now)}
        room = Room(now, free, self._per_site)
        with_workers, flying = await _active(turn), _flying(turn)
        await _learn(turn, room, [*with_workers, *(job for _, job in flying)])
        room.occupy(with_workers)
        room.send(flying)
        return room

    def _may_have_changed(self, turn: Turn, now: datetime) -> bool:
        return (
            self._looked is None
            or now - self._looked >= EVERY
            or any(isinstance(message, MATTERS) for message in turn.said.folded)
        )


async def _learn(turn: Turn, room: Room, jobs: Iterable[Candidate]) -> None:
    """The rules of the sites and requesters of these jobs."""
    everywhere, everybody = await turn.row(Site, ALL), await turn.row(Quota, ALL)
    for site in {job.site for job in jobs if job.site} - room.sites.keys():
        row = await turn.row(Site, site) or Site(id=site)
        rules = row.rules or (everywhere and everywhere.rules) or Pace()
        room.sites[site] = (row, rules)
    for who in {job.requester for job in jobs} - room.quotas.keys() - {NOBODY}:
        quota = await turn.row(Quota, who) or everybody
        room.quotas[who] = quota.rules.at_once if quota else None


async def _active(turn: Turn) -> list[Candidate]:
    """Jobs that the tables show with the workers."""
    found = await fetch(await turn.tables(), _with_workers(turn.checkpoint.generation))
    return [Candidate(*row.values()) for row in found]


def _flying(turn: Turn) -> list[tuple[datetime, Candidate]]:
    """Jobs whose release, or whose splitting, has not come back by the log yet, in their order."""
    return [
        (each.time, _candidate(each.message, each.actor or NOBODY))
        for each in turn.mind.in_flight.values()
        if isinstance(each.message, JobQueued | JobSplit)
    ]


def _candidate(sent: JobQueued | JobSplit, actor: str) -> Candidate:
    if isinstance(sent, JobSplit):
        return Candidate(sent.job_id, Transcode.queue, None, actor, sent.attempt)
    spec = sent.spec
    return Candidate(sent.job_id, spec.queue, site_of(spec), actor, sent.attempt)


def _columns(generation: int) -> tuple[sa.Column[Any], ...]:
    jobs = table_of(Job, generation).c
    return (jobs.id, jobs.queue, jobs.site, jobs.requester, jobs.attempt)


@cache
def _with_workers(generation: int) -> sa.Select[Any]:
    jobs = table_of(Job, generation).c
    return sa.select(*_columns(generation)).where(jobs.state.in_(("queued", "running")))


async def _release(turn: Turn, job: Job, id: str, now: datetime) -> Envelope:
    row = await turn.row(Policy, job.kind)
    policy = row.policy if row else DEFAULTS.get(job.kind, DEFAULT)
    limits = (job.run_limit, policy.run_limit)
    spec = await with_profile(job.spec, turn)
    message = JobQueued(
        job_id=JobId(job.id),
        attempt=job.attempt,
        spec=spec,
        for_subject=job.for_subject,
        pipeline_id=job.pipeline_id,
        limit=min((limit for limit in limits if limit is not None), default=None),
    )
    return Envelope(
        message=message,
        id=id,
        source=SOURCE,
        time=now,
        correlation_id=job.origin.correlation_id,
        causation_id=job.origin.id,
        actor=job.origin.actor,
        traceparent=job.origin.traceparent,
    )
