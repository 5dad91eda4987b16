"""The RabbitMQ engine of the bus: for everything beyond one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from mvidarr_common.errors import Unavailable

from .beside import beside
from .connection import Link, pause
from .declare import prepare
from .engine import RabbitBus
from .lost import Lost

START = 30.0
"""Seconds that a broker may take to appear when a service starts beside it."""


@asynccontextmanager
async def open_rabbit(url: str, client: str) -> AsyncIterator[RabbitBus]:
    """Connect and declare everything. Raises Unavailable when the broker does not come, and
    Conflict when something is declared there differently."""
    async with AsyncExitStack() as stack:
        bus = RabbitBus(url, client)
        kept = (link.keep() for link in bus.links)
        await stack.enter_async_context(beside("connection", *kept))
        deadline = asyncio.get_running_loop().time() + START
        for link in bus.links:
            await link.connected(deadline)
        await _prepared(bus.links[0], deadline)
        await stack.enter_async_context(beside("asker", bus.asker.keep()))
        stack.push_async_callback(bus.publisher.close)
        await stack.enter_async_context(beside("signals", bus.signals.pump()))
        stack.push_async_callback(bus.signals.flush)
        yield bus


async def _prepared(link: Link, deadline: float) -> None:
    """A broker that has just started may not have found everything of its own yet."""
    while True:
        try:
            return await prepare(link)
        except Lost as lost:
            if asyncio.get_running_loop().time() > deadline:
                why = f"the broker cannot be prepared: {lost}"
                raise Unavailable("broker_unavailable", why) from lost
        await asyncio.sleep(pause())


__all__ = ["RabbitBus", "open_rabbit"]
