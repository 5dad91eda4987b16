"""Queries on a database whose connections come and go."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from mvidarr_catalog.brain.driver import driver_of
from mvidarr_catalog.brain.progress import Progress
from mvidarr_catalog.brain.reading import Answers, Read
from mvidarr_catalog.brain.transactions import transaction
from mvidarr_catalog.desk import Desk
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Query
from mvidarr_common.messages.queries import GetPosition, GetSystem, SystemView
from mvidarr_common.testing.conditions import eventually

from .conftest import DATABASES, World

pytestmark = pytest.mark.parametrize("ground", DATABASES, indirect=True)

END_ALL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() ORDER BY pid = pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
    " ORDER BY id = CONNECTION_ID()",
}


async def end_all(url: sa.URL) -> None:
    """End every connection to the database, ours too."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            ended = await connection.execute(sa.text(END_ALL[engine.dialect.name]))
            for id in ended.scalars() if engine.dialect.name == "mysql" else ():
                await connection.execute(sa.text(f"KILL {id}"))
    except DBAPIError:
        pass
    finally:
        await engine.dispose()


@pytest.mark.parametrize("noticed", [False, True], ids=["unnoticed", "noticed"])
async def test_a_question_that_meets_a_dead_connection_is_answered_by_another(
    world: World, noticed: bool
) -> None:
    async with world.leading():
        pass
    answers = Answers(world.engine, world.brain)
    before = await answers.answer(GetSystem())
    async with transaction(world.engine) as connection:
        driver = driver_of(connection)
    await end_all(world.engine.url)
    if noticed and driver is not None:
        await eventually(lambda: driver.is_closed())
    assert await answers.answer(GetSystem()) == before


WRONG = {
    "a column that is not there": "SELECT nothing_there FROM event_log",
    "no statement": "SELEC 1",
    "a function that is not there": "SELECT no_such_function(1)",
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("one_row", [False, True], ids=["in a transaction", "alone"])
async def test_a_wrong_statement_is_a_defect_and_not_a_database_that_is_away(
    world: World, said: str, one_row: bool
) -> None:
    async with world.leading():
        pass
    asked: Query[Any] = GetPosition() if one_row else GetSystem()

    async def wrong(_: Query[Any], read: Read) -> SystemView:
        driver = driver_of(read.connection)
        await (driver.fetch(said) if driver else read.connection.execute(sa.text(said)))
        raise AssertionError(said)

    queries = {**world.brain.queries, type(asked): wrong}
    desk = Desk(world.engine, replace(world.brain, queries=queries), Progress(world.engine), 1)
    with pytest.raises(DBAPIError) as raised:
        await desk.answer(fresh(asked, source="test"))
    assert asked.wire in raised.value.__notes__[0]
    await desk.close()


async def test_a_database_that_is_gone_is_away(world: World) -> None:
    async with world.leading():
        pass
    away = create_async_engine(world.engine.url.set(host="127.0.0.1", port=1))
    desk = Desk(away, world.brain, Progress(away), 1)
    with pytest.raises(Unavailable, match="away"):
        await desk.answer(fresh(GetSystem(), source="test"))
    await desk.close()
    await away.dispose()


async def test_text_that_stands_in_no_column_is_compared_as_columns_are(world: World) -> None:
    async with world.engine.connect() as connection:
        assert not await connection.scalar(sa.text("SELECT 'a' = 'A'"))
