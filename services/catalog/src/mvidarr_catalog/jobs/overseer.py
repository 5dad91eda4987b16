"""Hears workers: who lives, and who works in vain and has to be told so again."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.store import read_checkpoint
from mvidarr_common.bus import Bus, Gap
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.jobs import StopJob
from mvidarr_common.messages.system import Claim, WorkerAlive

from .jobs import ENDED, Job
from .workforce import Workforce


async def oversee(bus: Bus, engine: AsyncEngine, workforce: Workforce) -> None:
    """Listen for ever. Stop signals can be missed, so each claim in vain is answered by one."""
    async with bus.listen("signal.worker.alive") as words:
        async for word in words:
            if isinstance(word, Gap) or not isinstance(word.message, WorkerAlive):
                continue
            workforce.hear(word.message)
            for stop in await _to_stop(engine, word.message.running):
                await bus.signal(fresh(stop, source=SOURCE))


async def _to_stop(engine: AsyncEngine, claims: tuple[Claim, ...]) -> list[StopJob]:
    """For claims of jobs that have ended or are paused, and of attempts that are over."""
    if not claims:
        return []
    async with engine.connect() as connection:
        checkpoint = await read_checkpoint(connection)
        jobs = table_of(Job, checkpoint.generation)
        query = sa.select(jobs.c.id, jobs.c.state, jobs.c.attempt).where(
            jobs.c.id.in_([claim.job_id for claim in claims])
        )
        now = {row.id: row for row in await connection.execute(query)}
    return [
        StopJob(
            job_id=claim.job_id,
            attempt=claim.attempt,
            reason="pause" if job.state == "paused" else "cancel",
        )
        for claim in claims
        if (job := now.get(claim.job_id))
        and (job.state in (*ENDED, "paused") or job.attempt > claim.attempt)
    ]
