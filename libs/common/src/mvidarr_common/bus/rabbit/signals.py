"""Saying what is true for a moment: at most once, without ever waiting for the broker."""

import asyncio
from contextlib import suppress

from aiormq import Channel
from pamqp.commands import Basic

from mvidarr_common.bus.metrics import LIVE_DROPPED
from mvidarr_common.bus.topology import LIVE_EXCHANGE
from mvidarr_common.envelope import CONTENT_TYPE, Envelope

from .connection import Link, pause
from .lost import Lost, broker_errors

LIMIT = 10_000
FLUSH = 1.0


class Signals:
    """A bounded line in front of a channel without confirms; the oldest is dropped."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._line: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(LIMIT)

    def say(self, envelope: Envelope) -> None:
        """Put it in the line."""
        if self._line.full():
            self._line.get_nowait()
            self._line.task_done()
            LIVE_DROPPED.labels("unsent").inc()
        self._line.put_nowait((envelope.routing_key, envelope.encode()))

    async def pump(self) -> None:
        """Send what is in the line, until cancelled."""
        while True:
            try:
                channel = await self._link.channel()
                while True:
                    await self._send(channel, *await self._line.get())
            except Lost:
                await asyncio.sleep(pause())

    async def _send(self, channel: Channel, key: str, body: bytes) -> None:
        try:
            with broker_errors():
                await channel.basic_publish(
                    body, exchange=LIVE_EXCHANGE, routing_key=key, wait=False,
                    properties=Basic.Properties(content_type=CONTENT_TYPE, delivery_mode=1),
                )  # fmt: skip
        except Lost:
            LIVE_DROPPED.labels("unsent").inc()
            raise
        finally:
            self._line.task_done()

    async def flush(self) -> None:
        """Give the last ones a moment to leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH):
                await self._line.join()
