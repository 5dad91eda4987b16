"""Releases waiting jobs to the workers: a small window for each queue, the rest stays here.

Priority, order, pauses and the budgets of sites are one query, not tricks of a broker.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import (
    QUEUES,
    AnySpec,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobQueued,
    JobRescheduled,
    JobSplit,
    Transcode,
)

from .jobs import Job, site_of
from .site_profiles import with_profile
from .sites import Site
from .workforce import Workforce

FLOOR = 4
"""Jobs released to a queue without workers, so that a scaler sees that there is work."""

CANDIDATES = 8
"""Jobs looked at for each free place, because the sites of some may be busy."""

MATTERS = (JobAdded, JobRescheduled, JobCompleted, JobFailed, JobGivenUp, JobCancelled)
"""What makes a job wait or a place free."""

EVERY = timedelta(seconds=0.25)
"""When nothing of that has happened: jobs become due, and workers come and go."""


class Candidate(NamedTuple):
    """A job that is with the workers or could be sent there."""

    id: str
    queue: str
    site: str | None


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
        active = await _active(turn)
        taken = Counter(job.queue for job in active.values())
        free = {queue: window(self._workforce, queue) - taken[queue] for queue in QUEUES}
        sites = Counter(job.site for job in active.values() if job.site)
        # The rows of those that were just released still say that they wait.
        limits = {_room(q): room * CANDIDATES + len(active) for q, room in free.items() if room > 0}
        waiting = [job for job in await _waiting(turn, now, limits) if job.id not in active]
        for chosen in choose(waiting, free, sites, self._per_site):
            if job := await turn.row(Job, chosen.id):
                spec = await with_profile(job.spec, job.site, turn)
                await turn.say(_release(job, spec, now))

    def _may_have_changed(self, turn: Turn, now: datetime) -> bool:
        return (
            self._looked is None
            or now - self._looked >= EVERY
            or any(isinstance(message, MATTERS) for message in turn.said.folded)
        )


def window(workforce: Workforce, queue: str) -> int:
    """How many jobs of a queue may be with the workers, or on their way to them."""
    return max(FLOOR, 2 * workforce.slots(queue))


def choose(
    waiting: Iterable[Candidate], free: dict[str, int], sites: Counter[str], per_site: int
) -> Iterator[Candidate]:
    """The first jobs that fit into what is free in their queue and at their site."""
    room, busy = dict(free), Counter(sites)
    for job in waiting:
        if room[job.queue] > 0 and (job.site is None or busy[job.site] < per_site):
            room[job.queue] -= 1
            busy[job.site or ""] += 1
            yield job


async def _active(turn: Turn) -> dict[str, Candidate]:
    """Those in the tables, and those whose release is still in flight."""
    flying = [each.message for each in turn.mind.in_flight.values()]
    released = [each for each in flying if isinstance(each, JobQueued)]
    split = [each.job_id for each in flying if isinstance(each, JobSplit)]
    found = await turn.connection.execute(_with_workers(turn.checkpoint.generation))
    return (
        {job.job_id: Candidate(job.job_id, job.spec.queue, site_of(job.spec)) for job in released}
        | {id: Candidate(id, Transcode.queue, None) for id in split}
        | {row.id: Candidate(row.id, row.queue, row.site) for row in found}
    )


async def _waiting(turn: Turn, now: datetime, limits: dict[str, int]) -> list[Candidate]:
    """Candidates of every queue that has room, in the order in which they should go."""
    if not limits:
        return []
    closed = {_room(queue): 0 for queue in QUEUES}
    query = _that_wait(turn.checkpoint.generation)
    rows = list(await turn.connection.execute(query, {"now": now} | closed | limits))
    rows.sort(key=lambda row: (-row.priority, row.due, row.id))
    return [Candidate(row.id, row.queue, row.site) for row in rows]


@cache
def _with_workers(generation: int) -> sa.Select[tuple[str, str, str | None]]:
    jobs = table_of(Job, generation).c
    return sa.select(jobs.id, jobs.queue, jobs.site).where(jobs.state.in_(("queued", "running")))


@cache
def _that_wait(generation: int) -> sa.CompoundSelect[tuple[str, str, str | None, int, datetime]]:
    """The first of every queue, by an index in this very order. Built once: building it takes
    longer than running it."""
    jobs, sites = table_of(Job, generation).c, table_of(Site, generation).c
    paused = sa.select(sites.id).where(sites.paused_until > sa.bindparam("now"))
    open_ = sa.or_(jobs.site.is_(None), jobs.site.not_in(paused))
    return sa.union_all(
        *(
            sa.select(jobs.id, jobs.queue, jobs.site, jobs.priority, jobs.due)
            .where(jobs.state == "waiting", jobs.queue == queue, jobs.due <= sa.bindparam("now"))
            .where(open_)
            .order_by(jobs.priority.desc(), jobs.due, jobs.id)
            .limit(sa.bindparam(_room(queue), type_=sa.Integer))
            for queue in QUEUES
        )
    )


def _room(queue: str) -> str:
    return f"room_{queue}"


def _release(job: Job, spec: AnySpec, now: datetime) -> Envelope:
    """The job's id and attempt make the message's id: released twice, it is one release."""
    message = JobQueued(
        job_id=JobId(job.id),
        attempt=job.attempt,
        spec=spec,
        for_subject=job.for_subject,
        pipeline_id=job.pipeline_id,
    )
    return Envelope(
        message=message,
        id=derive(job.id, message.wire, job.attempt),
        source=SOURCE,
        time=now,
        correlation_id=job.origin.correlation_id,
        causation_id=job.origin.id,
        actor=job.origin.actor,
        traceparent=job.origin.traceparent,
    )
