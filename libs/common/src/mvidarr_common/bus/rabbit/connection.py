"""A connection to the broker that comes back by itself.

`aio_pika.connect_robust` is not used: after a reconnection it consumes again with the original
arguments, so that a log reader would start over, and a consumer's death cancels its handler. Of
aio-pika we take the plain connection, and the channels of the layer below it.
"""

import asyncio
import logging
import random
from contextlib import suppress

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.abc import AbstractConnection as Wire
from aiormq.exceptions import AuthenticationError, ProbableAuthenticationError

from mvidarr_common.bus.metrics import BLOCKED, CONNECTED, RECONNECTS
from mvidarr_common.errors import Unavailable

from .lost import Lost, broker_errors

log = logging.getLogger(__name__)

HEARTBEAT = 10
"""The library's 60 s would leave the work of a lost host unclaimed for minutes."""
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0


def pause(attempt: int = 0) -> float:
    """How long to wait before the next try: 0.2 to 5 seconds, so that not all come at once."""
    return random.uniform(0.2, min(5.0, 0.4 * 2 ** min(attempt, 5)))  # noqa: S311  # no secret


class Link:
    """One connection with one role. An alarm blocks all that a publishing connection does, and a
    protocol error ends every channel of its connection: hence one for each role."""

    def __init__(self, url: str, client: str, role: str) -> None:
        self._url = url
        self._name = f"{client} {role}"
        self.role = role
        self.trouble = "not connected yet"
        """Why it cannot be used now; empty while it can."""
        self.full = False
        """Whether the broker reads nothing from us because its memory or disk is."""
        self.refused = asyncio.Event()
        self._wire: Wire | None = None
        self._up = asyncio.Event()

    async def keep(self) -> None:
        """Connect, and again after every loss, until cancelled."""
        attempt = 0
        while True:
            try:
                connection = await self._connect()
            except Lost as lost:
                self._note(lost)
            else:
                attempt = 0
                await self._hold(connection)
            await asyncio.sleep(pause(attempt))
            attempt += 1

    async def _connect(self) -> AbstractConnection:
        with broker_errors():
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await aio_pika.connect(
                    self._url,
                    heartbeat=HEARTBEAT,
                    client_properties={"connection_name": self._name},
                )

    def _note(self, lost: Lost) -> None:
        self.trouble = f"no connection to the broker: {lost}"
        if isinstance(lost.__cause__, AuthenticationError | ProbableAuthenticationError):
            self.refused.set()

    async def _hold(self, connection: AbstractConnection) -> None:
        assert connection.transport is not None
        self._wire = connection.transport.connection
        self._up.set()
        CONNECTED.labels(self.role).set(1)
        try:
            await self._watch(self._wire)
        finally:
            self._up.clear()
            self._wire = None
            self.full = False
            self.trouble = "the connection to the broker was lost"
            CONNECTED.labels(self.role).set(0)
            await _closed(connection)

    async def _watch(self, wire: Wire) -> None:
        # aio-pika's own Connection.closed() never fires when it is the broker who closes.
        closing = wire.closing
        while not closing.done():
            blocked = not await _soon(wire)
            BLOCKED.labels(self.role).set(blocked)
            self.full = blocked
            self.trouble = "the broker takes no messages now (memory or disk)" if blocked else ""
            await asyncio.wait({closing}, timeout=1.0)
        reason = type(None if closing.cancelled() else closing.exception()).__name__
        log.warning("the %s connection was lost: %s", self.role, reason)
        RECONNECTS.labels(self.role, reason).inc()

    async def channel(self, *, confirms: bool = False) -> Channel:
        """A new channel, as soon as the connection is up and not blocked."""
        await self._up.wait()
        with broker_errors():
            if self._wire is None:
                raise Lost("the connection was lost")
            await self._wire.ready()
            channel = await self._wire.channel(
                publisher_confirms=confirms, on_return_raises=confirms
            )
        assert isinstance(channel, Channel)
        return channel

    async def connected(self, deadline: float) -> None:
        """Wait until it is up; raises Unavailable, at once when the broker refuses us."""
        waits = {asyncio.ensure_future(each.wait()) for each in (self._up, self.refused)}
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        if not self._up.is_set():
            raise Unavailable("broker_unavailable", self.trouble)


async def _soon(wire: Wire) -> bool:
    """Whether it is unblocked: the library has no other way to ask."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await wire.ready()
            return True
    return False


async def _closed(connection: AbstractConnection) -> None:
    with suppress(Lost), broker_errors():
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await connection.close()


async def close_channel(channel: Channel) -> None:
    """Close a channel that may be dead or blocked already."""
    with suppress(Lost), broker_errors():
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await channel.close()
