"""How queries read: one transaction, the live generation, pages by key and never by offset."""

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.errors import Invalid, NotFound, Unavailable
from mvidarr_common.messages import Query, Value
from mvidarr_common.messages.queries import Listing

from .dialects import dialect_of
from .model import Brain
from .rows import R, Row, from_columns, table_of
from .store import Checkpoint, read_checkpoint

V = TypeVar("V", bound=Value)


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of rows and the cursor of the next, if there is one."""

    rows: Sequence[Any]
    next: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What a query sees: the read model as it was committed at one moment."""

    connection: AsyncConnection
    checkpoint: Checkpoint

    def table(self, row: type[Row]) -> sa.Table:
        """The live table of a row class."""
        return table_of(row, self.checkpoint.generation)

    async def one(self, row: type[R], id: str, what: str) -> R:
        """The row of this id; raises NotFound naming `what` it should have been."""
        table = self.table(row)
        found = await self.connection.execute(sa.select(table).where(table.c.id == id))
        columns = found.mappings().one_or_none()
        if columns is None:
            raise NotFound(f"{what}_not_found", f"There is no {what} {id}.")
        return from_columns(row, columns)

    async def rows(self, row: type[R], *where: sa.ColumnElement[bool]) -> list[R]:
        """All rows that fit, by id; for tables and conditions that give few."""
        table = self.table(row)
        query = sa.select(table).where(*where).order_by(table.c.id)
        found = (await self.connection.execute(query)).mappings()
        return [from_columns(row, columns) for columns in found]

    async def page(
        self, row: type[R], listing: Listing, *where: sa.ColumnElement[bool], newest: str = "added"
    ) -> Slice:
        """A page of rows, newest first by the named time, then by id."""
        table = self.table(row)
        key = sa.tuple_(table.c[newest], table.c.id)
        query = sa.select(table).where(*where)
        if listing.cursor is not None:
            time, id = _opened(listing.cursor)
            query = query.where(key < sa.tuple_(sa.cast(time, table.c[newest].type), id))
        query = query.order_by(table.c[newest].desc(), table.c.id.desc()).limit(listing.limit + 1)
        found = (await self.connection.execute(query)).mappings()
        rows = [from_columns(row, columns) for columns in found]
        return cut(rows, listing.limit, lambda last: (getattr(last, newest).isoformat(), last.id))

    async def counts(self, row: type[Row], column: str) -> dict[str, int]:
        """How many rows have each value of a column."""
        kind = self.table(row).c[column]
        query = sa.select(kind, sa.func.count()).group_by(kind)
        found = await self.connection.execute(query)
        return {row[0]: row[1] for row in found}


def cut(rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]]) -> Slice:
    """The first `limit` rows; one more than that means that there is a next page."""
    if len(rows) <= limit:
        return Slice(rows, None)
    return Slice(rows[:limit], sealed(key(rows[limit - 1])))


def sealed(key: Sequence[Any]) -> str:
    """A cursor: opaque to people, a key to us."""
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode().rstrip("=")


def _opened(cursor: str) -> tuple[Any, str]:
    try:
        time, id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return datetime.fromisoformat(time), str(id)
    except (ValueError, TypeError) as error:
        raise Invalid("invalid_cursor", "The cursor is none that this API gave.") from error


class Answers:
    """Answers queries from the tables, on every replica."""

    def __init__(self, engine: AsyncEngine, brain: Brain) -> None:
        self._engine = engine
        self._brain = brain

    async def answer(self, query: Query[Any]) -> bytes:
        """The answer as JSON; raises a Problem. A connection that has died since it was last used
        is found out by using it: then another one answers."""
        try:
            return await self._answer(query)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._answer(query)

    async def _answer(self, query: Query[Any]) -> bytes:
        async with self._reading() as read:
            view = await self._brain.queries[type(query)](query, read)
        return orjson.dumps(view.model_dump(mode="json"))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Read]:
        async with self._engine.connect() as plain:
            connection = await dialect_of(plain).at_one_moment(plain)
            try:
                yield Read(connection, await read_checkpoint(connection))
            except (sa.exc.ProgrammingError, sa.exc.NoResultFound) as error:
                raise Unavailable("not_ready", "The read model is being made.") from error
