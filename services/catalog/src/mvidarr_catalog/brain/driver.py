"""Statements that go straight to asyncpg where the database is PostgreSQL.

What SQLAlchemy does around a statement takes ten times as long as a small statement itself (0.6
against 0.06 ms), and the leader's turn is made of small ones. So the few that every turn needs are
here, each of them for many rows at once; any other database gets them through SQLAlchemy.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any, Literal

import asyncpg
import orjson
import sqlalchemy as sa
from asyncpg.transaction import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .dialects import dialect_of

CHUNK = 500
"""Rows in one statement where each has parameters of its own."""

Columns = Mapping[str, Any]
Kept = sa.Select[Any] | sa.CompoundSelect[Any] | sa.Update
Isolation = Literal["repeatable_read"] | None
Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
_DIALECT: sa.Dialect = sa.make_url("postgresql+asyncpg://").get_dialect()()

PATIENCE = 5.0
"""Seconds that a database may take to roll back, before its connection is cut."""

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The last comes from a connection on which the server is just saying good-bye."""


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
async def kept(engine: AsyncEngine) -> AsyncIterator[Begin]:
    """Transactions one after the other, on one connection for as long as the block lasts: to take
    one from the pool and to give it back takes longer than most statements. None comes after one
    that has failed."""
    if engine.dialect.driver != "asyncpg":  # MySQL closes what rests; the pool knows that
        yield lambda: transaction(engine)
        return
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT", straight=True)

        @asynccontextmanager
        async def begin() -> AsyncIterator[AsyncConnection]:
            async with _begun(connection, None):
                yield connection

        yield begin


@asynccontextmanager
async def statement(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """For one statement that reads: it is a transaction by itself, and is spared the ways to the
    database for a beginning and an end."""
    async with engine.connect() as connection:
        if engine.dialect.driver != "asyncpg":
            yield connection
        else:
            await connection.execution_options(isolation_level="AUTOCOMMIT", straight=True)
            async with _alone(connection):
                yield connection


@asynccontextmanager
async def _alone(connection: AsyncConnection) -> AsyncIterator[None]:
    driver = _raw(connection)
    if driver.is_closed():
        await _meet_the_end(connection)
    try:
        yield
    except BaseException as error:
        gone = driver.is_closed() or isinstance(error, asyncpg.InternalClientError)
        await _leave(connection, gone)
        if isinstance(error, FAILURES):
            raise _as_sqlalchemy(error, gone) from error
        raise


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
        await _leave(connection, gone)


async def _leave(connection: AsyncConnection, gone: bool) -> None:
    """It is used no more."""
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


def _as_sqlalchemy(error: Exception, gone: bool) -> sa.exc.DBAPIError:
    """What the driver has raised, as everybody else knows it."""
    wrong = isinstance(error, asyncpg.SyntaxOrAccessError)
    kind = sa.exc.ProgrammingError if wrong else sa.exc.OperationalError
    return kind(None, None, error, connection_invalidated=gone)
