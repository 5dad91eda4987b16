"""Work from a queue: a slot is a channel with one delivery at a time.

So a crash or a timeout costs its own job alone, and nobody hoards. The handler runs in a task that
the channel does not own: when a channel dies, what it owns is cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiormq.abc import DeliveredMessage

from mvidarr_common.bus.metrics import LEASES_LOST, RECONNECTS
from mvidarr_common.bus.protocol import DeadLetter, Delivery, WorkQueue

from .beside import beside, ended
from .connection import Link, close_channel, pause
from .consumer import Consumer, consume, headers_of
from .declare import declare_work
from .lost import Lost, broker_errors

log = logging.getLogger(__name__)
Handling = Callable[[Delivery], Awaitable[None]]


class RabbitDelivery:
    """A message lent to us over one channel; when that is gone, so is the lease."""

    def __init__(self, message: DeliveredMessage) -> None:
        headers = headers_of(message)
        self.body = message.body
        self.count = int(headers.get("x-delivery-count") or 0)
        self.dead = _dead(headers)
        self.lost = asyncio.Event()
        self._channel = message.channel
        self._tag = message.delivery_tag or 0
        self.settled = False

    async def ack(self) -> None:
        await self._settle(lambda: self._channel.basic_ack(self._tag))

    async def hand_back(self) -> None:
        await self._settle(lambda: self._channel.basic_nack(self._tag, requeue=True))

    async def reject(self) -> None:
        await self._settle(lambda: self._channel.basic_reject(self._tag, requeue=False))

    async def _settle(self, say: Callable[[], Awaitable[None]]) -> None:
        if self.settled or self.lost.is_set():
            return
        self.settled = True
        try:
            with broker_errors():
                await say()
        except Lost:
            self.lost.set()


def _dead(headers: dict[str, Any]) -> DeadLetter | None:
    deaths = headers.get("x-death")
    if not isinstance(deaths, list) or not deaths or not isinstance(deaths[0], dict):
        return None
    return DeadLetter(str(deaths[0].get("queue")), str(deaths[0].get("reason")))


class RabbitWork:
    """A subscription of some slots to one queue."""

    def __init__(self, link: Link, queue: WorkQueue, handler: Handling) -> None:
        self._link = link
        self._queue = queue
        self._handler = handler
        self._stopping = asyncio.Event()
        self._consumers: set[Consumer] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Take nothing more; the channels stay open for what is lent."""
        self._stopping.set()
        await asyncio.gather(*(_cancel(each) for each in self._consumers))

    async def slot(self, ready: asyncio.Event) -> None:
        """Consume, and again after every loss, until stopped."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                await self._consume(ready)
                attempt = 0
            except Lost as lost:
                log.info("no work from %s now: %s", self._queue.name, lost)
            await asyncio.sleep(pause(attempt))
            attempt += 1

    async def _consume(self, ready: asyncio.Event) -> None:
        channel = await self._link.channel()
        lent: set[RabbitDelivery] = set()

        async def take(message: DeliveredMessage) -> None:
            self._hand_over(RabbitDelivery(message), lent)

        try:
            with broker_errors():
                await declare_work(channel, self._queue)
            # The consumer is kept: consuming anew for each job would grow the queue's own log.
            consumer = await consume(channel, self._queue.name, take, prefetch=1)
            await self._hold(consumer, lent, ready)
        finally:
            await close_channel(channel)

    async def _hold(
        self, consumer: Consumer, lent: set[RabbitDelivery], ready: asyncio.Event
    ) -> None:
        self._consumers.add(consumer)
        ready.set()
        reason = "closed"
        try:
            reason = await consumer.gone
            RECONNECTS.labels("work slot", reason).inc()
        finally:
            self._consumers.discard(consumer)
            self._lose(lent, reason)

    def _lose(self, lent: set[RabbitDelivery], reason: str) -> None:
        for delivery in lent:
            if not delivery.settled:
                log.warning("a lease on %s was lost: %s", self._queue.name, reason)
                LEASES_LOST.labels(self._queue.name, reason).inc()
            delivery.lost.set()

    def _hand_over(self, delivery: RabbitDelivery, lent: set[RabbitDelivery]) -> None:
        lent.add(delivery)
        task = asyncio.create_task(self._handle(delivery, lent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, delivery: RabbitDelivery, lent: set[RabbitDelivery]) -> None:
        if self._stopping.is_set():
            await delivery.hand_back()  # it came while the consumer was being cancelled
            return
        try:
            await self._handler(delivery)
        except Exception:
            log.exception("a delivery of %s was not handled; it goes back", self._queue.name)
            await delivery.hand_back()
        finally:
            if delivery.settled:
                lent.discard(delivery)

    async def close(self) -> None:
        """End what still runs."""
        await ended(list(self._tasks))


async def _cancel(consumer: Consumer) -> None:
    try:
        with broker_errors():
            await consumer.channel.basic_cancel(consumer.tag)
    except Lost:
        return


@asynccontextmanager
async def work(
    link: Link, queue: WorkQueue, slots: int, handler: Handling
) -> AsyncIterator[RabbitWork]:
    """Consume until the context ends; what is not settled then goes to another."""
    subscription = RabbitWork(link, queue, handler)
    ready = [asyncio.Event() for _ in range(slots)]
    async with AsyncExitStack() as stack:
        for number, event in enumerate(ready):
            name = f"{queue.name} slot {number}"
            await stack.enter_async_context(beside(subscription.slot(event), name))
        stack.push_async_callback(subscription.close)
        await asyncio.gather(*(event.wait() for event in ready))
        yield subscription
