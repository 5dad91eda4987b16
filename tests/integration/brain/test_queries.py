"""Queries on a database whose connections come and go."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mvidarr_catalog.brain.reading import Answers
from mvidarr_common.messages.queries import GetSystem

from .conftest import DATABASES, World

pytestmark = pytest.mark.parametrize("ground", DATABASES, indirect=True)

END_ALL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() ORDER BY pid = pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
    " ORDER BY id = CONNECTION_ID()",
}


async def test_a_question_that_meets_a_dead_connection_is_answered_by_another(
    world: World,
) -> None:
    async with world.leading():
        pass
    answers = Answers(world.engine, world.brain)
    before = await answers.answer(GetSystem())
    try:
        async with world.engine.connect() as connection:
            ended = await connection.execute(sa.text(END_ALL[world.engine.dialect.name]))
            for id in ended.scalars() if world.engine.dialect.name == "mysql" else ():
                await connection.execute(sa.text(f"KILL {id}"))
    except DBAPIError:
        pass  # its own, too
    assert await answers.answer(GetSystem()) == before
