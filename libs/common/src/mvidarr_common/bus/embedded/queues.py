"""The work queues of the embedded bus: who waits for work, and what waits for a worker.

The messages themselves are in the file; here are only their places in line.
"""

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from mvidarr_common.bus.metrics import LEASES_LOST
from mvidarr_common.bus.protocol import DeadLetter, Delivery
from mvidarr_common.bus.topology import PARKED
from mvidarr_common.errors import Unavailable

from .statements import DELIVERY_LIMIT, Lent, Statement, lend, park, remove, unlend
from .store import Store

T = TypeVar("T")
log = logging.getLogger(__name__)
Handling = Callable[[Delivery], Awaitable[None]]
Park = Callable[[int], None]
RETRY = 1.0


class Queue:
    """One queue: places in line, oldest first, and the consumers that share it."""

    def __init__(self, name: str, store: Store, parked: Park) -> None:
        self.name = name
        self._store = store
        self._parked = parked
        self._ready: list[int] = []
        self._consumers: deque[Consumer] = deque()

    def __len__(self) -> int:
        return len(self._ready)

    def put(self, seq: int) -> None:
        """A message is there, new or returned."""
        heapq.heappush(self._ready, seq)
        self.hand_out()

    @asynccontextmanager
    async def consume(self, slots: int, handler: Handling) -> AsyncIterator["Consumer"]:
        """Take part until the context ends; what is not settled then goes to another."""
        consumer = Consumer(self, slots, handler)
        self._consumers.append(consumer)
        self.hand_out()
        try:
            yield consumer
        finally:
            await consumer.close()
            self._consumers.remove(consumer)

    def hand_out(self) -> None:
        """Give what waits to whoever is free, in turn."""
        while self._ready and (consumer := self._next_free()) is not None:
            consumer.take(heapq.heappop(self._ready))

    def _next_free(self) -> "Consumer | None":
        self._consumers.rotate(-1)
        return next((consumer for consumer in self._consumers if consumer.free), None)

    def lend(self, seq: int, then: Callable[[Lent], None], failed: Callable[[], None]) -> None:
        """The message in this place, one more delivery counted."""
        self._store.post(lend(seq), then, failed)

    def unlend(self, seq: int) -> None:
        """Nobody has seen it."""
        self._store.post(unlend(seq))
        self.put(seq)

    def put_later(self, seq: int) -> None:
        """The store cannot write now; nothing is lost, it takes its place again."""
        asyncio.get_running_loop().call_later(RETRY, self.put, seq)

    async def remove(self, seq: int) -> None:
        """It is done."""
        await self._settle(seq, remove(seq))

    async def give_back(self, seq: int, count: int) -> None:
        """To another consumer, or to the parked queue when it was delivered too often."""
        if count >= DELIVERY_LIMIT and self.name != PARKED.name:
            await self._park(seq, "delivery_limit")
        else:
            self.put(seq)

    async def reject(self, seq: int) -> None:
        """To the parked queue. What is rejected there is gone, as on a broker."""
        if self.name == PARKED.name:
            log.warning("a parked message was rejected and is gone")
            await self.remove(seq)
        else:
            await self._park(seq, "rejected")

    async def _park(self, seq: int, reason: str) -> None:
        await self._settle(seq, park(seq, reason), self._parked)

    async def _settle(
        self, seq: int, run: Statement[T], then: Callable[[T], None] | None = None
    ) -> None:
        with suppress(Unavailable):  # then it is delivered again
            await self._store.submit(run, then=then, failed=partial(self.put_later, seq))


class Consumer:
    """One subscription: at most `slots` deliveries are lent to it and not settled."""

    def __init__(self, queue: Queue, slots: int, handler: Handling) -> None:
        self.queue = queue
        self._slots = slots
        self._handler = handler
        self._stopped = False
        self._taken: set[int] = set()
        self._lent: set[LentDelivery] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> bool:
        """Whether it can take one more."""
        return not self._stopped and len(self._taken) < self._slots

    async def stop(self) -> None:
        """Take nothing more; deliveries already lent stay lent."""
        self._stopped = True

    async def close(self) -> None:
        """As when a consumer dies: handlers end, and what is unsettled goes to another."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for delivery in tuple(self._lent):
            await delivery.lose()

    def take(self, seq: int) -> None:
        """Lend it and handle it, in a task of its own."""
        self._taken.add(seq)
        self.queue.lend(seq, partial(self._begin, seq), partial(self._fail, seq))

    def _begin(self, seq: int, lent: Lent) -> None:
        if self._stopped:
            self._taken.discard(seq)
            self.queue.unlend(seq)
            return
        delivery = LentDelivery(self, seq, lent)
        self._lent.add(delivery)
        task = asyncio.create_task(self._handle(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _fail(self, seq: int) -> None:
        self._taken.discard(seq)
        self.queue.put_later(seq)

    async def _handle(self, delivery: "LentDelivery") -> None:
        try:
            await self._handler(delivery)
        except Exception:
            log.exception("a delivery of %s was not handled; it goes back", self.queue.name)
            await delivery.hand_back()

    def settled(self, delivery: "LentDelivery", seq: int) -> None:
        """Its slot is free."""
        self._lent.discard(delivery)
        self._taken.discard(seq)
        self.queue.hand_out()


class LentDelivery:
    """A message lent to a consumer."""

    def __init__(self, consumer: Consumer, seq: int, lent: Lent) -> None:
        self.body = lent.body
        self.count = lent.count
        self.tag = seq
        self.dead: DeadLetter | None = lent.dead
        self.lost = asyncio.Event()
        self._consumer = consumer
        self._queue = consumer.queue
        self._seq = seq
        self._settled = False

    async def ack(self) -> None:
        if self._settle():
            await self._queue.remove(self._seq)

    async def hand_back(self) -> None:
        if self._settle():
            await self._queue.give_back(self._seq, self.count)

    async def reject(self) -> None:
        if self._settle():
            await self._queue.reject(self._seq)

    async def lose(self) -> None:
        """The lease ends: its consumer is gone."""
        LEASES_LOST.labels(self._queue.name, "closed").inc()
        self.lost.set()
        await self.hand_back()

    def _settle(self) -> bool:
        if self._settled:
            return False
        self._settled = True
        self._consumer.settled(self, self._seq)
        return True
