"""Answering questions from the shared queue, several at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiormq import Channel
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from mvidarr_common.bus.metrics import RECONNECTS
from mvidarr_common.bus.problems import pack, told
from mvidarr_common.bus.topology import QUERIES
from mvidarr_common.envelope import CONTENT_TYPE, Envelope, decode
from mvidarr_common.errors import Problem

from .asking import PROBLEM
from .beside import beside, ended
from .connection import Link, close_channel, pause
from .consumer import consume
from .declare import declare_queries
from .lost import Lost, broker_errors

log = logging.getLogger(__name__)
Answering = Callable[[Envelope], Awaitable[bytes]]


class Answerer:
    """Takes questions from the shared queue and answers them, several at once."""

    def __init__(self, link: Link, handler: Answering, concurrency: int) -> None:
        self._link = link
        self._handler = handler
        self._concurrency = concurrency
        self._tasks: set[asyncio.Task[None]] = set()
        self.ready = asyncio.Event()

    async def keep(self) -> None:
        """Consume, and again after every loss, until cancelled."""
        while True:
            with suppress(Lost):
                await self._consume()
            await asyncio.sleep(pause())

    async def _consume(self) -> None:
        channel = await self._link.channel()
        try:
            with broker_errors():
                await declare_queries(channel)
            consumer = await consume(channel, QUERIES, self._take, prefetch=self._concurrency)
            self.ready.set()
            RECONNECTS.labels("answerer", await consumer.gone).inc()
        finally:
            await close_channel(channel)

    async def _take(self, message: DeliveredMessage) -> None:
        task = asyncio.create_task(self._serve(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, message: DeliveredMessage) -> None:
        kind, body = await self._outcome(message.body)
        asked = message.header.properties
        properties = Basic.Properties(
            content_type=CONTENT_TYPE, delivery_mode=1, message_type=kind,
            correlation_id=asked.correlation_id,
        )  # fmt: skip
        channel = message.channel
        assert isinstance(channel, Channel)
        with suppress(Lost), broker_errors():
            await channel.basic_publish(
                body, routing_key=asked.reply_to or "", properties=properties, wait=False
            )
            # Acknowledged only now: if we die first, another answers.
            await channel.basic_ack(message.delivery_tag or 0, wait=False)

    async def _outcome(self, body: bytes) -> tuple[str, bytes]:
        try:
            return "answer", await self._handler(decode(body))
        except Exception as error:
            if not isinstance(error, Problem):
                log.exception("a question could not be answered")
            return PROBLEM, pack(told(error))

    async def close(self) -> None:
        """End what is being answered; it goes to another."""
        await ended(list(self._tasks))


@asynccontextmanager
async def answer(link: Link, handler: Answering, concurrency: int) -> AsyncIterator[None]:
    """Answer until the context ends."""
    answerer = Answerer(link, handler, concurrency)
    try:
        async with beside(answerer.keep(), "answerer"):
            await answerer.ready.wait()
            yield
    finally:
        await answerer.close()
