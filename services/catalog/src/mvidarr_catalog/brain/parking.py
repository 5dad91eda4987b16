"""Messages that could not be folded or decided: tried again, or discarded, when somebody asks."""

from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common.envelope import Envelope, decode, following
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Event
from mvidarr_common.messages.system import (
    CommandRejected,
    DiscardParked,
    EditParked,
    ParkedDiscarded,
    ParkedEdited,
    ParkedRetried,
    RetryParked,
)

from . import store
from .defects import DEFECTS, trace_of
from .mind import SOURCE
from .store import ParkedRecord
from .transactions import Work

ABOUT_PARKED = (RetryParked, DiscardParked, EditParked)
WAITS = "waits behind an earlier message of its subject"
"""Why a record is set aside that has done nothing wrong."""
Attended = ParkedRetried | ParkedDiscarded | ParkedEdited


class Thinking(Protocol):
    """What a turn offers to whoever folds and decides messages out of their order."""

    connection: AsyncConnection
    work: Work
    held: set[str]

    async def think(self, envelope: Envelope) -> None:
        """Fold one message and decide what follows; on an error nothing of it stays."""

    def next_seq(self) -> int:
        """The number of the record that is folded now."""
        ...


async def decide(connection: AsyncConnection, envelope: Envelope) -> Envelope:
    """What follows from a command about parked messages."""
    records = await store.parked_records(connection)
    return following(envelope, _decision(envelope, records), source=SOURCE)


async def attend(turn: Thinking, event: Attended) -> None:
    """Fold and decide parked messages again, each with those that wait behind it."""
    ids = event.event_ids if isinstance(event, ParkedRetried) else (event.event_id,)
    await turn.work.begin()
    records = await store.parked_records(turn.connection)
    if isinstance(event, ParkedDiscarded):
        await store.unpark(turn.connection, event.event_id)
    if isinstance(event, ParkedEdited):
        await _edit(turn.connection, records, event)
    subjects = {record.subject for record in records if record.id in ids}
    for subject in sorted(subjects):
        await _retry_subject(turn, subject)


async def _retry_subject(turn: Thinking, subject: str) -> None:
    turn.held.discard(subject)
    for record in await store.parked_records(turn.connection, subject=subject):
        if not await _retry(turn, record):
            turn.held.add(subject)
            return


async def _retry(turn: Thinking, record: ParkedRecord) -> bool:
    try:
        await turn.think(decode(record.body))
    except (*DEFECTS, Undecodable) as error:
        reason = f"{type(error).__name__}: {error}"
        await store.still_parked(turn.connection, record.id, reason, trace_of(error))
        return False
    await store.number_archived(turn.connection, record.id, turn.next_seq())
    await store.unpark(turn.connection, record.id)
    return True


async def _edit(
    connection: AsyncConnection, records: Sequence[ParkedRecord], event: ParkedEdited
) -> None:
    """The archive has it as it shall be folded; the log keeps what was said, and the edit."""
    for record in records:
        if record.id == event.event_id:
            body = edited(record.body, event.changes)
            await store.edit_parked(connection, record.id, body, decode(body).subject)


def edited(body: bytes, changes: dict[str, Any]) -> bytes:
    """The body with other values in its data; raises Undecodable if that makes no message."""
    try:
        raw = orjson.loads(body)
        changed = orjson.dumps(raw | {"data": raw["data"] | changes})
    except (ValueError, TypeError, KeyError) as error:
        raise Undecodable(f"its fields cannot be changed: {error}") from error
    decode(changed)
    return changed


def _decision(envelope: Envelope, records: Sequence[ParkedRecord]) -> Event:
    command, parked = envelope.message, [record.id for record in records]
    if isinstance(command, RetryParked) and command.event_id is None and parked:
        return ParkedRetried(event_ids=tuple(parked))
    if isinstance(command, RetryParked) and command.event_id and command.event_id in parked:
        return ParkedRetried(event_ids=(command.event_id,))
    if isinstance(command, DiscardParked) and command.event_id in parked:
        return ParkedDiscarded(event_id=command.event_id, reason=command.reason)
    if isinstance(command, EditParked):
        return _edit_decision(envelope.id, command, records)
    return _not_found(envelope.id, command.wire)


def _edit_decision(id: str, command: EditParked, records: Sequence[ParkedRecord]) -> Event:
    record = next((each for each in records if each.id == command.event_id), None)
    if record is None:
        return _not_found(id, command.wire)
    if record.offset < 0:
        why = "It never was in the log, so there is nothing to fold: discard it."
        return CommandRejected(command_id=id, command=command.wire, code="parked_dead", message=why)
    try:
        edited(record.body, command.changes)
    except Undecodable as error:
        return CommandRejected(
            command_id=id, command=command.wire, code="invalid_record", message=error.message
        )
    return ParkedEdited(event_id=command.event_id, changes=command.changes, reason=command.reason)


def _not_found(id: str, wire: str) -> CommandRejected:
    return CommandRejected(
        command_id=id,
        command=wire,
        code="parked_not_found",
        message="There is no such parked message.",
    )
