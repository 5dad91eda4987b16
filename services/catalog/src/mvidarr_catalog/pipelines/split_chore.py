"""Decides which transcodes are split: long ones, when workers would have nothing else to do."""

from datetime import datetime

import sqlalchemy as sa

from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.workforce import Workforce
from mvidarr_common.messages.ids import JobId, PipelineId, derive
from mvidarr_common.messages.jobs import JobAdded, JobSplit, Transcode

from .splitting import SplitRule, is_splittable, parts_of


class Splitter:
    """A chore of the leader, before the dispatcher: of what has just been added, says which is
    split, and into how many parts."""

    def __init__(self, workforce: Workforce, rule: SplitRule) -> None:
        self._workforce = workforce
        self._rule = rule

    async def __call__(self, turn: Turn, _: datetime) -> None:
        """Decide `JobSplit`."""
        for message in turn.said.folded:
            if not (isinstance(message, JobAdded) and isinstance(message.spec, Transcode)):
                continue
            if is_splittable(message.spec, self._rule):
                await self._look_at(turn, message.job_id, message.spec)

    async def _look_at(self, turn: Turn, id: JobId, spec: Transcode) -> None:
        job = await turn.row(Job, id)
        idle = self._workforce.slots(spec.queue) - await _others(turn, id, spec.queue)
        if job is None or job.state != "waiting" or idle < 2:
            return
        split = JobSplit(
            job_id=id,
            attempt=job.attempt,
            pipeline_id=PipelineId(derive(id, "split", job.attempt)),
            parts=parts_of(spec.facts.duration or 0.0, idle, self._rule),
        )
        await turn.say(by_the_clock(split, key=f"{id}/{job.attempt}"))


async def _others(turn: Turn, id: str, queue: str) -> int:
    """Jobs of this queue that have a worker or wait for one."""
    jobs = table_of(Job, turn.checkpoint.generation).c
    theirs = (jobs.queue == queue, jobs.id != id, jobs.split.is_(None))
    active = jobs.state.in_(("waiting", "queued", "running"))
    found = await (await turn.tables()).scalar(sa.select(sa.func.count()).where(*theirs, active))
    return int(found or 0)
