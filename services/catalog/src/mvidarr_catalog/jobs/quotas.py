"""Quotas: how much one requester may have at once."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.dispatch import ALL, ChangeQuota, QuotaChanged, QuotaRules
from mvidarr_common.messages.dispatch_queries import ListQuotas, Quotas, QuotaView

from .lanes import NOBODY, Lane, Line, Requester, open_jobs


class Quota(Row, table="quotas", subject="quota"):
    """What one requester may have; `all` is for those without a quota of their own."""

    rules: QuotaRules


model = ReadModel(rows=(Quota, Lane, Line, Requester), version=2)


@model.fold
def changed(event: QuotaChanged, _: Envelope, state: State) -> None:
    state.put(Quota(id=event.requester, rules=event.rules))


@model.decide
def change(command: ChangeQuota, _: Envelope, state: Known) -> Iterator[Decision]:
    row = state.get(Quota, command.requester)
    if row is None or row.rules != command.rules:
        yield QuotaChanged(requester=command.requester, rules=command.rules)


@model.query
async def list_quotas(_: ListQuotas, read: Read) -> Quotas:
    """Everybody who has a quota or open jobs."""
    rules = {row.id: row.rules for row in await read.rows(Quota)}
    jobs = {row.id: row.open for row in await read.rows(Requester)}
    names = sorted(rules.keys() | {name for name, count in jobs.items() if count})
    return Quotas(
        items=tuple(
            QuotaView(requester=name, rules=rules.get(name), open_jobs=jobs.get(name, 0))
            for name in names
        )
    )


def require_room(state: Known, actor: str | None, more: int = 1) -> None:
    """Refuse what would be more than somebody may have; the system itself may have anything."""
    requester = actor or NOBODY
    if requester == NOBODY:
        return
    most = quota_of(state, requester).open
    if most is not None and (has := open_jobs(state, requester)) + more > most:
        raise Conflict(
            "quota_exceeded", f"{has} jobs are open and {more} more were asked for; {most} may be."
        )


def quota_of(state: Known, requester: str) -> QuotaRules:
    """Somebody's own quota, or that of all who have none."""
    row = state.get(Quota, requester) or state.get(Quota, ALL)
    return row.rules if row else QuotaRules()
