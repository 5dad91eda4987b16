"""The archive for people: what is in it, finding something, comparing it with the log, taking it
out."""

import hashlib
from collections.abc import Iterator, Sequence

import orjson
import sqlalchemy as sa

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.archive import (
    Bodies,
    CompareRecords,
    ExportRecords,
    FindRecords,
    GetLogStats,
    LogCompared,
    LogDifference,
    LogPlace,
    LogStats,
)
from mvidarr_common.messages.queries import Records
from mvidarr_common.messages.system import ParkedEdited

from .brain.model import ReadModel
from .brain.reading import Read
from .brain.schema import event_log, parked
from .history import page_of_records

model = ReadModel()

ROWS = 400
LARGEST = 600_000
"""Bytes of records in one answer: the broker carries a megabyte without trouble."""


@model.query
async def stats(_: GetLogStats, read: Read) -> LogStats:
    log = event_log.c
    size = sa.func.coalesce(sa.func.sum(sa.func.length(log.body)), 0)
    whole = sa.select(sa.func.count(), size, sa.func.min(log.time), sa.func.max(log.time))
    count, size_of_all, first, last = (await read.connection.execute(whole)).one()
    types = sa.select(log.type, sa.func.count()).group_by(log.type).order_by(log.type)
    return LogStats(
        log_id=read.checkpoint.log_id or "",
        records=count,
        offset=read.checkpoint.offset,
        bytes=size_of_all,
        first=first,
        last=last,
        types={row[0]: row[1] for row in await read.connection.execute(types)},
    )


@model.query
async def find(query: FindRecords, read: Read) -> Records:
    where: list[sa.ColumnElement[bool]] = []
    if query.contains:
        text = orjson.dumps(query.contains)[1:-1]
        where.append(event_log.c.body.bool_op("LIKE")(_inside(text)))
    if query.type_is:
        where.append(event_log.c.type.startswith(query.type_is, autoescape=True))
    if query.of:
        where.append(event_log.c.subject == query.of)
    return await page_of_records(read, sa.and_(sa.true(), *where), query.limit, query.cursor)


@model.query
async def compare(query: CompareRecords, read: Read) -> LogCompared:
    known = [place for place in query.places if place.offset <= read.checkpoint.offset]
    if not known:
        return LogCompared()
    log = event_log.c
    stretch = sa.and_(
        log.log_id == (read.checkpoint.log_id or ""),
        log.offset > query.after,
        log.offset <= known[-1].offset,
    )
    ours = sa.or_(log.id.in_([place.id for place in known]), stretch)
    rows = await read.connection.execute(sa.select(log.id, log.offset, log.body).where(ours))
    kept = {row.id: (row.offset, hashlib.sha256(row.body).hexdigest()) for row in rows}
    found = sorted(_differences(query.after, known, kept), key=lambda each: each.offset)
    edited = await _edited(read, [each.id for each in found])
    return LogCompared(differences=tuple(each for each in found if each.id not in edited))


@model.query
async def export(query: ExportRecords, read: Read) -> Bodies:
    """Folded records by their number; behind them the parked ones by their place in the log."""
    kind, number = _place(query.cursor)
    log = event_log.c
    key = log.seq if kind == "folded" else log.offset
    rows = sa.select(key, log.body).where(key > number).order_by(key).limit(ROWS)
    if kind == "parked":
        rows = rows.where(log.seq.is_(None), log.id.in_(sa.select(parked.c.id)))
    items, last = [], None
    for place, body in await read.connection.execute(rows):
        items.append(body.decode(errors="replace"))
        last = f"{kind}/{place}"
        if sum(map(len, items)) > LARGEST:
            break
    return Bodies(items=tuple(items), next=last or ("parked/-1" if kind == "folded" else None))


def _differences(
    after: int, found: Sequence[LogPlace], kept: dict[str, tuple[int, str]]
) -> Iterator[LogDifference]:
    for place in found:  # what was said twice is archived once, as it was said first
        offset, digest = kept.get(place.id, (place.offset, None))
        if digest is None:
            yield _differs(place.offset, place.id, "is not in the archive")
        elif offset == place.offset and digest != place.digest:
            yield _differs(place.offset, place.id, "is another in the archive")
    there = {place.id for place in found}
    for id, (offset, _) in kept.items():
        if id not in there and after < offset:
            yield _differs(offset, id, "is not in the log")


async def _edited(read: Read, ids: Sequence[str]) -> set[str]:
    """Those that the archive has as somebody has edited them while they were parked."""
    log = event_log.c
    subjects = [f"parked/{id}" for id in ids]
    edits = sa.select(log.subject).where(
        log.type == f"event.{ParkedEdited.wire}", log.subject.in_(subjects)
    )
    return {
        subject.removeprefix("parked/")
        for subject in (await read.connection.execute(edits)).scalars()
    }


def _differs(offset: int, id: str, what: str) -> LogDifference:
    return LogDifference(offset=offset, id=id, what=what)


def _inside(text: bytes) -> bytes:
    for special in (b"\\", b"%", b"_"):
        text = text.replace(special, b"\\" + special)
    return b"%" + text + b"%"


def _place(cursor: str | None) -> tuple[str, int]:
    kind, _, number = (cursor or "folded/0").partition("/")
    if kind not in ("folded", "parked") or not number.removeprefix("-").isdecimal():
        raise Invalid("invalid_cursor", "The cursor is none that this API gave.")
    return kind, int(number)
