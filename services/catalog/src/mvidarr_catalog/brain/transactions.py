"""Transactions, and statements without one, in which the driver may be used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Literal

import asyncpg
import sqlalchemy as sa
from asyncpg.transaction import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .dialects import dialect_of
from .driver import raw

Isolation = Literal["repeatable_read"] | None

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
            isolation: Isolation = "repeatable_read" if at_one_moment else None
            async with _at_work(connection, isolation) as doing:
                await doing.begin()
                yield connection


class Work:
    """What is done together: a transaction that begins when somebody asks for it. What only reads
    needs none, nor does what is written with one statement."""

    def __init__(self, connection: AsyncConnection, later: Transaction | None = None) -> None:
        self.connection = connection
        self.begun: Transaction | None = None
        self._later = later

    async def begin(self) -> None:
        """From now on everything is written, or nothing."""
        if self._later is not None:
            self.begun, self._later = self._later, None
            await self.begun.start()


Begin = Callable[[], AbstractAsyncContextManager[Work]]


@asynccontextmanager
async def work(engine: AsyncEngine) -> AsyncIterator[Work]:
    """In a transaction from its beginning."""
    async with transaction(engine) as connection:
        yield Work(connection)


@asynccontextmanager
async def kept(engine: AsyncEngine) -> AsyncIterator[Begin]:
    """Work after work on one connection, for as long as the block lasts: to take one from the pool
    and to give it back takes longer than most statements. None comes after one that has failed."""
    if engine.dialect.driver != "asyncpg":  # MySQL closes what rests; the pool knows that
        yield lambda: work(engine)
        return
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT", straight=True)
        yield lambda: _at_work(connection)


@asynccontextmanager
async def _at_work(connection: AsyncConnection, isolation: Isolation = None) -> AsyncIterator[Work]:
    driver = raw(connection)
    if driver.is_closed():
        await _meet_the_end(connection)
    doing = Work(connection, driver.transaction(isolation=isolation))
    try:
        yield doing
        if doing.begun is not None:
            await doing.begun.commit()
    except BaseException as error:
        gone = driver.is_closed() or isinstance(error, asyncpg.InternalClientError)
        if doing.begun is not None:
            await _give_up(connection, doing.begun, gone)
        else:
            await _leave(connection, gone)
        if isinstance(error, FAILURES):
            raise _as_sqlalchemy(error, gone) from error
        raise


@asynccontextmanager
async def statement(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """For one statement that reads: it is a transaction by itself, and is spared the ways to the
    database for a beginning and an end."""
    async with engine.connect() as connection:
        if engine.dialect.driver != "asyncpg":
            yield connection
        else:
            await connection.execution_options(isolation_level="AUTOCOMMIT", straight=True)
            async with _at_work(connection):
                yield connection


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


def _as_sqlalchemy(error: Exception, gone: bool) -> sa.exc.DBAPIError:
    """What the driver has raised, as everybody else knows it."""
    wrong = isinstance(error, asyncpg.SyntaxOrAccessError)
    kind = sa.exc.ProgrammingError if wrong else sa.exc.OperationalError
    return kind(None, None, error, connection_invalidated=gone)
