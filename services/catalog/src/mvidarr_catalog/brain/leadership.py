"""Who leads: a lock in the database elects, the checkpoint's epoch fences."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LOCK = 0x6D76_6964_6172_72
"""The lock's number, the same in every replica ("mvidarr" in ASCII)."""

LEASE = 10
"""Seconds of silence after which the database frees the lock of a leader that stands still."""


class LostLeadership(Exception):
    """The connection that holds the lock is gone, so somebody else may lead."""


@asynccontextmanager
async def leadership(engine: AsyncEngine, retry: float = 1.0) -> AsyncIterator[AsyncConnection]:
    """Wait until this replica leads; inside the block it holds the lock."""
    async with engine.connect() as connection:
        session = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await _try_lock(session):  # noqa: ASYNC110  # the database rings no bell
            await asyncio.sleep(retry)
        try:
            await _expire_in_silence(session)
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


async def _try_lock(session: AsyncConnection) -> bool:
    if session.dialect.name == "mysql":
        query = sa.text("SELECT GET_LOCK(:name, 0) = 1").bindparams(name=str(LOCK))
    else:
        query = sa.text("SELECT pg_try_advisory_lock(:name)").bindparams(name=LOCK)
    return bool((await session.execute(query)).scalar_one())


async def _expire_in_silence(session: AsyncConnection) -> None:
    """A process that is stopped keeps its connections; `watch` makes the noise of a living one."""
    if session.dialect.name == "mysql":
        setting = f"SET SESSION wait_timeout = {LEASE}"
    else:
        setting = f"SET idle_session_timeout = '{LEASE}s'"
    await session.execute(sa.text(setting))
