"""Statements that go straight to asyncpg where the database is PostgreSQL.

What SQLAlchemy does around a statement takes ten times as long as a small statement itself (0.6
against 0.06 ms), and the leader's turn is made of small ones. So the few that every turn needs are
here, each of them for many rows at once; any other database gets them through SQLAlchemy.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any, Literal

import asyncpg
import orjson
import sqlalchemy as sa
from asyncpg.transaction import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import dialects
from .dialects import dialect_of
from .rows import Row, to_columns, to_json

CHUNK = 500
"""Rows in one statement where each has parameters of its own."""

Columns = Mapping[str, Any]
Kept = sa.Select[Any] | sa.CompoundSelect[Any] | sa.Update
Isolation = Literal["repeatable_read"] | None
_DIALECT: sa.Dialect = sa.make_url("postgresql+asyncpg://").get_dialect()()

PATIENCE = 5.0
"""Seconds that a database may take to roll back, before its connection is cut."""

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The last comes from a connection on which the server is just saying good-bye."""

_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.JSON, "jsonb"),
    (sa.String, "text"),
    (sa.Boolean, "boolean"),
    (sa.Integer, "bigint"),
    (sa.Double, "double precision"),
    (sa.DateTime, "timestamptz"),
    (sa.LargeBinary, "bytea"),
)


@asynccontextmanager
async def transaction(
    engine: AsyncEngine, *, at_one_moment: bool = False
) -> AsyncIterator[AsyncConnection]:
    """A transaction in which the driver may be used; other statements work in it as ever. All
    that it reads was committed at one moment, where that is asked for."""
    async with engine.connect() as connection:
        if engine.dialect.driver != "asyncpg":
            if at_one_moment:
                await dialect_of(connection).at_one_moment(connection)
            yield connection
            await connection.commit()
        else:
            # It is begun here, and must not be begun once more by SQLAlchemy.
            await connection.execution_options(isolation_level="AUTOCOMMIT", straight=True)
            async with _begun(connection, "repeatable_read" if at_one_moment else None):
                yield connection


@asynccontextmanager
async def _begun(connection: AsyncConnection, isolation: Isolation) -> AsyncIterator[None]:
    driver = _raw(connection)
    if driver.is_closed():
        await _meet_the_end(connection)
    work = driver.transaction(isolation=isolation)
    try:
        await work.start()
        yield
        await work.commit()
    except BaseException as error:
        gone = driver.is_closed() or isinstance(error, asyncpg.InternalClientError)
        await _give_up(connection, work, gone)
        if isinstance(error, FAILURES):
            raise _as_sqlalchemy(error, gone) from error
        raise


async def _give_up(connection: AsyncConnection, work: Transaction, gone: bool) -> None:
    """Roll back; what cannot be rolled back ends with its connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            await work.rollback()
    except (OSError, *FAILURES):  # a TimeoutError is an OSError
        if gone and not connection.invalidated:
            with suppress(sa.exc.SQLAlchemyError, OSError, *FAILURES):
                await _meet_the_end(connection)
        await connection.invalidate()


async def _meet_the_end(connection: AsyncConnection) -> None:
    """Use a connection that is closed, for SQLAlchemy to raise, and to learn that the pool's
    others are dead too."""
    await connection.execute(sa.text("SELECT 1"))


async def fetch(
    connection: AsyncConnection, statement: Kept, values: Columns | None = None
) -> Sequence[Columns]:
    """The rows of a statement that is kept and asked again and again. Its values are given as the
    driver takes them."""
    driver = driver_of(connection)
    if driver is None:
        return _mappings(await connection.execute(statement, values or {}))
    sql, names, known = _compiled(statement)
    given = {**known, **(values or {})}
    found: Sequence[Columns] = await driver.fetch(sql, *(given[name] for name in names))
    return found


async def change(connection: AsyncConnection, statement: sa.Update, values: Columns) -> int:
    """Carry out a statement that is kept; gives how many rows it has changed."""
    driver = driver_of(connection)
    if driver is None:
        done = await connection.execute(statement, values)
        return int(done.rowcount)
    sql, names, known = _compiled(statement)
    given = {**known, **values}
    status: str = await driver.execute(sql, *(given[name] for name in names))
    return int(status.rpartition(" ")[2])


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
) -> AsyncIterator[Sequence[Columns]]:
    """Every row, by id, a page at a time, with all values as they are in JSON."""
    driver = driver_of(connection)
    if driver is None:
        found = await connection.stream(sa.select(table).order_by(table.c.id))
        async for page in found.mappings().partitions(CHUNK):
            yield [{str(name): _in_json(value) for name, value in row.items()} for row in page]
    else:
        sql = f"SELECT row_to_json(each)::text FROM {table.name} AS each ORDER BY id"  # noqa: S608
        rows = await driver.cursor(sql)
        while texts := await rows.fetch(CHUNK):
            yield orjson.loads(f"[{','.join(text for (text,) in texts)}]")


def _in_json(value: Any) -> Any:
    """As PostgreSQL writes it."""
    if isinstance(value, datetime):
        seconds, point, rest = value.isoformat().partition(".")
        return f"{seconds}.{rest[:6].rstrip('0')}{rest[6:]}" if point else seconds
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def insert_new(connection: AsyncConnection, table: sa.Table, rows: Sequence[Columns]) -> None:
    """Insert rows; pass over those whose key is there. None of their columns is JSON."""
    if not rows:
        return
    driver = driver_of(connection)
    if driver is None:
        await _said_by_sqlalchemy(connection, dialects.insert_new(connection, table), rows)
    else:
        names = tuple(rows[0])
        arrays = [[row[name] for row in rows] for name in names]
        await driver.execute(_unnesting(table, names), *arrays)


async def upsert(connection: AsyncConnection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows of one class, or put them in the place of those with the same id."""
    driver = driver_of(connection)
    if driver is None:
        columns = [to_columns(row) for row in rows]
        await _said_by_sqlalchemy(connection, dialects.upsert(connection, table), columns)
    else:
        kind = type(rows[0])
        await driver.execute(_putting(table, kind), to_json(kind, rows))


async def delete(connection: AsyncConnection, table: sa.Table, ids: Collection[str]) -> None:
    """Delete the rows with these ids."""
    if not ids:
        return
    driver = driver_of(connection)
    if driver is None:
        await connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
    else:
        sql = f"DELETE FROM {table.name} WHERE id = ANY($1::text[])"  # noqa: S608  # our names
        await driver.execute(sql, list(ids))


def driver_of(connection: AsyncConnection) -> "asyncpg.Connection[Any] | None":
    """The driver's own connection, inside of a `transaction` on PostgreSQL."""
    assert connection.sync_connection is not None
    straight = connection.sync_connection.get_execution_options().get("straight")
    return _raw(connection) if straight else None


def _raw(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    assert connection.sync_connection is not None
    driver = connection.sync_connection.connection.driver_connection
    assert isinstance(driver, asyncpg.Connection)
    return driver


def _mappings(found: sa.CursorResult[Any]) -> Sequence[Columns]:
    return [dict(row) for row in found.mappings()]


async def _said_by_sqlalchemy(
    connection: AsyncConnection, statement: Any, rows: Sequence[Columns]
) -> None:
    for start in range(0, len(rows), CHUNK):
        await connection.execute(statement, rows[start : start + CHUNK])


@cache
def _unnesting(table: sa.Table, names: tuple[str, ...]) -> str:
    """One statement for any number of rows: each column is one array."""
    arrays = ", ".join(
        f"${number}::{_sql(table.c[name])}[]" for number, name in enumerate(names, 1)
    )
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays}) "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    )


@cache
def _putting(table: sa.Table, kind: type[Row]) -> str:
    """One statement for any number of rows, which are one text: that costs us next to nothing,
    where the arrays of the driver are looked through value by value."""
    said = {name: f'"{field.alias}"' for name, field in kind.model_fields.items()}
    shape = ", ".join(f"{alias} {_sql(table.c[name])}" for name, alias in said.items())
    columns = ", ".join(f'"{name}"' for name in said)
    rest = ", ".join(f'"{name}" = excluded."{name}"' for name in said if name != "id")
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(said.values())} "  # noqa: S608
        f"FROM json_to_recordset($1::text::json) AS new({shape}) "
        f"ON CONFLICT (id) DO {f'UPDATE SET {rest}' if rest else 'NOTHING'}"
    )


def _sql(column: sa.Column[Any]) -> str:
    return next(name for kind, name in _TYPES if isinstance(column.type, kind))


@cache
def _compiled(statement: Kept) -> tuple[str, tuple[str, ...], Columns]:
    """Its text, the names of its values in their order, and those that it brings along."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return str(compiled), tuple(compiled.positiontup or ()), compiled.params


def _as_sqlalchemy(error: Exception, gone: bool) -> sa.exc.DBAPIError:
    """What the driver has raised, as everybody else knows it."""
    wrong = isinstance(error, asyncpg.SyntaxOrAccessError)
    kind = sa.exc.ProgrammingError if wrong else sa.exc.OperationalError
    return kind(None, None, error, connection_invalidated=gone)
