"""Who leads: a lock in the database elects, the checkpoint's epoch fences."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .dialects import dialect_of


class LostLeadership(Exception):
    """The connection that holds the lock is gone, so somebody else may lead."""


@asynccontextmanager
async def leadership(engine: AsyncEngine, retry: float = 1.0) -> AsyncIterator[AsyncConnection]:
    """Wait until this replica leads; inside the block it holds the lock."""
    async with engine.connect() as connection:
        session = await connection.execution_options(isolation_level="AUTOCOMMIT")
        dialect = dialect_of(session)
        while not await session.scalar(dialect.lock()):  # noqa: ASYNC110  # no bell rings
            await asyncio.sleep(retry)
        try:
            # A process that is stopped keeps its connections; `watch` makes a living one's noise.
            await session.execute(dialect.lease())
            yield session
        finally:
            # A pooled connection would keep the lock: close it for good.
            await connection.invalidate()


async def watch(session: AsyncConnection, every: float = 2.0) -> None:
    """Raises LostLeadership when the lock's connection has died."""
    while True:
        await asyncio.sleep(every)
        try:
            async with asyncio.timeout(every * 2):
                await session.execute(sa.text("SELECT 1"))
        except (sa.exc.DBAPIError, OSError, TimeoutError) as error:
            raise LostLeadership("the database connection that held the lock is gone") from error
