"""Queries on a database whose connections come and go."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from mvidarr_catalog.brain.driver import driver_of
from mvidarr_catalog.brain.reading import Answers
from mvidarr_catalog.brain.transactions import transaction
from mvidarr_common.messages.queries import GetSystem
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


async def test_text_that_stands_in_no_column_is_compared_as_columns_are(world: World) -> None:
    async with world.engine.connect() as connection:
        assert not await connection.scalar(sa.text("SELECT 'a' = 'A'"))
