"""The sites that jobs go to, and the pauses that they ask for: one refusal speaks for all jobs.

The dispatcher releases nothing to a site that is paused; what runs there already goes on.
"""

from datetime import datetime, timedelta

from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import State
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.jobs import JobCompleted, JobFailed

from .jobs import Job

PAUSES = {"rate_limited": 300.0, "bot_check": 3600.0}
"""Seconds, where the failure names none: these codes mean us, and not the one video."""

BAN = "forbidden"
REFUSALS = 5
"""So many of them in a row are no longer about single videos."""
BAN_PAUSE, LONGEST = 900.0, 6 * 3600.0


class Site(Row, table="sites"):
    """A site that has refused something. `refusals` have come in a row, without a success."""

    refusals: int
    paused_until: datetime | None
    reason: str | None


model = ReadModel(rows=(Site,), version=1)


@model.fold
def refused(event: JobFailed, cause: Envelope, state: State) -> None:
    """A ban doubles its pause with every further refusal."""
    name = _site_of(event.job_id, state)
    if name is None or event.code not in (*PAUSES, BAN):
        return
    known = state.get(Site, name)
    refusals = (known.refusals if known else 0) + (event.code == BAN)
    until = known.paused_until if known else None
    pause = _pause(event, refusals)
    if pause is not None:
        until = max(filter(None, (until, cause.time + timedelta(seconds=pause))))
    state.put(Site(id=name, refusals=refusals, paused_until=until, reason=event.message))


@model.fold
def served(event: JobCompleted, _: Envelope, state: State) -> None:
    """It is well again. A pause that was asked for is kept all the same."""
    name = _site_of(event.job_id, state)
    known = state.get(Site, name) if name else None
    if known and known.refusals:
        state.put(known.changed(refusals=0))


def _pause(event: JobFailed, refusals: int) -> float | None:
    if event.code in PAUSES:
        return event.after if event.after is not None else PAUSES[event.code]
    if refusals < REFUSALS:
        return None
    return float(min(LONGEST, BAN_PAUSE * 2 ** min(refusals - REFUSALS, 10)))


def _site_of(job_id: str, state: State) -> str | None:
    job = state.get(Job, job_id)
    return job.site if job else None
