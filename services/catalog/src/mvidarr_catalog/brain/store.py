"""Every statement that the leader sends to the database, one function each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common.envelope import Envelope

from .driver import fetch, rows_of
from .mind import Timer
from .rows import Row, from_columns, table_of
from .schema import checkpoint, event_log, outbox, parked, timers
from .state import Key, Rows
from .writes import Writes

LAST = 2**63 - 1
"""No number of a record is greater."""
TIMERS = 500
"""Timers that go off in one turn."""


class Fenced(Exception):
    """Another leader has moved the checkpoint: this one must not write any more."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the log is folded; `seq` counts folded records."""

    log_id: str | None
    offset: int
    event_id: str | None
    epoch: int
    generation: int
    signature: str
    seq: int


@dataclass(frozen=True, slots=True)
class Archived:
    """A record as the archive keeps it; `seq` is None while it is parked."""

    id: str
    seq: int | None
    offset: int
    type: str
    subject: str
    time: datetime
    correlation_id: str
    causation_id: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record that waits for somebody to look at it."""

    id: str
    offset: int
    type: str
    subject: str
    error: str
    trace: str | None
    body: bytes


_CHECKPOINT = sa.select(checkpoint)
_LOCKED = _CHECKPOINT.with_for_update()
_MOVE = (
    sa.update(checkpoint)
    .where(checkpoint.c.offset == sa.bindparam("old_offset"))
    .where(checkpoint.c.epoch == sa.bindparam("old_epoch"))
    .values({name: sa.bindparam(f"new_{name}") for name in Checkpoint.__dataclass_fields__})
)
_FOLDED = (
    sa.select(event_log.c.seq, event_log.c.body)
    .where(event_log.c.seq > sa.bindparam("after"), event_log.c.seq <= sa.bindparam("last"))
    .order_by(event_log.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_DUE = (
    sa.select(timers.c.id, timers.c.body)
    .where(timers.c.due <= sa.bindparam("now"))
    .order_by(timers.c.due, timers.c.id)
    .limit(TIMERS)
)
"""Statements of every turn, built once: building one takes longer than running it."""


async def ensure_schema(connection: AsyncConnection) -> None:
    """Make the brain's own tables and the first checkpoint where they are missing."""
    await connection.run_sync(checkpoint.metadata.create_all)
    first = {"id": 1, "offset": -1, "epoch": 0, "generation": 0, "signature": "", "seq": 0}
    async with Writes(connection) as writes:
        writes.insert_new(checkpoint, [first])


async def ensure_tables(
    connection: AsyncConnection, rows: Iterable[type[Row]], generation: int
) -> None:
    """Make the read model's tables of a generation."""
    for row in rows:
        await connection.run_sync(table_of(row, generation).create, checkfirst=True)


async def drop_tables(
    connection: AsyncConnection, rows: Iterable[type[Row]], generation: int
) -> None:
    """Remove the read model's tables of a generation."""
    for row in rows:
        await connection.run_sync(table_of(row, generation).drop, checkfirst=True)


async def read_checkpoint(connection: AsyncConnection, *, lock: bool = False) -> Checkpoint:
    """The one row."""
    found = await fetch(connection, _LOCKED if lock else _CHECKPOINT)
    if not found:
        raise sa.exc.NoResultFound("there is no checkpoint yet")
    return Checkpoint(**{key: value for key, value in found[0].items() if key != "id"})


async def take_over(connection: AsyncConnection) -> Checkpoint:
    """Begin an epoch: whoever led before can commit nothing more."""
    now = await read_checkpoint(connection, lock=True)
    mine = replace(now, epoch=now.epoch + 1)
    await connection.execute(sa.update(checkpoint).values(epoch=mine.epoch))
    return mine


async def move_checkpoint(writes: Writes, old: Checkpoint, new: Checkpoint) -> None:
    """Write all this, and compare and set: the fence. Raises Fenced when the row is not as this
    leader left it."""
    values = {f"new_{name}": getattr(new, name) for name in Checkpoint.__dataclass_fields__}
    fence = {"old_offset": old.offset, "old_epoch": old.epoch}
    writes.change(_MOVE, values | fence)
    if await writes.send() != 1:
        raise Fenced(f"epoch {old.epoch} is over")


async def known_ids(connection: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are archived already."""
    return {row["id"] for row in await rows_of(connection, event_log, ids, "id")}


async def load_rows(
    connection: AsyncConnection, keys: Iterable[Key], generation: int
) -> tuple[Rows, set[type[Row]]]:
    """The rows of these keys, None where there is none, and the tables that were read whole."""
    wanted: dict[type[Row], set[str]] = {}
    for row, id in keys:
        wanted.setdefault(row, set()).add(id)
    rows: Rows = {}
    for row, ids in wanted.items():
        table, whole = table_of(row, generation), "" in ids
        rows |= {} if whole else {(row, id): None for id in ids}
        found = fetch(connection, sa.select(table)) if whole else rows_of(connection, table, ids)
        for columns in await found:
            rows[row, columns["id"]] = from_columns(row, columns)
    return rows, {row for row, ids in wanted.items() if "" in ids}


def save_rows(writes: Writes, changes: Rows, generation: int) -> None:
    """Write changed rows in bulk, and delete those that are None."""
    puts: dict[type[Row], list[Row]] = {}
    drops: dict[type[Row], list[str]] = {}
    for (kind, id), row in changes.items():
        if row is None:
            drops.setdefault(kind, []).append(id)
        else:
            puts.setdefault(kind, []).append(row)
    for kind, ids in drops.items():
        writes.delete(table_of(kind, generation), ids)
    for kind, rows in puts.items():
        writes.upsert(table_of(kind, generation), rows)


def archive(writes: Writes, log_id: str | None, records: Sequence[Archived]) -> None:
    """Store records; one that is there already stays as it is."""
    rows = [
        {name: getattr(record, name) for name in Archived.__dataclass_fields__}
        | {"log_id": log_id or ""}
        for record in records
    ]
    writes.insert_new(event_log, rows)


async def number_archived(connection: AsyncConnection, id: str, seq: int) -> None:
    """A parked record was folded, as the seq-th."""
    await connection.execute(sa.update(event_log).where(event_log.c.id == id).values(seq=seq))


async def read_archive(
    connection: AsyncConnection, after_seq: int, limit: int, last_seq: int = LAST
) -> Sequence[tuple[int, bytes]]:
    """Folded records in the order of folding."""
    wanted = {"after": after_seq, "last": last_seq, "most": limit}
    rows = await fetch(connection, _FOLDED, wanted)
    return [(row["seq"], row["body"]) for row in rows]


def add_to_outbox(writes: Writes, envelopes: Sequence[Envelope]) -> None:
    """Decisions that shall be published, in this order."""
    rows = [{"id": envelope.id, "body": envelope.encode()} for envelope in envelopes]
    writes.insert_new(outbox, rows)


def clear_outbox(writes: Writes, ids: Sequence[str]) -> None:
    """They were seen in the log."""
    writes.delete(outbox, ids)


async def read_outbox(connection: AsyncConnection) -> Sequence[bytes]:
    """What has not come back yet, oldest first."""
    query = sa.select(outbox.c.body).order_by(outbox.c.number)
    return list((await connection.execute(query)).scalars())


def add_timers(writes: Writes, wanted: Sequence[Timer]) -> None:
    """What the clock shall say."""
    rows = [
        {"id": timer.envelope.id, "due": timer.due, "body": timer.envelope.encode()}
        for timer in wanted
    ]
    writes.insert_new(timers, rows)


async def due_timers(connection: AsyncConnection, now: datetime) -> Sequence[tuple[str, bytes]]:
    """What is due, oldest first."""
    rows = await fetch(connection, _DUE, {"now": now})
    return [(row["id"], row["body"]) for row in rows]


def clear_timers(writes: Writes, ids: Sequence[str]) -> None:
    """They are said."""
    writes.delete(timers, ids)


def park(writes: Writes, records: Sequence[ParkedRecord]) -> None:
    """Set records aside with their error."""
    now = datetime.now(UTC)
    rows = [
        {name: getattr(record, name) for name in ParkedRecord.__dataclass_fields__}
        | {"parked": now}
        for record in records
    ]
    writes.insert_new(parked, rows)


async def parked_records(
    connection: AsyncConnection, *, subject: str | None = None
) -> Sequence[ParkedRecord]:
    """Parked records, oldest first."""
    query = sa.select(parked).order_by(parked.c.number)
    query = query if subject is None else query.where(parked.c.subject == subject)
    names = ParkedRecord.__dataclass_fields__
    found = (await connection.execute(query)).mappings()
    return [ParkedRecord(**{name: row[name] for name in names}) for row in found]


async def unpark(connection: AsyncConnection, id: str) -> None:
    """It is folded, or discarded."""
    await connection.execute(sa.delete(parked).where(parked.c.id == id))


async def edit_parked(connection: AsyncConnection, id: str, body: bytes, subject: str) -> None:
    """It shall be folded as this."""
    await connection.execute(sa.update(parked).where(parked.c.id == id).values(body=body))
    await connection.execute(
        sa.update(event_log).where(event_log.c.id == id).values(body=body, subject=subject)
    )


async def still_parked(connection: AsyncConnection, id: str, error: str, trace: str | None) -> None:
    """It was tried again, and this is why it stays."""
    await connection.execute(
        sa.update(parked).where(parked.c.id == id).values(error=error, trace=trace)
    )
