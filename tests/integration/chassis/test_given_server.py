"""Tests can be told to use a server of MySQL that is there before and after them."""

import pytest
import sqlalchemy as sa

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_common.testing.mysql import VARIABLE, GivenServer
from mvidarr_common.testing.servers import DatabaseServer


async def databases(url: str) -> set[str]:
    """All that a server has."""
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = set((await connection.execute(sa.text("SHOW DATABASES"))).scalars())
    await engine.dispose()
    return found


async def test_what_tests_make_on_a_given_server_goes_with_them(
    mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = mariadb.new_database()
    monkeypatch.setenv(VARIABLE, there)
    given = GivenServer.of_the_environment()
    assert given is not None
    with given:
        name = given.new_database().rpartition("/")[2]
        assert name in await databases(there)
    assert name not in await databases(there)
