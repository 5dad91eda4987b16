"""The queues: which are paused, and when they are open."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages.dispatch import ALL, ChangeQueue, QueueChanged, QueueRules
from mvidarr_common.messages.dispatch_queries import ListQueues, Queues, QueueView
from mvidarr_common.messages.jobs import QUEUES

from .jobs import Job
from .schedules import is_open, known_zone

STATES = ("waiting", "queued", "running", "paused")


class Queue(Row, table="queues", subject="queue"):
    """A queue that has rules; those of `all` count for every queue."""

    rules: QueueRules


model = ReadModel(rows=(Queue,), version=1)


@model.fold
def changed(event: QueueChanged, _: Envelope, state: State) -> None:
    state.put(Queue(id=event.queue, rules=event.rules))


@model.decide
def change(command: ChangeQueue, _: Envelope, state: Known) -> Iterator[Decision]:
    if command.queue not in (*QUEUES, ALL):
        raise NotFound("queue_not_found", f"There is no queue {command.queue}.")
    schedule = command.changes.schedule
    if schedule and not known_zone(schedule.zone):
        raise Invalid("invalid_time_zone", f"There is no time zone {schedule.zone}.")
    row = state.get(Queue, command.queue)
    before = row.rules if row else QueueRules()
    given = {name: getattr(command.changes, name) for name in command.changes.model_fields_set}
    after = before.model_copy(update={k: v for k, v in given.items() if v is not None})
    if after != before:
        yield QueueChanged(queue=command.queue, rules=after)


@model.query
async def list_queues(_: ListQueues, read: Read) -> Queues:
    """Every queue, also those without jobs, and the rules for all of them."""
    rules = {row.id: row.rules for row in await read.rows(Queue)}
    counts = await _counts(read)
    return Queues(
        items=tuple(
            QueueView(queue=name, **rules.get(name, QueueRules()).model_dump(), jobs=counts[name])
            for name in (ALL, *QUEUES)
        )
    )


async def open_queues(turn: Turn, now: datetime) -> list[str]:
    """Those that may send work out now."""
    known = {name: await turn.row(Queue, name) for name in (ALL, *QUEUES)}
    if not _may(known[ALL], now):
        return []
    return [name for name in QUEUES if _may(known[name], now)]


def _may(row: Queue | None, now: datetime) -> bool:
    return row is None or (not row.rules.paused and is_open(row.rules.schedule, now))


async def _counts(read: Read) -> dict[str, dict[str, int]]:
    jobs = read.table(Job).c
    query = sa.select(jobs.queue, jobs.state, sa.func.count()).where(jobs.state.in_(STATES))
    found = await read.connection.execute(query.group_by(jobs.queue, jobs.state))
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(STATES, 0) for name in (ALL, *QUEUES)}
    for queue, state, count in found:
        counts[queue][state] = count
        counts[ALL][state] += count
    return counts
