"""A brain on each engine of the bus, and on each kind of database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.integration.brain.told import LIVE
from tests.integration.catalogs import Databases

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leader import Chore, Leader
from mvidarr_catalog.brain.model import Brain
from mvidarr_catalog.brain.reading import Answers
from mvidarr_catalog.brain.rebuild import checksum
from mvidarr_catalog.brain.schema import event_log
from mvidarr_catalog.brain.store import ensure_schema, ensure_tables, read_checkpoint
from mvidarr_catalog.brain.timers import Timers
from mvidarr_catalog.jobs.dispatcher import Dispatcher
from mvidarr_catalog.jobs.workforce import Workforce
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.rebuilds import Rebuilder
from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.messages import Message, Query
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import DatabaseServer

T = TypeVar("T")
M = TypeVar("M", bound=Message)

BUSES = ("memory-postgres", "rabbit-postgres")
"""What the brain relies on, both engines of the bus must give."""

DATABASES = ("memory-postgres", "memory-mariadb")
"""For what has nothing to do with the bus."""

EVERYWHERE = pytest.mark.parametrize("ground", [*BUSES, "memory-mariadb"], indirect=True)
"""For what both kinds of databases must give, too."""


@dataclass
class World:
    """What a test of the brain acts on, and looks at."""

    bus: Bus
    engine: AsyncEngine
    brain: Brain

    @asynccontextmanager
    async def leading(self, *chores: Chore) -> AsyncIterator[Leader]:
        """A leader at work, with chores of the test's own or the usual ones."""
        rebuilder = Rebuilder()
        usual = (Timers(), Dispatcher(Workforce(), 3))
        leader = Leader(self.engine, self.bus, self.brain, (*(chores or usual), rebuilder))
        await leader.take_over()
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(leader.lead()),
                tasks.create_task(rebuilder.run(leader)),
            ]
            yield leader
            for task in running:
                task.cancel()

    async def say(
        self, message: Message, id: str | None = None, actor: str = "user/test"
    ) -> Envelope:
        """Publish as the gateway would."""
        envelope = fresh(message, source="test", actor=actor, id=id)
        await self.bus.publish(envelope)
        return envelope

    async def ask(self, query: Query[Any]) -> Any:
        """The answer's view."""
        answer = await Answers(self.engine, self.brain).answer(query)
        return query.answer.model_validate_json(answer)

    async def known(self, envelope: Envelope) -> bool:
        """Whether a message is folded."""
        query = sa.select(event_log.c.id).where(event_log.c.id == envelope.id)
        return bool(await self.select(query))

    async def select(self, query: sa.Select[Any]) -> list[Any]:
        """Rows of any table, as they are committed."""
        async with self.engine.connect() as connection:
            return list(await connection.execute(query))

    async def said(self, kind: type[M]) -> list[M]:
        """Every archived message of a class, in the order of folding."""
        query = sa.select(event_log.c.body).order_by(event_log.c.seq)
        found = [decode(row.body).message for row in await self.select(query)]
        return [message for message in found if isinstance(message, kind)]

    async def types_in_archive(self) -> list[str]:
        """What stands in the archive, in the order of folding."""
        query = sa.text("SELECT type FROM event_log ORDER BY seq")
        async with self.engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def checksum(self) -> str:
        """Of the live read model."""
        async with self.engine.connect() as connection:
            generation = (await read_checkpoint(connection)).generation
            return await checksum(connection, self.brain.rows, generation)

    async def quiet(self) -> None:
        """Until everything that was decided has come back."""
        await eventually(self._quiet, within=20)

    async def _quiet(self) -> bool:
        async with self.engine.connect() as connection:
            return not await connection.scalar(sa.text("SELECT count(*) FROM outbox"))


@pytest.fixture(params=BUSES)
def ground(request: pytest.FixtureRequest) -> tuple[str, DatabaseServer]:
    """The URL of a bus, and a server of databases."""
    bus, _, database = request.param.partition("-")
    server: DatabaseServer = request.getfixturevalue(database)
    if bus == "memory":
        return "embedded::memory:", server
    node: RabbitNode = request.getfixturevalue("rabbit_node")
    return node.url(node.new_vhost()), server


@pytest.fixture(scope="session")
def lenders() -> dict[DatabaseServer, Databases]:
    """Each server's databases: to make all tables takes longer than most tests."""
    return {}


@pytest.fixture
async def world(
    ground: tuple[str, DatabaseServer], lenders: dict[DatabaseServer, Databases]
) -> AsyncIterator[World]:
    """An empty system."""
    bus_url, server = ground
    async with lenders.setdefault(server, Databases(server)).lend() as database:
        engine = open_engine(database)
        try:
            async with open_bus(bus_url, "test") as bus:
                yield World(bus, engine, whole_brain())
        finally:
            await engine.dispose()


@pytest.fixture(params=["postgres", "mariadb"])
async def idle(request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine]:
    """A database of a catalog at which nobody works."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    made = open_engine(await asyncio.to_thread(server.new_database))
    async with made.begin() as connection:
        await ensure_schema(connection)
        await ensure_tables(connection, whole_brain().rows, LIVE)
    yield made
    await made.dispose()
