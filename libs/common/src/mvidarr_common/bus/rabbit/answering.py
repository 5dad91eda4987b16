"""Answering questions from the shared queue, several at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from mvidarr_common.bus.metrics import RECONNECTS
from mvidarr_common.bus.problems import pack, told
from mvidarr_common.bus.topology import QUERIES
from mvidarr_common.envelope import CONTENT_TYPE, Envelope, decode
from mvidarr_common.errors import Problem

from .asking import PROBLEM
from .beside import beside, ended
from .connection import Link, pause
from .consumer import Consumer
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
        consumer = Consumer(await self._link.channel())

        async def take(message: DeliveredMessage) -> None:
            task = asyncio.create_task(self._serve(message, consumer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        try:
            with broker_errors():
                await declare_queries(consumer.channel)
            await consumer.start(QUERIES, take, prefetch=self._concurrency)
            self.ready.set()
            RECONNECTS.labels("answerer", await consumer.gone).inc()
        finally:
            await consumer.close()

    async def _serve(self, message: DeliveredMessage, consumer: Consumer) -> None:
        kind, body = await self._outcome(message.body)
        asked = message.header.properties
        properties = Basic.Properties(
            content_type=CONTENT_TYPE, delivery_mode=1, message_type=kind,
            correlation_id=asked.correlation_id,
        )  # fmt: skip
        with suppress(Lost):
            with broker_errors():
                await consumer.channel.basic_publish(
                    body, routing_key=asked.reply_to or "", properties=properties, wait=False
                )
            # Acknowledged only now: if we die first, another answers.
            await consumer.ack(message.delivery_tag or 0)

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
        async with beside("answerer", answerer.keep()):
            await answerer.ready.wait()
            yield
    finally:
        await answerer.close()
