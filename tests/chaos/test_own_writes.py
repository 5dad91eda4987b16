"""What was answered is there for everybody: two gateways and two catalogs on one broker and one
database. After each answer, and after each fact on a websocket, every gateway shows it."""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tests.integration.catalogs import running_catalog
from websockets.asyncio.client import ClientConnection, connect

from mvidarr_api_gateway import standing
from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.bus import open_bus
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.web import serving

WRITES = int(os.environ.get("CHAOS_WRITES", "0")) or 24
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PASSWORD = "correct horse battery"
WRITERS = 3

pytestmark = pytest.mark.timeout(120 + 2 * WRITES)


@dataclass
class House:
    """Two gateways, a client of each, and what was answered through any of them."""

    clients: list[httpx.AsyncClient]
    ports: list[int]
    token: str = ""
    numbers: Iterator[int] = field(default_factory=count)
    answers: int = 0
    facts: int = 0

    async def shows(self, id: str, *followed: bool) -> None:
        """Every gateway says so, of the one and among the many."""
        for client in self.clients:
            one = await self._current(client, f"/api/v1/artists/{id}")
            assert one.get("followed") in followed, (SEED, one)
            listed = await self._current(client, "/api/v1/artists", search=one["name"])
            found = {each["id"]: each["followed"] for each in listed["items"]}
            assert found.get(id) in followed, (SEED, found)

    async def write(self, dice: random.Random) -> None:
        """Follow somebody through one gateway, and now and then no longer through another."""
        name = f"artist {next(self.numbers)}"
        said = await self._ask("POST", dice, json={"name": name})
        await self.shows(said["id"], True)
        self.answers += 1
        if dice.random() < 0.5:
            await self._ask("DELETE", dice, f"/{said['id']}")
            await self.shows(said["id"], False)

    async def read(self, dice: random.Random, done: asyncio.Event) -> None:
        """Fill the caches of both, all the time."""
        while not done.is_set():
            await dice.choice(self.clients).get("/api/v1/artists", params={"search": "artist"})

    async def _current(self, client: httpx.AsyncClient, path: str, **params: str) -> Any:
        """What is shown; while the catalog is away an answer may be old, and says so."""

        async def answer() -> httpx.Response:
            found = await client.get(path, params=params)
            assert found.status_code == 200, found.text
            assert "age" not in found.headers
            return found

        return (await eventually(answer, within=60)).json()

    async def _ask(self, method: str, dice: random.Random, path: str = "", **what: Any) -> Any:
        """Until it is known what came of it: while the catalog is away it is taken, and that is
        no answer."""
        client, key = dice.choice(self.clients), {"Idempotency-Key": str(dice.getrandbits(64))}

        async def answered() -> httpx.Response:
            answer = await client.request(method, f"/api/v1/artists{path}", headers=key, **what)
            answer.raise_for_status()
            assert answer.status_code != 202
            return answer

        return (await eventually(answered, within=60)).json()


@pytest.fixture
async def house(
    servers: tuple[RabbitNode, PostgresServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(standing, "MANY", 0)
    node, postgres = servers
    url, database = node.url(node.new_vhost()), await asyncio.to_thread(postgres.new_database)
    async with AsyncExitStack() as stack:
        for n in range(2):
            bus = await stack.enter_async_context(open_bus(url, f"catalog {n}"))
            await stack.enter_async_context(running_catalog(bus, database, tmp_path))
        both = [await stack.enter_async_context(_gateway(url, tmp_path, n)) for n in range(2)]
        house = House([client for client, _ in both], [port for _, port in both])
        house.token = await eventually(lambda: _token(house.clients[0]), within=30)
        for client in house.clients:
            client.headers["Authorization"] = f"Bearer {house.token}"
        yield house


@asynccontextmanager
async def _gateway(url: str, folder: Path, n: int) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    root = folder / f"data {n}"
    root.mkdir()
    settings = GatewaySettings(
        state_dir=folder / f"state {n}",
        data_root=root,
        admin_password=SecretStr(PASSWORD),
        outcome_wait=60,
        token_lifetime=86400,
    )
    async with open_bus(url, f"gateway {n}") as bus:
        key = InstanceKey(b"k" * 32)
        name = WorkerId(f"gateway-{n}")
        runtime = Runtime("api-gateway", settings, bus, DataRoot(root), key, name)
        async with open_deps(runtime) as deps, serving(application(deps), "127.0.0.1", 0) as port:
            base = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as client:
                yield client, port


async def _token(client: httpx.AsyncClient) -> str:
    body = {"username": "admin", "password": PASSWORD}
    answer = await client.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["accessToken"])


async def test_what_was_answered_or_told_is_shown_by_every_gateway(house: House) -> None:
    done, each = asyncio.Event(), WRITES // WRITERS

    async def writer(number: int) -> None:
        dice = random.Random(SEED + number)
        for _ in range(each):
            await house.write(dice)

    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(_connected(house, port)) for port in house.ports]
        async with asyncio.TaskGroup() as others:
            others.create_task(house.read(random.Random(SEED), done))
            for socket in sockets:
                others.create_task(_follow(house, socket, WRITERS * each))
            async with asyncio.TaskGroup() as writers:
                for number in range(WRITERS):
                    writers.create_task(writer(number))
            done.set()
    assert house.answers >= WRITERS * each
    assert house.facts >= len(sockets) * WRITERS * each


@asynccontextmanager
async def _connected(house: House, port: int) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{port}/api/v1/events"
    async with connect(url, proxy=None, max_size=None, max_queue=None) as socket:
        await socket.send(json.dumps({"token": house.token, "topics": ["library"]}))
        assert json.loads(await socket.recv())["type"] == "ready"
        yield socket


async def _follow(house: House, socket: ClientConnection, expected: int) -> None:
    """Each fact is true for everybody when it is told; who was followed may be left since."""
    followed = 0
    while followed < expected:
        frame = json.loads(await socket.recv())
        if frame["type"] == "event.artist.followed":
            await house.shows(frame["data"]["artistId"], True, False)
            followed += 1
        if frame["type"] == "event.artist.unfollowed":
            await house.shows(frame["data"]["artistId"], False)
        house.facts += 1
