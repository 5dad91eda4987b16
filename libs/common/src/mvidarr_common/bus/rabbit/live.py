"""Listening to what passes by. Lossy by nature: never a word of complaint to who speaks."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

from aiormq import Channel
from aiormq.abc import DeliveredMessage

from mvidarr_common.bus.metrics import LIVE_DROPPED, LIVE_GAPS, LIVE_SECONDS, RECONNECTS
from mvidarr_common.bus.protocol import Gap
from mvidarr_common.bus.topology import EXCHANGE, LIVE_EXCHANGE
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Undecodable

from .beside import beside
from .connection import Link, pause
from .consumer import Consumer
from .lost import Lost, broker_errors

log = logging.getLogger(__name__)


class RabbitLive:
    """What one listener has heard and not taken yet."""

    def __init__(self, link: Link, keys: tuple[str, ...], limit: int) -> None:
        self._link = link
        self._keys = keys
        self._limit = limit
        self._bodies: deque[bytes] = deque()
        self._missed = False
        self._heard = asyncio.Event()
        self.listening = asyncio.Event()

    async def listen(self) -> None:
        """Have a queue, and another after every loss: the queue goes with its connection."""
        attempt = 0
        while True:
            try:
                await self._consume()
                attempt = 0
            except Lost as lost:
                log.info("nothing is heard now: %s", lost)
            if self.listening.is_set():
                self._miss()
            await asyncio.sleep(pause(attempt))
            attempt += 1

    async def _consume(self) -> None:
        consumer = Consumer(await self._link.channel())
        try:
            with broker_errors():
                queue = await self._declare(consumer.channel)
            await consumer.start(queue, self._take, no_ack=True)
            if self.listening.is_set():
                self._miss()
            self.listening.set()
            RECONNECTS.labels("listener", await consumer.gone).inc()
        finally:
            await consumer.close()

    async def _declare(self, channel: Channel) -> str:
        arguments: dict[str, Any] = {"x-max-length": self._limit, "x-overflow": "drop-head"}
        declared = await channel.queue_declare(
            exclusive=True, auto_delete=True, arguments=arguments
        )
        name = str(declared.queue)
        for key in self._keys:
            exchange = LIVE_EXCHANGE if key.startswith("signal.") else EXCHANGE
            await channel.queue_bind(name, exchange, key)
        return name

    async def _take(self, message: DeliveredMessage) -> None:
        if len(self._bodies) >= self._limit:
            self._bodies.popleft()
            LIVE_DROPPED.labels("slow").inc()
            self._miss()
        self._bodies.append(message.body)
        self._heard.set()

    def _miss(self) -> None:
        self._missed = True
        self._heard.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Envelope | Gap:
        """No generator: whoever gives up waiting may ask again."""
        while True:
            await self._heard.wait()
            if self._missed:
                self._missed = False
                LIVE_GAPS.inc()
                return Gap()
            if not self._bodies:
                self._heard.clear()
            elif (envelope := _decoded(self._bodies.popleft())) is not None:
                return envelope


def _decoded(body: bytes) -> Envelope | None:
    try:
        envelope = decode(body)
    except Undecodable as error:
        LIVE_DROPPED.labels("undecodable").inc()
        log.warning("something unreadable passed by: %s", error)
        return None
    LIVE_SECONDS.observe(max(0.0, (datetime.now(UTC) - envelope.time).total_seconds()))
    return envelope


@asynccontextmanager
async def listen(link: Link, keys: tuple[str, ...], limit: int) -> AsyncIterator[RabbitLive]:
    """Hear what is said from now on, until the context ends."""
    live = RabbitLive(link, keys, limit)
    async with beside("listener", live.listen()):
        await live.listening.wait()
        yield live
