"""Several catalogs: one leads, all answer; a dead or sleeping leader is replaced, and one that
wakes up can write nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chaos.account import complaints
from tests.chaos.archive import Archive

from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.jobs import EnqueueJob, Noop
from mvidarr_common.messages.queries import GetSystem
from mvidarr_common.telling import insist
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import DatabaseServer
from mvidarr_common.testing.system import System

PATIENCE = 90.0
JOBS = 20

pytestmark = pytest.mark.timeout(400)


@dataclass
class Council:
    """Catalogs, a worker that does nothing, and whoever asks for that."""

    system: System
    bus: Bus
    archive: Archive

    @property
    def catalogs(self) -> list[str]:
        """The names of the replicas."""
        return [name for name in self.system.processes if name.startswith("catalog")]

    async def leaders(self, *among: str) -> list[str]:
        """Those that say that they lead."""
        names = among or self.catalogs
        said = [asyncio.to_thread(self.system.measure, name, "mvidarr_leader") for name in names]
        return [
            name for name, leads in zip(names, await asyncio.gather(*said), strict=True) if leads
        ]

    async def one_leads(self, *among: str) -> str:
        """The only one, once there is one."""

        async def only() -> str:
            leaders = await self.leaders(*among)
            assert len(leaders) == 1, leaders
            return leaders[0]

        return await eventually(only, PATIENCE, every=0.2)

    async def work(self) -> None:
        """Some jobs from their beginning to their end."""
        ids = [await self._enqueue() for _ in range(JOBS)]
        answered = self.archive.outcomes
        await self.archive.until(lambda: all(id in answered for id in ids), "answers", PATIENCE)
        await self.archive.until(lambda: not self.archive.open_jobs, "ends", PATIENCE)

    async def _enqueue(self) -> str:
        command = fresh(EnqueueJob(spec=Noop()), source="test", actor="user/test")
        await insist(self.bus, command)
        return command.id


@asynccontextmanager
async def council(
    node: RabbitNode, server: DatabaseServer, folder: Path, size: int
) -> AsyncIterator[tuple[Council, str]]:
    """So many catalogs, and their virtual host."""
    vhost, url = await asyncio.to_thread(node.new_vhost), server.new_database()
    names = [*(f"catalog#{n}" for n in range(size)), "transcoder#1"]
    system = System(folder, names, amqp_url=node.url(vhost), database_url=url)
    await asyncio.to_thread(system.__enter__)
    try:
        async with open_bus(node.url(vhost), "test") as bus, asyncio.TaskGroup() as tasks:
            archive = Archive()
            following = tasks.create_task(archive.follow(url))
            yield Council(system, bus, archive), vhost
            following.cancel()
    finally:
        await asyncio.to_thread(system.close)


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Both kinds of databases."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server


async def test_one_leads_and_all_answer(
    rabbit_node: RabbitNode, server: DatabaseServer, tmp_path: Path
) -> None:
    size = 2 if isinstance(server, PostgresServer) else 3
    async with council(rabbit_node, server, tmp_path / "system", size) as (brains, vhost):
        first = await brains.one_leads()
        await brains.work()
        listed = await asyncio.to_thread(
            rabbit_node.ctl, "list_consumers", "-p", vhost, "queue_name"
        )
        assert listed.split().count("catalog.queries") == size
        # The broker asks its consumers in turn, so each of them gets some of these.
        for _ in range(size * 5):
            await brains.bus.ask(fresh(GetSystem(), source="test"), 30)

        await asyncio.to_thread(brains.system.kill, first)
        others = [name for name in brains.catalogs if name != first]
        second = await brains.one_leads(*others)
        await brains.work()
        await asyncio.to_thread(brains.system.start, first)

        os.kill(brains.system.pid(second), signal.SIGSTOP)
        awake = [name for name in brains.catalogs if name != second]
        await brains.one_leads(*awake)
        await brains.work()
        os.kill(brains.system.pid(second), signal.SIGCONT)
        await brains.work()
        woken = brains.system.log_of(second)
        await eventually(lambda: "no longer leading" in woken.read_text(), PATIENCE)
        await brains.one_leads()
        await brains.work()
        assert complaints(brains.archive) == []
