"""Batches of jobs: what is asked for at once is done a part in each turn.

The specs of a batch stay in the archive, in the command that brought them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from mvidarr_catalog.brain.driver import fetch
from mvidarr_catalog.brain.filters import matching
from mvidarr_catalog.brain.mind import SOURCE
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.portions import behind, has_room, on_their_way
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row, table_of
from mvidarr_catalog.brain.schema import event_log
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.batches import (
    BatchAdvanced,
    BatchStarted,
    BatchView,
    ChangeJobs,
    EnqueueJobs,
    GetBatch,
)
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import AnySpec, CancelJob, JobAdded, RetryJob
from mvidarr_common.messages.steering import PauseJob, ResumeJob
from mvidarr_common.messages.system import CommandRejected

from .job_queries import FIELDS
from .jobs import Job, Origin, origin_of, site_of
from .quotas import require_room

PART = 200
"""Jobs of a batch in one turn: others are heard in between."""
AT_ONCE = 10
"""Batches that go on in one turn: the oldest."""
DEEDS: dict[str, type[CancelJob] | type[PauseJob] | type[ResumeJob] | type[RetryJob]] = {
    "cancel": CancelJob, "pause": PauseJob, "resume": ResumeJob, "retry": RetryJob
}  # fmt: skip


class Batch(Row, table="batches", subject="batch", indexes=(("cursor",),)):
    """One batch, by the id of its command; `cursor` is None when it has ended."""

    deed: str
    filter: str | None
    total: int | None
    for_subject: str | None
    priority: int
    done: int
    refused: int
    cursor: str | None
    began: datetime
    origin: Origin


model = ReadModel(rows=(Batch,), version=1)


@model.fold
def started(event: BatchStarted, cause: Envelope, state: State) -> None:
    state.put(
        Batch(
            id=event.batch_id, deed=event.deed, filter=event.filter, total=event.total,
            for_subject=event.for_subject, priority=event.priority, done=0, refused=0, cursor="",
            began=cause.time, origin=origin_of(cause),
        )
    )  # fmt: skip


@model.fold
def advanced(event: BatchAdvanced, _: Envelope, state: State) -> None:
    batch = state.get(Batch, event.batch_id)
    if batch:
        state.put(_after(batch, event))


@model.decide
def enqueue(command: EnqueueJobs, cause: Envelope, state: Known) -> Iterator[Decision]:
    require_room(state, cause.actor, len(command.specs))
    yield BatchStarted(
        batch_id=cause.id,
        deed="enqueue",
        total=len(command.specs),
        for_subject=command.for_subject,
        priority=command.priority,
    )


@model.decide
def change(command: ChangeJobs, cause: Envelope, _: Known) -> Iterator[Decision]:
    """A filter that cannot be used is refused now."""
    matching(command.filter, FIELDS, table_of(Job, 0))
    yield BatchStarted(batch_id=cause.id, deed=command.deed, filter=command.filter)


@model.query
async def get(query: GetBatch, read: Read) -> BatchView:
    batch = await read.one(Batch, query.id, "batch")
    return BatchView(
        id=batch.id, deed=batch.deed, filter=batch.filter, total=batch.total, done=batch.done,
        refused=batch.refused, ended=batch.cursor is None, began=batch.began,
    )  # fmt: skip


class Batches:
    """A chore of the leader: go on with every batch that has not ended."""

    def __init__(self) -> None:
        self._specs: dict[str, Sequence[AnySpec]] = {}
        self._going = True
        """An earlier leader may have left some."""

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """One part of each, unless much is on its way already. Nobody pays for what is not."""
        began = any(isinstance(message, BatchStarted) for message in turn.said.folded)
        self._going = self._going or began
        if not self._going or not has_room(turn):
            return
        found = await fetch(await turn.tables(), _going(turn.checkpoint.generation))
        self._going = bool(found)
        for row in found:
            id = row["id"]
            batch = _as_expected(turn, await turn.row(Batch, id))
            if batch is None or batch.cursor is None:
                self._specs.pop(id, None)
            elif batch.deed == "enqueue":
                await self._enqueue(turn, batch, now)
            else:
                await _change(turn, batch, now)

    async def _enqueue(self, turn: Turn, batch: Batch, now: datetime) -> None:
        if batch.id not in self._specs:
            self._specs[batch.id] = await _specs_of(turn, batch.id)
        specs = self._specs[batch.id]
        end = min(batch.done + PART, len(specs))
        for number in range(batch.done, end):
            job = JobAdded(
                job_id=JobId(derive(batch.id, "job", number)),
                spec=specs[number],
                for_subject=batch.for_subject,
                priority=batch.priority,
                site=site_of(specs[number]),
            )
            await turn.say(_said(batch, job, number, now))
        await _advance(turn, batch, now, end, 0, str(end) if end < len(specs) else None)


@cache
def _going(generation: int) -> sa.Select[Any]:
    table = table_of(Batch, generation).c
    query = sa.select(table.id).where(table.cursor.is_not(None))
    return query.order_by(table.began, table.id).limit(AT_ONCE)


async def _change(turn: Turn, batch: Batch, now: datetime) -> None:
    """Decide each as if it were asked for alone; what comes of it names the batch as its cause."""
    ids = await _next_ids(turn, batch)
    refused = 0
    for id in ids:
        command = DEEDS[batch.deed](job_id=JobId(id))
        refused += not await _do(turn, batch, command, id, now)
    cursor = ids[-1] if len(ids) == PART else None
    done = batch.done + len(ids) - refused
    await _advance(turn, batch, now, done, batch.refused + refused, cursor)


async def _do(turn: Turn, batch: Batch, command: Command, id: str, now: datetime) -> bool:
    decided = await turn.with_rows(turn.mind.decide, _said(batch, command, id, now))
    if any(isinstance(each.message, CommandRejected) for each in decided.events):
        return False
    for event in decided.events:
        await turn.say(replace(event, causation_id=batch.id))
    turn.said.signals += decided.signals
    return True


async def _next_ids(turn: Turn, batch: Batch) -> list[str]:
    """The next of those that match and were there when it was asked for."""
    jobs = table_of(Job, turn.checkpoint.generation)
    wanted = (jobs.c.added <= batch.began, *matching(batch.filter, FIELDS, jobs))
    return await behind(turn, Job, batch.cursor or "", PART, *wanted)


async def _advance(
    turn: Turn, batch: Batch, now: datetime, done: int, refused: int, cursor: str | None
) -> None:
    word = BatchAdvanced(batch_id=batch.id, done=done, refused=refused, cursor=cursor)
    await turn.say(_said(batch, word, batch.cursor or "", now))


async def _specs_of(turn: Turn, id: str) -> Sequence[AnySpec]:
    query = sa.select(event_log.c.body).where(event_log.c.id == id)
    command = decode(bytes((await (await turn.tables()).execute(query)).scalar_one())).message
    assert isinstance(command, EnqueueJobs)
    return command.specs


def _as_expected(turn: Turn, batch: Batch | None) -> Batch | None:
    """How far it is, with the parts that are on their way."""
    for word in on_their_way(turn, "batch_id", batch.id) if batch else ():
        batch = _after(batch, word) if batch and isinstance(word, BatchAdvanced) else batch
    return batch


def _after(batch: Batch, word: BatchAdvanced) -> Batch:
    return batch.changed(done=word.done, refused=word.refused, cursor=word.cursor)


def _said(batch: Batch, message: Message, nth: int | str, now: datetime) -> Envelope:
    return Envelope(
        message=message,
        id=derive(batch.id, message.wire, nth),
        source=SOURCE,
        time=now,
        correlation_id=batch.origin.correlation_id,
        causation_id=batch.id,
        actor=batch.origin.actor,
        traceparent=batch.origin.traceparent,
    )
