"""Asking: a question goes to a shared queue, the answer comes to a queue of our own."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

from aiormq import Channel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from mvidarr_common.bus.metrics import QUERY_SECONDS, RECONNECTS
from mvidarr_common.bus.problems import unpack
from mvidarr_common.bus.topology import QUERIES
from mvidarr_common.envelope import CONTENT_TYPE, Envelope
from mvidarr_common.errors import Problem, Unavailable
from mvidarr_common.shared import Shared

from .connection import Link, pause
from .consumer import Consumer
from .declare import a_channel
from .lost import Lost, broker_errors

PROBLEM = "problem"
DOUBT = 0.25
"""Seconds without an answer after which it is looked whether anybody is there to give one."""


@dataclass(eq=False)
class Desk:
    """A channel with a reply queue, and who waits there."""

    channel: Channel
    replies: str = ""
    waiting: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)
    closed: bool = False

    def expect(self, call: str) -> asyncio.Future[bytes]:
        """The answer to come; raises Lost where none can come any more."""
        if self.closed:
            raise Lost("the answer cannot come any more")
        self.waiting[call] = answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        return answer

    async def take(self, message: DeliveredMessage) -> None:
        """An answer has come; a late one is nobody's."""
        properties = message.header.properties
        waiting = self.waiting.get(properties.correlation_id or "")
        if waiting is None or waiting.done():
            return
        if properties.message_type == PROBLEM:
            waiting.set_exception(unpack(message.body))
        else:
            waiting.set_result(message.body)

    def close(self) -> None:
        """Nobody waits in vain: a question may be asked again."""
        self.closed = True
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(Lost("the answer cannot come any more"))


class Asker:
    """Asks questions; one reply queue for the whole process."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._desk: Desk | None = None
        self._open = asyncio.Event()
        self._look = Shared(self._require_answerer)

    async def keep(self) -> None:
        """Have a desk, and another after every loss, until cancelled."""
        while True:
            with suppress(Lost):
                await self._sit()
            await asyncio.sleep(pause())

    async def _sit(self) -> None:
        consumer = Consumer(await self._link.channel(confirms=True))
        desk = Desk(consumer.channel)
        try:
            with broker_errors():
                declared = await desk.channel.queue_declare(exclusive=True, auto_delete=True)
            desk.replies = str(declared.queue)
            await consumer.start(desk.replies, desk.take, no_ack=True)
            self._desk = desk
            self._open.set()
            RECONNECTS.labels("asker", await consumer.gone).inc()
        finally:
            self._open.clear()
            desk.close()
            await consumer.close()

    async def ask(self, query: Envelope, timeout: float) -> bytes:
        """The answer, or the Problem of who answered."""
        began, outcome = perf_counter(), "unavailable"
        try:
            answer = await self._answer(query, timeout)
            outcome = "answer"
        except Problem as problem:
            outcome = problem.code if problem.code in ("no_answer", "no_answerer") else PROBLEM
            raise
        finally:
            QUERY_SECONDS.labels(query.message.wire, outcome).observe(perf_counter() - began)
        return answer

    async def _answer(self, query: Envelope, timeout: float) -> bytes:
        body = query.encode()
        end = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(end):
                while True:
                    with suppress(Lost):
                        return await self._once(body, end)
                    await asyncio.sleep(pause())
        except TimeoutError:
            raise Unavailable("no_answer", f"No answer within {timeout:g} s.", after=1) from None

    async def _once(self, body: bytes, end: float) -> bytes:
        await self._open.wait()
        desk = self._desk
        assert desk is not None
        call = str(uuid4())
        answer = desk.expect(call)
        doubt = asyncio.get_running_loop().call_later(DOUBT, self._doubt, answer)
        putting = asyncio.create_task(_put(desk, call, body, end))
        putting.add_done_callback(_seen)
        try:
            # A channel that dies while the question is put may never say so; the desk does.
            either: set[asyncio.Future[Any]] = {putting, answer}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                await putting
            return await answer
        except BaseException:
            putting.cancel()
            raise
        finally:
            doubt.cancel()
            del desk.waiting[call]
            answer.cancel()

    def _doubt(self, answer: asyncio.Future[bytes]) -> None:
        """Look for somebody to answer while the answer may still come. Who doubts at the same time
        looks together, and nobody stops looking half-way: a channel that is given up while it opens
        can end the whole connection."""

        def told(looked: asyncio.Task[None]) -> None:
            failed = None if looked.cancelled() else looked.exception()
            if failed is not None and not answer.done():
                answer.set_exception(failed)

        self._look.begin().add_done_callback(told)

    async def _require_answerer(self) -> None:
        async with a_channel(self._link) as channel:
            if not (await channel.queue_declare(QUERIES, passive=True)).consumer_count:
                raise _nobody()


async def _put(desk: Desk, call: str, body: bytes, end: float) -> None:
    left = max(1, int(1000 * (end - asyncio.get_running_loop().time())))
    properties = Basic.Properties(
        content_type=CONTENT_TYPE, delivery_mode=1, message_id=call, correlation_id=call,
        reply_to=desk.replies, expiration=str(left),
    )  # fmt: skip
    try:
        with broker_errors():
            await desk.channel.basic_publish(
                body, routing_key=QUERIES, properties=properties, mandatory=True, wait=False
            )
    except Lost as lost:
        if isinstance(lost.__cause__, PublishError):  # the queue is not there: nobody answers
            raise _nobody() from lost
        if isinstance(lost.__cause__, DeliveryError):
            raise Unavailable("busy", "too many questions wait already", after=1) from lost
        raise


def _seen(answer: asyncio.Future[Any]) -> None:
    """Nobody need look at it: the question itself may have failed first."""
    if not answer.cancelled():
        answer.exception()


def _nobody() -> Unavailable:
    return Unavailable("no_answerer", "Nobody is there to answer; try again soon.", after=1)
