"""Commands over HTTP until they are accepted: followed and shown (201), unfollowed and shown (200),
or in the log and not waited for (202).

The peer is `/ping` of the same server, asked by the same clients. The limit is what nobody can
leave out: one confirmed publish and one commit, on the same kind of bus and of database, by as
many at once.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mvidarr_catalog.embedded_database import embedded_database
from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.cli.access import Access
from mvidarr_common.messages.ids import artist_id
from mvidarr_common.messages.jobs import EnqueueJob, Noop
from mvidarr_common.messages.library import FollowArtist
from mvidarr_common.testing.system import EMBEDDED, System

from .clients import Request, seconds_of
from .ground import Ground
from .inside import said
from .measure import RUNS, Figure, latencies

CLIENTS = (1, 16, 64)
POOL = 16
"""Connections of the limit's own client; the embedded server has few."""
FOR_EACH = {1: 40, 16: 15, 64: 8}
"""Requests of each client in one run."""

BULK = int(os.environ.get("BENCH_BULK", "10000"))
"""Jobs that do nothing, all asked for at once."""

NAMES = count(1)
ARTISTS = "/api/v1/artists"
ENTRIES = sa.Table("entries", sa.MetaData(), sa.Column("body", sa.LargeBinary))

Make = Callable[[str], Request]


PATIENCE = (("Prefer", "wait=60"),)
"""A machine that has much else to do shall be slow, and not give another answer."""


def _follow(name: str) -> Request:
    return Request("POST", ARTISTS, 201, orjson.dumps({"name": name}), PATIENCE)


def _unfollow(name: str) -> Request:
    return Request("DELETE", f"{ARTISTS}/{artist_id(name)}", 200, b"", PATIENCE)


def _hand_in(name: str) -> Request:
    body = orjson.dumps({"name": f"{name} later"})
    return Request("POST", ARTISTS, 202, body, (("Prefer", "wait=0"),))


def _ping(_: str) -> Request:
    return Request("GET", "/ping", 200)


KINDS: dict[str, Make] = {
    "POST artists → 201": _follow,
    "DELETE artist → 200": _unfollow,
    "POST artists, wait=0 → 202": _hand_in,
}


KINDS_APART = ("POST artists → 201",)


@dataclass(frozen=True)
class Floor:
    """A bus and a database of the same kind, with nothing of ours between them."""

    bus: Bus
    engine: AsyncEngine

    async def prepare(self) -> None:
        """A table to commit into."""
        async with self.engine.begin() as connection:
            await connection.run_sync(ENTRIES.create)

    async def seconds_of(self, clients: int) -> list[float]:
        """Publishes with a commit after each, by so many at once."""
        found = await asyncio.gather(*(self._client(FOR_EACH[clients]) for _ in range(clients)))
        return [seconds for part in found for seconds in part]

    async def _client(self, times: int) -> list[float]:
        return [await self._once() for _ in range(times)]

    async def _once(self) -> float:
        began = time.perf_counter()
        envelope = said(FollowArtist(name=f"Artist {next(NAMES)}"))
        await self.bus.publish(envelope)
        async with self.engine.begin() as connection:
            await connection.execute(ENTRIES.insert(), {"body": envelope.encode()})
        return time.perf_counter() - began


@dataclass
class Runs:
    """The seconds of every request, by kind, one list for each run."""

    ours: dict[str, list[list[float]]]
    ping: list[list[float]] = field(default_factory=list)
    floor: list[list[float]] = field(default_factory=list)

    def figures(self, where: str, clients: int) -> list[Figure]:
        """One for each kind of request."""
        peers = latencies("/ping", self.ping), latencies("publish + commit", self.floor)
        at_once = f"{clients} client{'s' * (clients > 1)}"
        return [
            Figure(f"{kind}, {at_once}", where, "ms", latencies("", runs), peers)
            for kind, runs in self.ours.items()
        ]


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """`mvidarr up` with everything embedded, and on RabbitMQ and PostgreSQL."""
    async with _floor_embedded(ground) as floor:
        for figure in await _measure(System(ground.folder("up"), EMBEDDED), floor, "embedded"):
            yield figure
    async with _floor_on_servers(ground) as floor:
        url = await asyncio.to_thread(ground.postgres.new_database)
        amqp = ground.new_amqp_url()
        system = System(ground.folder("up"), EMBEDDED, amqp_url=amqp, database_url=url)
        for figure in await _measure(system, floor, "RabbitMQ, PostgreSQL"):
            yield figure
        amqp = ground.new_amqp_url()
        apart = System(
            ground.folder("apart"), ("catalog", "api-gateway", "transcoder"),
            amqp_url=amqp, log_level="WARNING",
            database_url=await asyncio.to_thread(ground.postgres.new_database),
        )  # fmt: skip
        for figure in await _measure_apart(apart, amqp, floor):
            yield figure


async def _measure(system: System, floor: Floor, where: str) -> list[Figure]:
    await floor.prepare()
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, system)
        access = await asyncio.to_thread(system.log_in)
        await _ask(access, max(CLIENTS), _follow, _names(200))  # everybody is warm after this
        return [
            figure
            for clients in CLIENTS
            for figure in (await _runs(access, clients, floor)).figures(where, clients)
        ]


async def _measure_apart(system: System, amqp: str, floor: Floor) -> list[Figure]:
    """Each service in a process of its own; idle, and under a bulk."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, system)
        bus = await stack.enter_async_context(open_bus(amqp, "bench"))
        access = await asyncio.to_thread(system.log_in)
        await _ask(access, max(CLIENTS), _follow, _names(200))
        found = await _follows(access, floor, "a process for each service")
        await bus.publish(*(said(EnqueueJob(spec=Noop())) for _ in range(BULK)))
        return found + await _follows(access, floor, f"the same, under a bulk of {BULK:,} jobs")


async def _follows(access: Access, floor: Floor, where: str) -> list[Figure]:
    return [
        figure
        for clients in CLIENTS
        for figure in (await _runs(access, clients, floor, KINDS_APART)).figures(where, clients)
    ]


async def _runs(
    access: Access, clients: int, floor: Floor, kinds: Sequence[str] = tuple(KINDS)
) -> Runs:
    runs = Runs({kind: [] for kind in kinds})
    for _ in range(RUNS):
        names = _names(clients * FOR_EACH[clients])
        for kind in kinds:
            runs.ours[kind].append(await _ask(access, clients, KINDS[kind], names))
        runs.ping.append(await _ask(access, clients, _ping, names))
        runs.floor.append(await floor.seconds_of(clients))
    return runs


async def _ask(access: Access, clients: int, make: Make, names: Sequence[str]) -> list[float]:
    return await seconds_of(access, clients, [make(name) for name in names])


def _names(count: int) -> list[str]:
    return [f"Artist {next(NAMES)}" for _ in range(count)]


@asynccontextmanager
async def _floor_embedded(ground: Ground) -> AsyncIterator[Floor]:
    folder = ground.folder("floor")
    async with (
        embedded_database(folder / "postgres") as url,
        _on(url) as engine,
        open_bus(f"embedded:{folder}/bus.db", "floor") as bus,
    ):
        yield Floor(bus, engine)


@asynccontextmanager
async def _floor_on_servers(ground: Ground) -> AsyncIterator[Floor]:
    url = await asyncio.to_thread(ground.postgres.new_database)
    async with _on(url) as engine, open_bus(ground.new_amqp_url(), "floor") as bus:
        yield Floor(bus, engine)


@asynccontextmanager
async def _on(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(url, pool_size=POOL, max_overflow=0)
    try:
        yield engine
    finally:
        await engine.dispose()
