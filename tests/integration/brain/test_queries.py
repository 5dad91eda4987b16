"""Queries on a database whose connections come and go."""

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mvidarr_catalog.brain.reading import Answers
from mvidarr_common.messages.queries import GetSystem

from .conftest import World

END_ALL = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
)


async def test_a_question_that_meets_a_dead_connection_is_answered_by_another(
    world: World,
) -> None:
    async with world.leading():
        pass
    answers = Answers(world.engine, world.brain)
    before = await answers.answer(GetSystem())
    try:
        async with world.engine.connect() as connection:
            await connection.execute(END_ALL)
    except DBAPIError:
        pass  # its own, too
    assert await answers.answer(GetSystem()) == before
