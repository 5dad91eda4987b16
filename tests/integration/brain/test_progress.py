"""Questions that wait until something is committed, at the leader and at any other replica."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.integration.catalogs import Databases

from mvidarr_catalog.brain import progress, schema
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.progress import Progress
from mvidarr_catalog.brain.store import Checkpoint
from mvidarr_common.errors import Unavailable

HERE = Checkpoint("log", 7, "id", epoch=1, generation=1, signature="", seq=7)


@pytest.fixture
async def engine(databases: Databases) -> AsyncIterator[AsyncEngine]:
    async with databases.lend() as database:
        opened = open_engine(database)
        yield opened
        await opened.dispose()


@pytest.fixture
def waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 20.0)


@pytest.fixture
def waits_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.05)


@pytest.mark.usefixtures("waits_long")
async def test_the_leader_tells_those_who_wait_at_once(engine: AsyncEngine) -> None:
    leading = Progress(engine)
    leading.leads = True
    waiting = [asyncio.create_task(leading.until("log", offset)) for offset in (6, 7)]
    await asyncio.sleep(0)
    leading.reached(HERE)
    await asyncio.gather(*waiting)


@pytest.mark.usefixtures("waits_long")
async def test_another_replica_sees_what_the_leader_commits(engine: AsyncEngine) -> None:
    following = Progress(engine)
    waiting = [asyncio.create_task(following.until("log", offset)) for offset in (6, 7)]
    moved = sa.update(schema.checkpoint).values(log_id="log", offset=7)
    async with engine.begin() as connection:
        await connection.execute(moved)
    await asyncio.gather(*waiting)


@pytest.mark.usefixtures("waits_not")
@pytest.mark.parametrize(("log_id", "offset"), [("log", 8), ("another", 7)])
async def test_what_is_not_committed_is_shown_to_nobody(
    engine: AsyncEngine, log_id: str, offset: int
) -> None:
    leading = Progress(engine)
    leading.leads = True
    leading.reached(HERE)
    with pytest.raises(Unavailable):
        await leading.until(log_id, offset)


@pytest.mark.usefixtures("waits_not")
async def test_few_may_wait_so_that_others_are_answered(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AT_ONCE", 1)
    leading = Progress(engine)
    leading.leads = True
    waits = [leading.until("log", 8), leading.until("log", 8)]
    found = await asyncio.gather(*waits, return_exceptions=True)
    assert {each.code for each in found if isinstance(each, Unavailable)} == {"not_yet", "busy"}
