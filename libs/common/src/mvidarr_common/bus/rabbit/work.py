"""Work from a queue: a slot is a channel with one delivery at a time.

So a crash or a timeout costs its own job alone, and nobody hoards. The handler runs in a task that
the channel does not own: when a channel dies, what it owns is cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiormq.abc import DeliveredMessage

from mvidarr_common.bus.metrics import LEASES_LOST, RECONNECTS
from mvidarr_common.bus.protocol import DeadLetter, Delivery, WorkQueue

from .beside import beside, ended
from .connection import Link, pause
from .consumer import Consumer, headers_of
from .declare import declare_work
from .lost import Lost, broker_errors

log = logging.getLogger(__name__)
Handling = Callable[[Delivery], Awaitable[None]]


class RabbitDelivery:
    """A message lent to us over one channel; when that is gone, so is the lease."""

    def __init__(
        self, message: DeliveredMessage, consumer: Consumer, lent: "set[RabbitDelivery]"
    ) -> None:
        headers = headers_of(message)
        self.body = message.body
        self.count = int(headers.get("x-delivery-count") or 0)
        self.dead = _dead(headers)
        self.lost = asyncio.Event()
        self.tag = message.delivery_tag or 0
        self._consumer = consumer
        self._lent = lent
        lent.add(self)

    async def ack(self) -> None:
        await self._settle(self._consumer.ack)

    async def hand_back(self) -> None:
        await self._settle(self._consumer.hand_back)

    async def reject(self) -> None:
        await self._settle(self._consumer.reject)

    async def _settle(self, say: Callable[[int], Awaitable[None]]) -> None:
        if self not in self._lent or self.lost.is_set():
            return
        self._lent.discard(self)
        try:
            await say(self.tag)
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
        await asyncio.gather(*(each.cancel() for each in self._consumers))

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
        consumer = Consumer(await self._link.channel())
        lent: set[RabbitDelivery] = set()

        async def take(message: DeliveredMessage) -> None:
            if not consumer.gone.done():
                self._hand_over(RabbitDelivery(message, consumer, lent))

        try:
            with broker_errors():
                await declare_work(consumer.channel, self._queue)
            # The consumer is kept: consuming anew for each job would grow the queue's own log.
            await consumer.start(self._queue.name, take, prefetch=1)
            await self._hold(consumer, lent, ready)
        finally:
            await consumer.close()

    async def _hold(
        self, consumer: Consumer, lent: set[RabbitDelivery], ready: asyncio.Event
    ) -> None:
        self._consumers.add(consumer)
        ready.set()
        try:
            if self._stopping.is_set():
                await consumer.cancel()
            reason = await asyncio.shield(consumer.gone)
            RECONNECTS.labels("work slot", reason).inc()
            self._tell(lent, reason)
        finally:
            self._consumers.discard(consumer)
            for delivery in lent:
                delivery.lost.set()

    def _tell(self, lent: set[RabbitDelivery], reason: str) -> None:
        for _ in lent:
            log.warning("a lease on %s was lost: %s", self._queue.name, reason)
            LEASES_LOST.labels(self._queue.name, reason).inc()

    def _hand_over(self, delivery: RabbitDelivery) -> None:
        task = asyncio.create_task(self._handle(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, delivery: RabbitDelivery) -> None:
        if self._stopping.is_set():
            await delivery.hand_back()  # it came while the consumer was being cancelled
            return
        try:
            await self._handler(delivery)
        except Exception:
            log.exception("a delivery of %s was not handled; it goes back", self._queue.name)
            await delivery.hand_back()

    async def close(self) -> None:
        """End what still runs."""
        await ended(list(self._tasks))


@asynccontextmanager
async def work(
    link: Link, queue: WorkQueue, slots: int, handler: Handling
) -> AsyncIterator[RabbitWork]:
    """Consume until the context ends; what is not settled then goes to another."""
    LEASES_LOST.labels(queue.name, "timeout")  # an alert waits for it to rise from zero
    subscription = RabbitWork(link, queue, handler)
    ready = [asyncio.Event() for _ in range(slots)]
    consuming = (subscription.slot(each) for each in ready)
    try:
        async with beside(f"slot of {queue.name}", *consuming):
            await asyncio.gather(*(each.wait() for each in ready))
            yield subscription
    finally:
        await subscription.close()
