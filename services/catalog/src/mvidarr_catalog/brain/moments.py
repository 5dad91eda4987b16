"""Folding a part of the archive, up to a moment, into temporary tables of one connection."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Invalid

from . import store
from .ahead import keys_ahead
from .mind import Mind
from .model import ReadModel, brain_of
from .rows import PASSING, indexes_of, table_of
from .schema import event_log
from .state import ROWS_IN_MEMORY, Key, NotLoaded
from .writes import Writes

CHUNK = 1000
MOST = 2_000_000
"""Records that may be folded to show a moment: a minute or two of work."""


@dataclass
class Moment:
    """Some read models as they were when `seq` records were folded; `where` may leave out records
    that do not matter."""

    connection: AsyncConnection
    mind: Mind
    where: tuple[sa.ColumnElement[bool], ...] = ()
    seq: int = 0

    async def go_to(self, seq: int) -> None:
        """Fold on up to here; raises Invalid where that is too much."""
        await self._require_few(seq)
        full = True
        while full:
            page = await self._next(seq)
            full = len(page) == CHUNK
            await self._fold([decode(body) for _, body in page])
            self.seq = page[-1][0] if full else max(seq, self.seq)
            changes = self.mind.state.take_changes()
            async with Writes(self.connection) as writes:
                store.save_rows(writes, changes, PASSING)
            self.mind.state.forget_beyond(ROWS_IN_MEMORY)

    async def remove(self) -> None:
        """Drop the tables."""
        await store.drop_tables(self.connection, self.mind.brain.rows, PASSING)

    async def _fold(self, envelopes: list[Envelope]) -> None:
        rows = self.mind.brain.rows_by_subject
        await self._load(keys_ahead((each.message for each in envelopes), rows))
        for envelope in envelopes:
            while True:
                try:
                    self.mind.replay(envelope)
                    break
                except NotLoaded as missing:
                    await self._load(missing.keys)

    async def _load(self, keys: Iterable[Key]) -> None:
        if missing := self.mind.state.missing(keys):
            rows, complete = await store.load_rows(self.connection, missing, PASSING)
            self.mind.state.learn(rows, complete)

    async def _next(self, seq: int) -> list[tuple[int, bytes]]:
        query = sa.select(event_log.c.seq, event_log.c.body).where(*self._wanted(seq))
        found = await self.connection.execute(query.order_by(event_log.c.seq).limit(CHUNK))
        return [(row[0], row[1]) for row in found]

    async def _require_few(self, seq: int) -> None:
        query = sa.select(sa.func.count()).select_from(event_log).where(*self._wanted(seq))
        if (await self.connection.scalar(query) or 0) > MOST:
            raise Invalid("past_too_long", f"More than {MOST} records lie before that moment.")

    def _wanted(self, seq: int) -> tuple[sa.ColumnElement[bool], ...]:
        types = [f"{kind.kind}.{kind.wire}" for kind in self.mind.brain.folds]
        log = event_log.c
        return (log.seq > self.seq, log.seq <= seq, log.type.in_(types), *self.where)


async def moment(
    connection: AsyncConnection, models: tuple[ReadModel, ...], *where: sa.ColumnElement[bool]
) -> Moment:
    """Empty tables, to begin with; without indexes where few records matter."""
    mind = Mind(brain_of(models))
    for row in mind.brain.rows:
        table = table_of(row, PASSING)
        statements: list[DDLElement] = [CreateTable(table)]
        indexes = indexes_of(table, connection.dialect.name)
        statements += [] if where else map(CreateIndex, indexes)
        for statement in statements:
            text = str(statement.compile(dialect=connection.dialect))
            temporary = text.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)
            await connection.exec_driver_sql(temporary)
    mind.state.learn({}, complete=mind.brain.rows)
    return Moment(connection, mind, where)


async def seq_at(connection: AsyncConnection, time: datetime, last: int) -> int:
    """How many records were folded then: all before the first of a later time. What was said
    earlier and folded later, as timers and parked messages are, was not known then."""
    seq = event_log.c.seq
    later = sa.select(seq).where(event_log.c.time > time, seq.is_not(None)).order_by(seq).limit(1)
    found = await connection.scalar(later)
    return last if found is None else int(found) - 1


def touching(subject: str, *neighbours: str) -> sa.ColumnElement[bool]:
    """Records about a subject, all that have the same beginning as those, and all about what of
    these kinds is named there: its files, say, which somebody else may move later."""
    log = event_log.c
    beginnings = sa.select(log.correlation_id).where(log.subject == subject).distinct()
    begun = log.correlation_id.in_(beginnings)
    kinds = [log.subject.startswith(f"{kind}/") for kind in neighbours]
    beside = sa.select(log.subject).where(begun, sa.or_(sa.false(), *kinds)).distinct()
    return sa.or_(log.subject == subject, begun, log.subject.in_(beside))
