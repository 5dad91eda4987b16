"""Counts what waits: the figures that scalers and alerts go by."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from mvidarr_catalog.brain import metrics
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.schema import parked, timers
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.messages.jobs import QUEUES

from .backlog import lined_up
from .jobs import Job
from .queues import open_queues
from .workforce import Workforce

EVERY = timedelta(seconds=5)
LIVE = ("waiting", "queued", "running", "paused")


class Census:
    """A chore of the leader."""

    def __init__(self, workforce: Workforce) -> None:
        self._workforce = workforce
        self._last: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Count every few seconds."""
        if self._last and now - self._last < EVERY:
            return
        self._last = now
        metrics.counted(await self._counts(turn, now))

    async def _counts(self, turn: Turn, now: datetime) -> metrics.Counts:
        waiting = await (await turn.tables()).execute(
            sa.select(sa.func.count(), sa.func.min(timers.c.due))
        )
        count, first_due = waiting.one()
        return metrics.Counts(
            jobs=await _jobs(turn, now),
            windows={queue: self._workforce.window(queue) for queue in QUEUES},
            parked=await _parked(turn),
            timers=count,
            late=max(0.0, (now - first_due).total_seconds()) if first_due else 0.0,
        )


async def _parked(turn: Turn) -> Mapping[str, int]:
    """Records of the log, and jobs from the queue of dead letters, which have no place in it."""
    dead = sa.func.count(sa.case((parked.c.offset < 0, 1)))
    found = await (await turn.tables()).execute(
        sa.select(sa.func.count(), dead).select_from(parked)
    )
    every, jobs = found.one()
    return {"log": every - jobs, "job": jobs}


async def _jobs(turn: Turn, now: datetime) -> Mapping[tuple[str, str], int]:
    """Every queue in every state, also where there is nothing: a scaler must see the zero. What
    could not go however many workers there were counts as `later`: it is due later, follows other
    jobs, or its queue is closed."""
    found, may_go = await _by_state(turn), await lined_up(turn)
    opened = await open_queues(turn, now)
    counts = {(queue, state): found.get((queue, state), 0) for queue in QUEUES for state in LIVE}
    for queue in QUEUES:
        waiting = counts[queue, "waiting"]
        counts[queue, "waiting"] = min(waiting, may_go[queue]) if queue in opened else 0
        counts[queue, "later"] = waiting - counts[queue, "waiting"]
    return counts


async def _by_state(turn: Turn) -> Mapping[tuple[str, str], int]:
    jobs = table_of(Job, turn.checkpoint.generation)
    query = (
        sa.select(jobs.c.queue, jobs.c.state, sa.func.count())
        .where(jobs.c.state.in_(LIVE))
        .group_by(jobs.c.queue, jobs.c.state)
    )
    found = await (await turn.tables()).execute(query)
    return {(queue, state): count for queue, state, count in found}
