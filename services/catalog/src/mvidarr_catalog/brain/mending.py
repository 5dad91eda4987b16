"""Give a log that has lost its tail, or everything, back what the archive still has.

A stream does not fsync: after a power cut it may end before the checkpoint, and an operator may
lose it whole. The archive has every record that was read, so they are appended again, to the log
alone: no queue sees them, and no job runs again. Whatever else the log holds is read as usual.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common.bus import After, Bus, FromFirst, Record
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import (
    LogError,
    LogReplaced,
    LogRewound,
    LogTruncated,
    Unavailable,
    Undecodable,
)
from mvidarr_common.messages.system import LogStarted, RestoreLog

from . import archive, store
from .archive import Kept
from .mind import SOURCE
from .store import Checkpoint

log = logging.getLogger(__name__)

CHUNK = 500
GENESIS = f"event.{LogStarted.wire}"
"""A log has one beginning: that of a log which is gone stays in the archive."""
QUIET = 2.0
"""Seconds without a record after which a log that nobody has led counts as read to its end."""


@dataclass(frozen=True, slots=True)
class Mended:
    """Where to go on, and how many records the log was given back."""

    checkpoint: Checkpoint
    records: int


async def mend(
    connection: AsyncConnection, bus: Bus, lost: Checkpoint, said: Iterable[Envelope]
) -> Mended:
    """Make the log whole again. `said` was published and is not archived. Raises LogError with a
    sentence when the log belongs to another library."""
    place = await _last_held(connection, bus, lost) or await _beginning(connection, bus, lost)
    start = After(place.offset, place.event_id)
    held = {_id_of(record) async for record in _to_the_end(bus, start)}
    missing = [each for each in said if each.id not in held]
    last, given = await _append(connection, bus, lost, place.offset, held, missing)
    if last is not None:
        await _number_anew(connection, bus, start, place.log_id or "", last)
    return Mended(place, given)


async def _last_held(connection: AsyncConnection, bus: Bus, lost: Checkpoint) -> Checkpoint | None:
    """A record that archive and log share: one a little before the end, else twice as far back."""
    back = 0
    while kept := await archive.from_the_end(connection, lost.log_id, back):
        place = replace(lost, offset=kept.offset, event_id=kept.id)
        try:
            async with bus.read_log(After(kept.offset, kept.id)) as reader:
                if reader.log_id in (None, lost.log_id):
                    return place
        except LogTruncated:
            return None
        except LogError as error:
            log.info("looking further back: %s", error)
        back = back * 2 + 1
    return None


async def _beginning(connection: AsyncConnection, bus: Bus, lost: Checkpoint) -> Checkpoint:
    """The place before the first record of a log that is ours, or nobody's."""
    try:
        return await _adopted(connection, bus, lost)
    except LogRewound:
        await bus.append(())  # makes the log, where there is none
        return await _adopted(connection, bus, lost)


async def _adopted(connection: AsyncConnection, bus: Bus, lost: Checkpoint) -> Checkpoint:
    async with bus.read_log(FromFirst()) as reader:
        log_id = reader.log_id
    if log_id != lost.log_id:
        await _require_nobodys(connection, bus, lost, log_id)
    return replace(lost, offset=-1, event_id=None, log_id=log_id)


async def _require_nobodys(
    connection: AsyncConnection, bus: Bus, lost: Checkpoint, log_id: str | None
) -> None:
    """A log in which another catalog has decided is another library's, unless somebody has said
    in it that ours shall be restored there."""
    ours = {decode(body).id for body in await store.read_outbox(connection)}
    theirs: str | None = None if log_id else "its beginning is gone"
    async for record in _to_the_end(bus, After(-1)):
        envelope = _read(record)
        if envelope is None:
            continue
        if isinstance(envelope.message, RestoreLog) and envelope.message.log_id == lost.log_id:
            return
        if theirs is None and envelope.source == SOURCE and envelope.id not in ours:
            known = await store.known_ids(connection, [envelope.id])
            theirs = None if known else f"it holds {envelope.type} {envelope.id}"
    if theirs is not None:
        raise LogReplaced(
            f"The log {log_id or 'on the broker'} is not the one of this library ({lost.log_id}): "
            f"{theirs}. Connect the right broker, or put this library's records into it with "
            "`mvidarr log restore`."
        )


async def _append(
    connection: AsyncConnection,
    bus: Bus,
    lost: Checkpoint,
    after: int,
    held: set[str],
    said: Sequence[Envelope],
) -> tuple[str | None, int]:
    """The id of the last record that was appended, and how many there were."""
    last, given = None, 0
    async for kept in archive.pages(connection, lost.log_id, after, CHUNK):
        missing = [each for each in kept if each.id not in held and each.type != GENESIS]
        await bus.append([(_key(each), each.body) for each in missing])
        given += len(missing)
        last = missing[-1].id if missing else last
    await bus.append([(each.routing_key, each.encode()) for each in said])
    return (said[-1].id if said else last), given + len(said)


async def _number_anew(
    connection: AsyncConnection, bus: Bus, start: After, log_id: str, last: str
) -> None:
    """What was appended has other offsets than before: the archive shall name those."""
    async with bus.read_log(start) as reader:
        while records := await reader.batch(CHUNK, 10.0):
            places = {_id_of(record): record.offset for record in records}
            await archive.number_anew(connection, log_id, places)
            if last in places:
                return
    raise Unavailable("log_slow", "The log does not yet show what was appended to it.")


async def _to_the_end(bus: Bus, start: After) -> AsyncIterator[Record]:
    async with bus.read_log(start) as reader:
        while records := await reader.batch(CHUNK, QUIET):
            for record in records:
                yield record


def _read(record: Record) -> Envelope | None:
    try:
        return decode(record.body)
    except Undecodable:
        return None


def _id_of(record: Record) -> str:
    try:
        return str(orjson.loads(record.body)["id"])
    except (ValueError, TypeError, KeyError):
        return f"offset-{record.offset}"


def _key(kept: Kept) -> str:
    try:
        return decode(kept.body).routing_key
    except Undecodable:
        return kept.type
