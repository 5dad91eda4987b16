"""Reading the archive in the order of the log, for those who compare it with the log."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from .schema import event_log


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the archive has it."""

    id: str
    offset: int
    type: str
    body: bytes


_COLUMNS = (event_log.c.id, event_log.c.offset, event_log.c.type, event_log.c.body)


async def from_the_end(connection: AsyncConnection, log_id: str | None, back: int) -> Kept | None:
    """The record so many before the last of a log."""
    query = sa.select(*_COLUMNS).where(event_log.c.log_id == (log_id or ""))
    query = query.order_by(event_log.c.offset.desc(), event_log.c.id.desc())
    row = (await connection.execute(query.offset(back).limit(1))).first()
    return Kept(*row) if row else None


async def pages(
    connection: AsyncConnection, log_id: str | None, after: int, size: int
) -> AsyncIterator[Sequence[Kept]]:
    """Everything that a log held behind an offset, in its order."""
    key = sa.tuple_(event_log.c.offset, event_log.c.id)
    behind: sa.ColumnElement[bool] = event_log.c.offset > after
    while True:
        query = sa.select(*_COLUMNS).where(event_log.c.log_id == (log_id or ""), behind)
        query = query.order_by(event_log.c.offset, event_log.c.id).limit(size)
        found = [Kept(*row) for row in await connection.execute(query)]
        if not found:
            return
        yield found
        behind = key > sa.tuple_(found[-1].offset, found[-1].id)


async def newest(connection: AsyncConnection, type: str) -> bytes | None:
    """The folded record of this type that was folded last."""
    query = sa.select(event_log.c.body).where(event_log.c.type == type, event_log.c.seq > 0)
    body = await connection.scalar(query.order_by(event_log.c.seq.desc()).limit(1))
    return bytes(body) if body is not None else None


async def number_anew(connection: AsyncConnection, log_id: str, places: Mapping[str, int]) -> None:
    """These records stand at other offsets now."""
    statement = (
        sa.update(event_log)
        .where(event_log.c.id == sa.bindparam("record"))
        .values(offset=sa.bindparam("place"), log_id=log_id)
    )
    rows = [{"record": id, "place": offset} for id, offset in places.items()]
    await connection.execute(statement, rows)
