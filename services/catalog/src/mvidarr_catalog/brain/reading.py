"""How queries read: one transaction, the live generation, pages by key and never by offset."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.errors import Invalid, NotFound, Unavailable
from mvidarr_common.messages import Query, Value
from mvidarr_common.messages.queries import Filtered, GetPosition, Including, Page

from . import spans
from .driver import rows_of
from .failures import is_of_no_table
from .filters import Fields, matching
from .model import Brain
from .rows import R, Row, from_columns, table_of
from .sorting import VALUE
from .sorting import order as order_of
from .stillness import Stillness
from .store import Checkpoint, read_checkpoint
from .transactions import statement, transaction

V = TypeVar("V", bound=Value)
MOST_WITH_MORE = 100
"""Things on a page where each has something else with it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of rows, the cursor of the next if there is one, and how many there are in all if
    that was asked."""

    rows: Sequence[Any]
    next: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """What a query sees: the read model as it was committed at one moment."""

    connection: AsyncConnection
    checkpoint: Checkpoint
    stillness: Stillness = field(default_factory=Stillness)

    def table(self, row: type[Row]) -> sa.Table:
        """The live table of a row class."""
        return table_of(row, self.checkpoint.generation)

    async def one(self, row: type[R], id: str, what: str) -> R:
        """The row of this id; raises NotFound naming `what` it should have been."""
        found = await rows_of(self.connection, self.table(row), [id])
        if not found:
            raise NotFound(f"{what}_not_found", f"There is no {what} {id}.")
        return from_columns(row, found[0])

    async def rows(self, row: type[R], *where: sa.ColumnElement[bool]) -> list[R]:
        """All rows that fit, by id; for tables and conditions that give few."""
        table = self.table(row)
        query = sa.select(table).where(*where).order_by(table.c.id)
        found = (await self.connection.execute(query)).mappings()
        return [from_columns(row, columns) for columns in found]

    async def page(
        self, row: type[R], query: Filtered, fields: Fields, *where: sa.ColumnElement[bool]
    ) -> Slice:
        """The rows that fit and that match the query's filter, in its order."""
        table = self.table(row)
        order = order_of(query.sort, fields, table)
        fits = [*where, *matching(query.filter, fields, table)]
        after = [order.after(query.cursor)] if query.cursor else []
        page = sa.select(table, order.value.label(VALUE)).where(*fits, *after)
        page = page.order_by(*order.clauses).offset(query.skip or None).limit(query.limit + 1)
        found = (await self.connection.execute(page)).mappings().all()
        rows = [from_columns(row, columns) for columns in found[: query.limit]]
        last = found[query.limit - 1] if len(found) > query.limit else None
        following = order.cursor(last[VALUE], last["id"]) if last else None
        return Slice(rows, following, await self._count(table, fits) if query.total else None)

    async def _count(self, table: sa.Table, where: Sequence[sa.ColumnElement[bool]]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        return int((await self.connection.execute(query)).scalar_one())

    async def counts(self, row: type[Row], column: str) -> dict[str, int]:
        """How many rows have each value of a column."""
        kind = self.table(row).c[column]
        query = sa.select(kind, sa.func.count()).group_by(kind)
        found = await self.connection.execute(query)
        return {row[0]: row[1] for row in found}


def shown(view: Value, query: Value, beside: Sequence[Value] = ()) -> bytes:
    """An answer as JSON; a list with those fields alone that were asked for. What is `beside` each
    thing goes with it."""
    answer = view.model_dump(mode="json")
    if isinstance(query, Filtered) and query.fields is not None:
        answer["items"] = _sparse(answer["items"], query.fields, type(view))
    things = answer["items"] if isinstance(view, Page) else [answer]
    for thing, more in zip(things, beside, strict=False):
        thing["included"] = more.model_dump(mode="json")
    return orjson.dumps(answer)


def _sparse(items: list[Any], fields: str, shape: type[Value]) -> list[dict[str, Any]]:
    wanted = [name.strip() for name in fields.split(",")]
    item = get_args(shape.model_fields["items"].annotation)[0]
    known = {field.alias for field in item.model_fields.values()}
    if unknown := [name for name in wanted if name not in known]:
        named = ", ".join(sorted(known))
        raise Invalid("bad_fields", f"There is no field {unknown[0]!r}. Fields: {named}.")
    return [{name: each[name] for name in wanted} for each in items]


class Answers:
    """Answers queries from the tables, on every replica."""

    def __init__(
        self, engine: AsyncEngine, brain: Brain, stillness: Stillness | None = None
    ) -> None:
        self._engine = engine
        self._brain = brain
        self._stillness = stillness or Stillness()

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
        async with self._reading(query) as read:
            spans.answered(read.checkpoint)
            view = await self._brain.queries[type(query)](query, read)
            beside = await self._beside(view, query, read)
        return shown(view, query, beside)

    async def _beside(self, view: Value, query: Value, read: Read) -> Sequence[Value]:
        """What each thing that is shown was asked with."""
        if not isinstance(query, Including) or not query.include:
            return ()
        if getattr(query, "limit", 0) > MOST_WITH_MORE:
            sentence = f"A page has {MOST_WITH_MORE} or fewer where something is included."
            raise Invalid("invalid_query", sentence)
        things = getattr(view, "items", None) if isinstance(view, Page) else [view]
        beside = self._brain.besides[type(query)]  # type: ignore[index]  # it is a question
        found: Sequence[Value] = await beside(things, query.include, read)
        return found

    @asynccontextmanager
    async def _reading(self, query: Query[Any]) -> AsyncIterator[Read]:
        """Every read from memory, in every gateway, waits for the position: that is one row."""
        one_row = isinstance(query, GetPosition)
        opened = (
            statement(self._engine) if one_row else transaction(self._engine, at_one_moment=True)
        )
        try:
            async with opened as connection:
                yield Read(connection, await read_checkpoint(connection), self._stillness)
        except (DBAPIError, sa.exc.NoResultFound) as error:
            if isinstance(error, DBAPIError) and not is_of_no_table(error):
                raise
            raise Unavailable("not_ready", "The read model is being made.") from error
