"""Every test here runs against every engine, each on a log of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mvidarr_common.bus import Bus
from mvidarr_common.testing.buses import Engine
from mvidarr_common.testing.rabbitmq import RabbitNode


@pytest.fixture(params=["embedded", "memory", "rabbit"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return _engine(request, tmp_path)


@pytest.fixture(params=["embedded", "rabbit"])
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An engine whose log outlives its bus."""
    return _engine(request, tmp_path)


def _engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "embedded":
        return Engine("embedded", f"embedded:{tmp_path / 'state' / 'bus.db'}")
    if request.param == "memory":
        return Engine("memory", "embedded::memory:")
    # Only now, so that the tests of the other engines need no broker.
    node: RabbitNode = request.getfixturevalue("rabbit_node")
    return _on_rabbit(node, node.new_vhost())


def _on_rabbit(node: RabbitNode, vhost: str) -> Engine:

    async def injure() -> None:
        await asyncio.to_thread(node.close_connections, vhost)

    return Engine("rabbit", node.url(vhost), injure)


@pytest.fixture
async def bus(engine: Engine) -> AsyncIterator[Bus]:
    """Opened and closed by one task, as in a program."""
    opened: asyncio.Future[Bus] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def hold() -> None:
        async with engine.open() as bus:
            opened.set_result(bus)
            await over.wait()

    holder = asyncio.create_task(hold())
    await asyncio.wait((holder, opened), return_when=asyncio.FIRST_COMPLETED)
    if holder.done():
        await holder
    yield opened.result()
    over.set()
    await holder
