"""Messages that could not be folded or decided: tried again, or discarded, when somebody asks."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common.envelope import Envelope, decode, following
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Event
from mvidarr_common.messages.system import (
    CommandRejected,
    DiscardParked,
    ParkedDiscarded,
    ParkedRetried,
    RetryParked,
)

from . import store
from .defects import DEFECTS, trace_of
from .mind import SOURCE
from .store import ParkedRecord

ABOUT_PARKED = (RetryParked, DiscardParked)


class Thinking(Protocol):
    """What a turn offers to whoever folds and decides messages out of their order."""

    connection: AsyncConnection
    held: set[str]

    async def think(self, envelope: Envelope) -> None:
        """Fold one message and decide what follows; on an error nothing of it stays."""

    def next_seq(self) -> int:
        """The number of the record that is folded now."""
        ...


async def decide(connection: AsyncConnection, envelope: Envelope) -> Envelope:
    """What follows from a command about parked messages."""
    ids = [record.id for record in await store.parked_records(connection)]
    return following(envelope, _decision(envelope, ids), source=SOURCE)


async def attend(turn: Thinking, event: ParkedRetried | ParkedDiscarded) -> None:
    """Fold and decide parked messages again, each with those that wait behind it."""
    ids = event.event_ids if isinstance(event, ParkedRetried) else (event.event_id,)
    records = await store.parked_records(turn.connection)
    if isinstance(event, ParkedDiscarded):
        await store.unpark(turn.connection, event.event_id)
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


def _decision(envelope: Envelope, parked: Sequence[str]) -> Event:
    command = envelope.message
    if isinstance(command, RetryParked) and command.event_id is None and parked:
        return ParkedRetried(event_ids=tuple(parked))
    if isinstance(command, RetryParked) and command.event_id and command.event_id in parked:
        return ParkedRetried(event_ids=(command.event_id,))
    if isinstance(command, DiscardParked) and command.event_id in parked:
        return ParkedDiscarded(event_id=command.event_id, reason=command.reason)
    return CommandRejected(
        command_id=envelope.id,
        command=command.wire,
        code="parked_not_found",
        message="There is no such parked message.",
    )
