"""Releases waiting jobs to the workers: a small window for each queue, the rest stays here.

Priority, order, pauses and the budgets of sites are one query, not tricks of a broker.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.rows import from_columns, table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import QUEUES, JobQueued

from .jobs import Job
from .workforce import Workforce

FLOOR = 4
"""Jobs released to a queue without workers, so that a scaler sees that there is work."""

CANDIDATES = 8
"""Jobs looked at for each free place, because the sites of some may be busy."""


@dataclass(frozen=True, slots=True)
class Active:
    """Jobs that are with the workers, or on their way to them."""

    queues: Counter[str]
    sites: Counter[str]
    released: frozenset[JobId]


class Dispatcher:
    """A chore of the leader: at the end of every turn, fill what has become free."""

    def __init__(self, workforce: Workforce, per_site: int) -> None:
        self._workforce = workforce
        self._per_site = per_site

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Decide `JobQueued` for the jobs that come next."""
        active = await _active(turn)
        free = {queue: self._window(queue) - active.queues[queue] for queue in QUEUES}
        waiting = await _waiting(turn, now, free, active.released)
        for job in choose(waiting, free, active.sites, self._per_site):
            await turn.say(_release(job, now))

    def _window(self, queue: str) -> int:
        return max(FLOOR, 2 * self._workforce.slots(queue))


def choose(
    waiting: Iterable[Job], free: dict[str, int], sites: Counter[str], per_site: int
) -> Iterator[Job]:
    """The first jobs that fit into what is free in their queue and at their site."""
    room, busy = dict(free), Counter(sites)
    for job in waiting:
        if room[job.queue] > 0 and (job.site is None or busy[job.site] < per_site):
            room[job.queue] -= 1
            busy[job.site or ""] += 1
            yield job


async def _active(turn: Turn) -> Active:
    """Those in the tables, and those whose release is still in flight."""
    jobs = table_of(Job, turn.checkpoint.generation)
    flying = [each.message for each in turn.mind.in_flight.values()]
    released = frozenset(each.job_id for each in flying if isinstance(each, JobQueued))
    query = sa.select(jobs.c.queue, jobs.c.site).where(
        sa.or_(jobs.c.state.in_(("queued", "running")), jobs.c.id.in_(released))
    )
    rows = list(await turn.connection.execute(query))
    return Active(
        Counter(row.queue for row in rows), Counter(row.site for row in rows if row.site), released
    )


async def _waiting(
    turn: Turn, now: datetime, free: dict[str, int], released: frozenset[JobId]
) -> list[Job]:
    """Candidates of every queue that has room, in the order in which they should go."""
    jobs = table_of(Job, turn.checkpoint.generation)
    found: list[Job] = []
    for queue in (queue for queue, room in free.items() if room > 0):
        query = (
            sa.select(jobs)
            .where(jobs.c.state == "waiting", jobs.c.queue == queue, jobs.c.due <= now)
            .where(jobs.c.id.not_in(released))
            .order_by(jobs.c.priority.desc(), jobs.c.due, jobs.c.id)
            .limit(free[queue] * CANDIDATES)
        )
        rows = (await turn.connection.execute(query)).mappings()
        found += [from_columns(Job, row) for row in rows]
    return found


def _release(job: Job, now: datetime) -> Envelope:
    """The job's id and attempt make the message's id: released twice, it is one release."""
    message = JobQueued(
        job_id=JobId(job.id),
        attempt=job.attempt,
        spec=job.spec,
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
