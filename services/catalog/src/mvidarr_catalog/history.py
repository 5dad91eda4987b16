"""What the log says: the history of a subject, the log itself, what is parked, and a summary."""

from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa

from mvidarr_common.messages.queries import (
    GetHistory,
    GetSystem,
    ListParked,
    ListRecords,
    ParkedMessages,
    ParkedView,
    Records,
    RecordView,
    SystemView,
)

from .brain.model import ReadModel
from .brain.reading import Read
from .brain.schema import event_log, parked
from .identity.users import User
from .jobs.jobs import Job
from .library.videos import Video

model = ReadModel()


@model.query
async def history(query: GetHistory, read: Read) -> Records:
    """Oldest first: records about the subject, and all that have the same beginning as those."""
    beginnings = (
        sa.select(event_log.c.correlation_id).where(event_log.c.subject == query.of).distinct()
    )
    about = sa.or_(event_log.c.subject == query.of, event_log.c.correlation_id.in_(beginnings))
    return await _page(read, about, query.limit, query.cursor)


@model.query
async def records(query: ListRecords, read: Read) -> Records:
    """Upwards from an offset, or all that a command has caused."""
    where: sa.ColumnElement[bool] = event_log.c.offset > (
        -1 if query.after is None else query.after
    )
    if query.command_id is not None:
        where = sa.or_(
            event_log.c.causation_id == query.command_id, event_log.c.id == query.command_id
        )
    return await _page(read, where, query.limit, query.cursor)


@model.query
async def list_parked(query: ListParked, read: Read) -> ParkedMessages:
    waiting = sa.select(sa.func.count()).where(
        (other := parked.alias()).c.subject == parked.c.subject, other.c.number > parked.c.number
    )
    found = await read.connection.execute(
        sa.select(parked, waiting.scalar_subquery().label("waiting"))
        .order_by(parked.c.number)
        .limit(query.limit)
    )
    return ParkedMessages(items=tuple(_parked(row) for row in found.mappings()))


@model.query
async def system(_: GetSystem, read: Read) -> SystemView:
    count = await read.connection.scalar(sa.select(sa.func.count()).select_from(parked))
    return SystemView(
        log_id=read.checkpoint.log_id or "",
        offset=read.checkpoint.offset,
        generation=read.checkpoint.generation,
        users=len(await read.rows(User)),
        videos=await read.counts(Video, "state"),
        jobs=await read.counts(Job, "state"),
        parked=count or 0,
    )


async def _page(
    read: Read, where: sa.ColumnElement[bool], limit: int, cursor: str | None
) -> Records:
    after = event_log.c.offset > int(cursor) if cursor and cursor.isdigit() else sa.true()
    query = (
        sa.select(event_log.c.offset, event_log.c.body)
        .where(where, after)
        .order_by(event_log.c.offset)
        .limit(limit + 1)
    )
    rows = [(offset, body) for offset, body in await read.connection.execute(query)]
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    return Records(items=tuple(_records(rows[:limit])), next=more)


def _records(rows: Iterable[tuple[int, bytes]]) -> Iterable[RecordView]:
    for offset, body in rows:
        raw: dict[str, Any] = orjson.loads(body)
        yield RecordView(
            offset=offset,
            id=raw["id"],
            type=raw["type"],
            kind=raw["type"].partition(".")[0],
            subject=raw["subject"],
            time=raw["time"],
            source=raw["source"],
            actor=raw.get("actor"),
            correlation_id=raw["correlationid"],
            causation_id=raw.get("causationid"),
            data=raw["data"],
        )


def _parked(row: Any) -> ParkedView:
    return ParkedView(
        event_id=row["id"],
        offset=row["offset"],
        type=row["type"],
        subject=row["subject"],
        error=row["error"],
        parked=row["parked"],
        waiting=row["waiting"],
    )
