"""A catalog that is told to go in the middle of a large write goes, and tears nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from mvidarr_catalog import postgres_connection
from mvidarr_catalog.postgres_connection import LeavableConnection
from mvidarr_common.testing.postgres import PostgresServer

INSERT = "INSERT INTO t (n, body) VALUES ($1, $2)"
ROWS = [(n, b"x" * 100_000) for n in range(100)]


@pytest.fixture
async def connection(postgres: PostgresServer) -> AsyncIterator[LeavableConnection]:
    url = await asyncio.to_thread(postgres.new_database)
    plain = url.replace("+asyncpg", "")
    opened: Any = await asyncpg.connect(plain, connection_class=LeavableConnection)
    await opened.execute("CREATE TABLE t (n int, body bytea)")
    await opened.executemany(INSERT, [(0, b"")])  # from now on it is prepared: rows go at once
    await opened.execute("DELETE FROM t")
    yield opened
    opened.terminate()


def _moments() -> Iterator[int]:
    """How many turns of the loop a write has had when it is cancelled."""
    return iter(range(1, 30, 4))


async def test_a_large_write_can_be_cancelled_at_any_moment(
    connection: LeavableConnection,
) -> None:
    for moment in _moments():
        writing = asyncio.create_task(connection.executemany(INSERT, ROWS))
        for _ in range(moment):
            await asyncio.sleep(0)
        writing.cancel()
        async with asyncio.timeout(30):
            with pytest.raises(asyncio.CancelledError):
                await writing
        assert await connection.fetchval("SELECT count(*) FROM t") % len(ROWS) == 0


async def test_a_write_that_cannot_go_on_is_cut(
    connection: LeavableConnection, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connection, "PATIENCE", 0.2)
    database = await connection.fetchval("SELECT current_database()")
    url = postgres.url(database).replace("+asyncpg", "")
    other: Any = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("LOCK TABLE t")
        writing = asyncio.create_task(connection.executemany(INSERT, ROWS))
        for _ in range(10):
            await asyncio.sleep(0)
        writing.cancel()
        async with asyncio.timeout(30):
            with pytest.raises(asyncio.CancelledError):
                await writing
    assert connection.is_closed()
    await other.close()
