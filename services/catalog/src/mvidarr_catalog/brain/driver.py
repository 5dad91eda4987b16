"""Statements that go straight to asyncpg where the database is PostgreSQL.

What SQLAlchemy does around a statement takes ten times as long as a small statement itself (0.6
against 0.06 ms), and the leader's turn is made of small ones. So the few that every turn needs are
here, each of them for many rows at once; any other database gets them through SQLAlchemy.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 500
"""Rows in one statement where each has parameters of its own."""

Columns = Mapping[str, Any]
Kept = sa.Select[Any] | sa.CompoundSelect[Any] | sa.Update
_DIALECT: sa.Dialect = sa.make_url("postgresql+asyncpg://").get_dialect()()


async def fetch(
    connection: AsyncConnection, statement: Kept, values: Columns | None = None
) -> Sequence[Columns]:
    """The rows of a statement that is kept and asked again and again. Its values are given as the
    driver takes them."""
    driver = driver_of(connection)
    if driver is None:
        return _mappings(await connection.execute(statement, values or {}))
    sql, given = as_text(statement, values or {})
    found: Sequence[Columns] = await driver.fetch(sql, *given)
    return found


async def rows_of(
    connection: AsyncConnection, table: sa.Table, ids: Collection[str], *names: str
) -> Sequence[Columns]:
    """The rows with these ids; of these columns, or of all."""
    if not ids:
        return ()
    driver = driver_of(connection)
    if driver is None:
        columns = [table.c[name] for name in names] or list(table.c)
        query = sa.select(*columns).where(table.c.id.in_(ids))
        return _mappings(await connection.execute(query))
    what = ", ".join(f'"{name}"' for name in names) or "*"
    sql = f"SELECT {what} FROM {table.name} WHERE id = ANY($1::text[])"  # noqa: S608  # our names
    found: Sequence[Columns] = await driver.fetch(sql, list(ids))
    return found


async def whole_table(
    connection: AsyncConnection, table: sa.Table
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Every row, by id, a page at a time, with the values of its columns as they are in JSON."""
    driver = driver_of(connection)
    if driver is None:
        found = await connection.stream(sa.select(table).order_by(table.c.id))
        async for page in found.partitions(CHUNK):
            yield [[_in_json(value) for value in row] for row in page]
    else:
        values = ", ".join(f'"{column.name}"' for column in table.c)
        sql = f"SELECT json_build_array({values})::text FROM {table.name} ORDER BY id"  # noqa: S608
        rows = await driver.cursor(sql)
        while texts := await rows.fetch(CHUNK):
            yield orjson.loads(f"[{','.join(text for (text,) in texts)}]")


def _in_json(value: Any) -> Any:
    """As PostgreSQL writes it."""
    if isinstance(value, datetime):
        seconds, point, rest = value.isoformat().partition(".")
        return f"{seconds}.{rest[:6].rstrip('0')}{rest[6:]}" if point else seconds
    return int(value) if isinstance(value, float) and value.is_integer() else value


def driver_of(connection: AsyncConnection) -> "asyncpg.Connection[Any] | None":
    """The driver's own connection, where statements go straight to PostgreSQL."""
    assert connection.sync_connection is not None
    straight = connection.sync_connection.get_execution_options().get("straight")
    return raw(connection) if straight else None


def raw(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    """The driver's own connection, where it is asyncpg's."""
    assert connection.sync_connection is not None
    driver = connection.sync_connection.connection.driver_connection
    assert isinstance(driver, asyncpg.Connection)
    return driver


def _mappings(found: sa.CursorResult[Any]) -> Sequence[Columns]:
    return [dict(row) for row in found.mappings()]


def as_text(statement: Kept, values: Columns) -> tuple[str, Sequence[Any]]:
    """What the driver takes: a kept statement's text, and its values in their order."""
    sql, names, known = _compiled(statement)
    given = {**known, **values}
    return sql, [given[name] for name in names]


@cache
def _compiled(statement: Kept) -> tuple[str, tuple[str, ...], Columns]:
    """Its text, the names of its values in their order, and those that it brings along."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return str(compiled), tuple(compiled.positiontup or ()), compiled.params
