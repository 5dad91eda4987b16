"""What the log says: the history of a subject, the log itself, what is parked, and a summary."""

from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa

from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages.archive import GetParked, ParkedDetail
from mvidarr_common.messages.queries import (
    Facts,
    GetHistory,
    GetPosition,
    GetSystem,
    ListFacts,
    ListParked,
    ListRecords,
    ParkedMessages,
    ParkedView,
    Records,
    RecordView,
    Standing,
    SystemView,
)

from .brain.model import ReadModel
from .brain.reading import Read
from .brain.schema import event_log, parked
from .identity.users import User
from .jobs.jobs import ENDED, Job
from .library.video_states import in_states

model = ReadModel()


@model.query
async def history(query: GetHistory, read: Read) -> Records:
    """Oldest first: records about the subject, and all that have the same beginning as those."""
    beginnings = (
        sa.select(event_log.c.correlation_id).where(event_log.c.subject == query.of).distinct()
    )
    about = sa.or_(event_log.c.subject == query.of, event_log.c.correlation_id.in_(beginnings))
    return await page_of_records(read, about, query.limit, query.cursor)


@model.query
async def records(query: ListRecords, read: Read) -> Records:
    """All that a command has caused, or the log: upwards from an offset, else newest first."""
    if query.command_id is not None:
        id = query.command_id
        caused = sa.or_(event_log.c.causation_id == id, event_log.c.id == id)
        return await page_of_records(read, caused, query.limit, query.cursor)
    if query.after is not None:
        return await page_of_records(
            read, event_log.c.offset > query.after, query.limit, query.cursor
        )
    return await page_of_records(read, sa.true(), query.limit, query.cursor, newest_first=True)


@model.query
async def facts(query: ListFacts, read: Read) -> Facts:
    """By the order of folding: records of several logs have the same offsets."""
    log = event_log.c
    wanted = sa.and_(log.type.in_(query.types), log.seq.is_not(None))
    page = sa.select(log.offset, log.body).where(wanted).order_by(log.seq.desc())
    rows = await read.connection.execute(page.offset(query.skip).limit(query.limit))
    count = sa.select(sa.func.count()).select_from(event_log).where(wanted)
    total = await read.connection.scalar(count)
    return Facts(items=tuple(_records([(row[0], row[1]) for row in rows])), total=total)


@model.query
async def get_parked(query: GetParked, read: Read) -> ParkedDetail:
    listed = _parked_with_followers().where(parked.c.id == query.event_id)
    row = (await read.connection.execute(listed)).mappings().first()
    if row is None:
        raise NotFound("parked_not_found", "There is no such parked message.")
    body = row["body"]
    return ParkedDetail(
        **_parked(row).model_dump(),
        trace=row["trace"],
        record=record_view(row["offset"], body),
        body=body.decode(errors="replace"),
    )


@model.query
async def list_parked(query: ListParked, read: Read) -> ParkedMessages:
    listed = _parked_with_followers().order_by(parked.c.number).limit(query.limit)
    found = await read.connection.execute(listed)
    return ParkedMessages(items=tuple(_parked(row) for row in found.mappings()))


@model.query
async def system(_: GetSystem, read: Read) -> SystemView:
    count = await read.connection.scalar(sa.select(sa.func.count()).select_from(parked))
    return SystemView(
        log_id=read.checkpoint.log_id or "",
        offset=read.checkpoint.offset,
        generation=read.checkpoint.generation,
        users=len(await read.rows(User)),
        videos=await in_states(read),
        jobs=await read.counts(Job, "state"),
        queues=await _queues(read),
        parked=count or 0,
        database_type=read.connection.dialect.name,
        database_version=await _version(read),
    )


@model.query
async def position(query: GetPosition, read: Read) -> Standing:
    still = read.stillness.promise(read.checkpoint) if query.still else 0.0
    now = read.checkpoint
    return Standing(log_id=now.log_id or "", offset=now.offset, still=still)


async def _version(read: Read) -> str:
    """The server's own word, but for what it was built with."""
    said = await read.connection.scalar(sa.text("SELECT version()"))
    return str(said).removeprefix("PostgreSQL ").partition(" ")[0]


async def _queues(read: Read) -> dict[str, dict[str, int]]:
    """Jobs that have not ended, by queue and state."""
    jobs = read.table(Job).c
    query = (
        sa.select(jobs.queue, jobs.state, sa.func.count())
        .where(jobs.state.not_in(ENDED))
        .group_by(jobs.queue, jobs.state)
    )
    found: dict[str, dict[str, int]] = {}
    for queue, state, count in await read.connection.execute(query):
        found.setdefault(queue, {})[state] = count
    return found


async def page_of_records(
    read: Read,
    where: sa.ColumnElement[bool],
    limit: int,
    cursor: str | None,
    *,
    newest_first: bool = False,
) -> Records:
    """Records by offset, and the cursor of the next page."""
    offset = event_log.c.offset
    query = sa.select(offset, event_log.c.body).where(where).limit(limit + 1)
    if cursor is not None:
        last = _offset(cursor)
        query = query.where(offset < last if newest_first else offset > last)
    query = query.order_by(offset.desc() if newest_first else offset)
    rows = [(row[0], row[1]) for row in await read.connection.execute(query)]
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    return Records(items=tuple(_records(rows[:limit])), next=more)


def _offset(cursor: str) -> int:
    if not cursor.isdecimal():
        raise Invalid("invalid_cursor", "The cursor is none that this API gave.")
    return int(cursor)


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


def _parked_with_followers() -> sa.Select[Any]:
    waiting = sa.select(sa.func.count()).where(
        (other := parked.alias()).c.subject == parked.c.subject, other.c.number > parked.c.number
    )
    return sa.select(parked, waiting.scalar_subquery().label("waiting"))


def record_view(offset: int, body: bytes) -> RecordView | None:
    """The record as people see it, as far as it can be read."""
    try:
        return next(iter(_records([(offset, body)])))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


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
