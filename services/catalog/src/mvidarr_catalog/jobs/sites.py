"""The sites that jobs go to: what they are asked of at most, and the pauses that they ask for.

One refusal speaks for all jobs: the dispatcher releases nothing to a site that is paused; what runs
there already goes on. A rate is a bucket of tokens, kept as the moment at which it is full again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.dispatch import ALL, Pace, PaceChanged, SetPace
from mvidarr_common.messages.dispatch_queries import ListPaces, Paces, PaceView
from mvidarr_common.messages.jobs import JobCompleted, JobFailed, JobQueued
from mvidarr_common.sites import site_named

from .chance import around
from .jobs import Job

PAUSES = {"rate_limited": 300.0, "bot_check": 3600.0}
"""Seconds, where the failure names none: these codes mean us, and not the one video."""

BAN = "forbidden"
REFUSALS = 5
"""So many of them in a row are no longer about single videos."""
BAN_PAUSE, LONGEST = 900.0, 6 * 3600.0
SLACK = timedelta(seconds=0.25)
"""The dispatcher looks so often: what became due since it last looked is not lost."""
JITTER = 0.25
"""By this part a pause between two jobs is shorter or longer: no site sees a machine's rhythm."""


class Site(Row, table="sites"):
    """A site that has rules or has refused something; `all` has the rules of those without.

    `refusals` have come in a row, without a success. At `full_at` nothing of the rate is spent;
    from `free_at` on the next job may go there.
    """

    refusals: int = 0
    paused_until: datetime | None = None
    reason: str | None = None
    rules: Pace | None = None
    full_at: datetime | None = None
    free_at: datetime | None = None


model = ReadModel(rows=(Site,), version=3)


@model.fold
def refused(event: JobFailed, cause: Envelope, state: State) -> None:
    """A ban doubles its pause with every further refusal."""
    name = _site_of(event.job_id, state)
    if name is None or event.code not in (*PAUSES, BAN):
        return
    known = site(state, name)
    refusals = known.refusals + (event.code == BAN)
    until = known.paused_until
    pause = _pause(event, refusals)
    if pause is not None:
        until = max(filter(None, (until, cause.time + timedelta(seconds=pause))))
    state.put(known.changed(refusals=refusals, paused_until=until, reason=event.message))


@model.fold
def served(event: JobCompleted, _: Envelope, state: State) -> None:
    """It is well again. A pause that was asked for is kept all the same."""
    name = _site_of(event.job_id, state)
    known = state.get(Site, name) if name else None
    if known and known.refusals:
        state.put(known.changed(refusals=0))


@model.fold
def visited(event: JobQueued, cause: Envelope, state: State) -> None:
    """It costs a token, where the site has a rate."""
    name = _site_of(event.job_id, state)
    if name and (rules := rules_of(state, name)).per_minute:
        state.put(spent(site(state, name), rules, cause.time, cause.id))


@model.fold
def changed(event: PaceChanged, _: Envelope, state: State) -> None:
    known = site(state, site_named(event.site))
    state.put(known.changed(rules=event.rules, free_at=None, full_at=None))


@model.decide
def change(command: SetPace, _: Envelope, state: Known) -> Iterator[Decision]:
    name = site_named(command.site)
    if site(state, name).rules != command.rules:
        yield PaceChanged(site=name, rules=command.rules)


@model.query
async def list_sites(_: ListPaces, read: Read) -> Paces:
    rows = await read.rows(Site)
    return Paces(
        items=tuple(
            PaceView(
                site=row.id,
                rules=row.rules,
                paused_until=row.paused_until,
                reason=row.reason,
                free_at=row.free_at,
            )
            for row in rows
        )
    )


def site(state: Known, name: str) -> Site:
    """What is known of a site."""
    return state.get(Site, name) or Site(id=name)


def rules_of(state: Known, name: str) -> Pace:
    """A site's own rules, or those of all that have none."""
    return site(state, name).rules or site(state, ALL).rules or Pace()


def spent(site: Site, rules: Pace, time: datetime, id: str) -> Site:
    """The site after one job more; `id`, the release's own, decides the jitter."""
    pause = timedelta(seconds=60 / (rules.per_minute or 1))
    full_at = max(site.full_at or time, time - SLACK) + pause * around(id, JITTER)
    return site.changed(full_at=full_at, free_at=full_at - pause * (rules.burst - 1))


def _pause(event: JobFailed, refusals: int) -> float | None:
    if event.code in PAUSES:
        return event.after if event.after is not None else PAUSES[event.code]
    if refusals < REFUSALS:
        return None
    return float(min(LONGEST, BAN_PAUSE * 2 ** min(refusals - REFUSALS, 10)))


def _site_of(job_id: str, state: Known) -> str | None:
    job = state.get(Job, job_id)
    return job.site if job else None
