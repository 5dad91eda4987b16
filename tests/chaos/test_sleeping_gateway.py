"""What was answered is shown by a gateway that slept meanwhile, and after another leads: beside
many reads from memory, which the leader's promises make fast. Real processes, real signals."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from mvidarr_common.cli.access import Access
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System

NAPS = int(os.environ.get("CHAOS_NAPS", "0"))
READERS = 16
PATIENCE = 120.0
WARM = 100
ARTISTS = "/api/v1/artists"

pytestmark = pytest.mark.timeout(1800)


class Readers:
    """Many who read the same from one gateway, all the time."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.answers = 0

    async def read(self) -> None:
        """Until cancelled; a catalog that is away is no answer."""
        while True:
            with suppress(httpx.TransportError):
                answer = await self.client.get(ARTISTS)
                self.answers += answer.is_success

    async def warm(self) -> None:
        """Until they have read for a while."""
        enough = self.answers + WARM
        await eventually(lambda: self.answers > enough, within=PATIENCE)


@pytest.fixture
async def house(
    servers: tuple[RabbitNode, PostgresServer], tmp_path: Path
) -> AsyncIterator[tuple[System, System, Access]]:
    """Two catalogs and a gateway, and another gateway."""
    node, postgres = servers
    url, database = node.url(node.new_vhost()), await asyncio.to_thread(postgres.new_database)
    one = System(
        tmp_path / "one", ("catalog#1", "catalog#2", "api-gateway"),
        amqp_url=url, database_url=database,
    )  # fmt: skip
    other = System(tmp_path / "other", ("api-gateway",), amqp_url=url, instance_key=one.key)
    async with AsyncExitStack() as stack:
        for system in (one, other):
            await asyncio.to_thread(stack.enter_context, system)
        yield one, other, await asyncio.to_thread(one.log_in)


@asynccontextmanager
async def _reading(address: str, access: Access) -> AsyncIterator[Readers]:
    async with (
        httpx.AsyncClient(base_url=address, headers=access.headers, timeout=90) as client,
        asyncio.TaskGroup() as tasks,
    ):
        readers = Readers(client)
        reading = [tasks.create_task(readers.read()) for _ in range(READERS)]
        yield readers
        for each in reading:
            each.cancel()


async def _follow(client: httpx.AsyncClient, name: str) -> None:
    async def followed() -> httpx.Response:
        answer = await client.post(ARTISTS, json={"name": name})
        assert answer.status_code in (200, 201), answer.text
        return answer

    await eventually(followed, within=PATIENCE)


async def _shows(readers: Readers, name: str) -> None:
    async def answered() -> httpx.Response:
        answer = await readers.client.get(ARTISTS, params={"limit": 500})
        assert answer.status_code == 200
        assert "age" not in answer.headers
        return answer

    found = (await eventually(answered, within=PATIENCE)).json()["items"]
    assert name in [each["name"] for each in found]


async def test_who_slept_or_has_another_leader_shows_all_that_was_answered(
    house: tuple[System, System, Access],
) -> None:
    one, other, access = house
    async with (
        _reading(one.address, access) as here,
        _reading(other.address, access) as there,
    ):
        for nap in range(NAPS):
            await there.warm()
            os.kill(other.pid("api-gateway"), signal.SIGSTOP)
            await _follow(here.client, f"asleep {nap}")
            os.kill(other.pid("api-gateway"), signal.SIGCONT)
            await _shows(there, f"asleep {nap}")
        leading = [
            name for name in ("catalog#1", "catalog#2") if one.measure(name, "mvidarr_leader")
        ]
        await asyncio.to_thread(one.kill, leading[0])
        await _follow(here.client, "another leads")
        await _shows(there, "another leads")
