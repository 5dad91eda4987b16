"""A catalog on MariaDB that is told to go in the middle of a large write tears nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.columns import BYTES
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_common.testing.servers import DatabaseServer

TABLE = sa.Table("t", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("body", BYTES))
ROWS = [{"n": n, "body": b"x" * 100_000} for n in range(100)]


@pytest.fixture
async def engine(mariadb: DatabaseServer) -> AsyncIterator[AsyncEngine]:
    """With one connection, so that what a write leaves behind would be met again."""
    engine = open_engine(await asyncio.to_thread(mariadb.new_database), 1)
    async with engine.begin() as connection:
        await connection.run_sync(TABLE.create)
    yield engine
    await engine.dispose()


async def write(engine: AsyncEngine) -> None:
    """All rows, or none."""
    async with engine.begin() as connection:
        await connection.execute(sa.insert(TABLE), ROWS)


async def test_a_large_write_can_be_cancelled_at_any_moment(engine: AsyncEngine) -> None:
    for moment in range(1, 30, 4):
        writing = asyncio.create_task(write(engine))
        for _ in range(moment):
            await asyncio.sleep(0)
        writing.cancel()
        async with asyncio.timeout(30):
            with pytest.raises(asyncio.CancelledError):
                await writing
            async with engine.connect() as connection:
                count = await connection.scalar(sa.select(sa.func.count()).select_from(TABLE))
        assert count == 0
    await write(engine)
