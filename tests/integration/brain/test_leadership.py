"""One leads; who stands still loses the lock and holds nobody up, whatever the database."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mvidarr_catalog.brain import dialects, store
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leadership import LostLeadership, leadership, watch
from mvidarr_catalog.brain.schema import outbox
from mvidarr_catalog.brain.store import Checkpoint, Fenced
from mvidarr_catalog.brain.transactions import Work, kept
from mvidarr_catalog.brain.writes import Writes
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.library import FollowArtist
from mvidarr_common.testing.servers import DatabaseServer

PATIENCE = 30.0


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Both kinds."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(autouse=True)
def _short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "LEASE", 1)


async def test_a_second_one_leads_when_the_first_has_left(server: DatabaseServer) -> None:
    url = await asyncio.to_thread(server.new_database)
    first, second = open_engine(url), open_engine(url)
    led = asyncio.Event()

    async def follow() -> None:
        async with leadership(second, 0.05):
            led.set()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        async with leadership(first) as session:
            tasks.create_task(follow())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(watch(session, 0.1), 1.5)  # a living leader's noise
            assert not led.is_set()
        await led.wait()
    await first.dispose()
    await second.dispose()


async def test_who_stands_still_loses_the_lock_and_notices(server: DatabaseServer) -> None:
    url = await asyncio.to_thread(server.new_database)
    first, second = open_engine(url), open_engine(url)
    async with asyncio.timeout(PATIENCE), leadership(first) as session, leadership(second, 0.05):
        with pytest.raises(LostLeadership):
            await watch(session, 0.05)
    await first.dispose()
    await second.dispose()


async def test_a_transaction_that_stands_still_is_ended(server: DatabaseServer) -> None:
    url = await asyncio.to_thread(server.new_database)
    asleep, awake = open_engine(url), open_engine(url)
    async with awake.begin() as connection:
        await store.ensure_schema(connection)
    async with asyncio.timeout(PATIENCE):
        connection = await asleep.connect()
        before = await store.take_over(connection)
        async with awake.begin() as other:
            after = await store.take_over(other)
        with pytest.raises(DBAPIError):
            await store.move_checkpoint(Writes(connection), before, before)
        await connection.close()
    assert after.epoch == before.epoch == 1
    await asleep.dispose()
    await awake.dispose()


async def test_who_was_replaced_writes_nothing_also_without_a_transaction(
    server: DatabaseServer,
) -> None:
    url = await asyncio.to_thread(server.new_database)
    engine = open_engine(url)
    async with engine.begin() as connection:
        await store.ensure_schema(connection)
        mine = await store.take_over(connection)
    async with kept(engine) as begin:
        async with begin() as work:
            await write(work, mine, mine)
        async with engine.begin() as connection:
            await store.take_over(connection)
        with pytest.raises(Fenced):
            async with begin() as work:
                await write(work, mine, replace(mine, offset=7))
    async with engine.connect() as connection:
        assert len((await connection.execute(sa.select(outbox))).all()) == 1
        assert (await store.read_checkpoint(connection)).offset == mine.offset
    await engine.dispose()


async def write(work: Work, old: Checkpoint, new: Checkpoint) -> None:
    """What a turn writes: something, and the checkpoint."""
    async with Writes(work.connection) as writes:
        store.add_to_outbox(writes, [fresh(FollowArtist(name="Band"), source="test")])
        await store.move_checkpoint(writes, old, new)


async def test_every_database_of_a_server_has_a_leader_of_its_own(server: DatabaseServer) -> None:
    urls = [await asyncio.to_thread(server.new_database) for _ in range(2)]
    first, second = (open_engine(url) for url in urls)
    async with asyncio.timeout(PATIENCE), leadership(first), leadership(second):
        pass
    await first.dispose()
    await second.dispose()
