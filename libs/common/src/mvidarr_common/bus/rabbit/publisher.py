"""Confirmed publishing, in order, a window at a time.

A nack, a timeout or a lost connection means *unknown*: any subset of the log and the queues may
have the message. So it is said again with the same id, and who hears it drops what it knows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from aiormq import Channel
from aiormq.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from mvidarr_common.bus.metrics import PUBLISH_INFLIGHT, PUBLISH_SECONDS, UNROUTED
from mvidarr_common.bus.topology import EXCHANGE
from mvidarr_common.envelope import CONTENT_TYPE, Envelope
from mvidarr_common.errors import Unconfirmed

from .connection import Link, close_channel, pause
from .lost import Lost, broker_errors

log = logging.getLogger(__name__)

TIMEOUT = 5.0
DOUBT = 10.0
WINDOW = 100
"""In flight at once; more gains nothing, the client is the limit."""


Ready = Callable[[Link], Awaitable[None]]
"""Returns when all that publishing needs is there; raises Lost."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes over the wire."""

    key: str
    body: bytes
    properties: Basic.Properties


def outgoing(envelope: Envelope) -> Outgoing:
    """The body is the truth; properties and headers are flat copies, since a stream loses lists."""
    headers = {
        "cloudEvents:subject": envelope.subject,
        "traceparent": envelope.traceparent,
    }
    properties = Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=_short(envelope.id),
        message_type=_short(envelope.type),
        correlation_id=_short(envelope.correlation_id),
        timestamp=envelope.time,
        app_id=_short(envelope.source),
        headers={name: value for name, value in headers.items() if value is not None},
    )
    return Outgoing(envelope.routing_key, envelope.encode(), properties)


def _short(text: str) -> str:
    """AMQP's short strings have 255 bytes, and an id may come from a client."""
    return text.encode()[:255].decode(errors="ignore")


class Publisher:
    """Publishes to one exchange over one channel, opened again when it fails.

    `ready` comes before each channel. A broker that was killed may have forgotten what was declared
    just before; and one that has just started finds its streams later than its queues (RabbitMQ
    3.10: when the stream coordinator has a leader). What is published in between is confirmed by
    the queue alone and never gets into the log.
    """

    def __init__(self, link: Link, exchange: str = EXCHANGE, ready: Ready | None = None) -> None:
        self._link = link
        self._exchange = exchange
        self._ready = ready
        self._channel: Channel | None = None
        self._opening = asyncio.Lock()
        self._window = asyncio.Semaphore(WINDOW)
        self._confirmed_at = 0.0
        self._closing: set[asyncio.Task[None]] = set()
        self._doubted_until = 0.0
        self._refused = ""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """All of them, in order; raises Unconfirmed."""
        for start in range(0, len(messages), WINDOW):
            await self._confirm(messages[start : start + WINDOW])
        self._doubted_until = 0.0

    @property
    def trouble(self) -> str:
        """Why publishing is in doubt. It ends with the next confirm, or by itself: whoever is
        not ready is not asked to publish, and would never learn better."""
        doubted = asyncio.get_running_loop().time() < self._doubted_until
        return "the last message was not confirmed" if doubted else ""

    async def _confirm(self, batch: Sequence[Outgoing]) -> None:
        left = batch
        try:
            async with asyncio.timeout(TIMEOUT):
                while True:
                    left = await self._unconfirmed(left)
                    if not left:
                        return
                    await asyncio.sleep(pause())
        except TimeoutError:
            if perf_counter() - self._confirmed_at > TIMEOUT / 2:
                self._abandon()  # but not where confirms come and only we are slow
            self._doubted_until = asyncio.get_running_loop().time() + DOUBT
            why = self._link.trouble or self._refused or "the broker did not confirm in time"
            raise Unconfirmed("unconfirmed", f"{why}; say it again", after=1) from None

    async def _unconfirmed(self, batch: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Send, wait for every outcome, and return the rest from the first failure on: messages
        retried one by one would overtake each other."""
        try:
            channel = await self._open()
        except Lost as lost:
            self._refused = str(lost)
            return batch
        self._refused = ""
        results = await asyncio.gather(
            *(self._send(channel, message) for message in batch), return_exceptions=True
        )
        for index, result in enumerate(results):
            if isinstance(result, Lost):
                self._abandon(channel)
                return batch[index:]
            if isinstance(result, BaseException):  # a defect
                raise result
        return ()

    async def _send(self, channel: Channel, message: Outgoing) -> None:
        async with self._window:
            began, outcome = perf_counter(), "timeout"
            PUBLISH_INFLIGHT.inc()
            try:
                outcome = await self._outcome(channel, message)
            finally:
                PUBLISH_INFLIGHT.dec()
                seconds = perf_counter() - began
                PUBLISH_SECONDS.labels(self._exchange, outcome).observe(seconds)
        if outcome == "returned":
            UNROUTED.inc()
            log.error("no queue takes %s: the broker has lost the log", message.key)
        if outcome != "ack":
            raise Lost(outcome)
        self._confirmed_at = perf_counter()

    async def _outcome(self, channel: Channel, message: Outgoing) -> str:
        try:
            with broker_errors():
                await channel.basic_publish(
                    message.body,
                    exchange=self._exchange,
                    routing_key=message.key,
                    properties=message.properties,
                    mandatory=True,
                    wait=False,
                )
        except Lost as lost:
            if isinstance(lost.__cause__, PublishError):
                return "returned"
            return "nack" if isinstance(lost.__cause__, DeliveryError) else "closed"
        return "ack"

    async def _open(self) -> Channel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                # Returns are matched by message id, so a retry goes over a channel that has never
                # seen the first attempt.
                channel = await self._link.channel(confirms=True)
                try:
                    await self._wait_until_ready(channel)
                except BaseException:
                    await close_channel(channel)
                    raise
                self._channel = channel
            return self._channel

    async def _wait_until_ready(self, channel: Channel) -> None:
        """A channel that is still open afterwards is one of the connection that was found ready."""
        if self._ready is not None:
            await self._ready(self._link)
        if channel.is_closed:
            raise Lost("the connection was lost")

    def _abandon(self, channel: Channel | None = None) -> None:
        """Use this channel no more. Closing may take long on a blocked connection."""
        gone = channel or self._channel
        if gone is None or gone is not self._channel:
            return
        self._channel = None
        task = asyncio.create_task(close_channel(gone))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close the channel."""
        self._abandon()
        await asyncio.gather(*self._closing)
