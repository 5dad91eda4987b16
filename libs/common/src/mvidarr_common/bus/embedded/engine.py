"""The embedded bus itself: where what is published goes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from time import perf_counter
from typing import Self

from mvidarr_common.bus.metrics import PUBLISH_INFLIGHT, PUBLISH_SECONDS, QUERY_SECONDS, UNROUTED
from mvidarr_common.bus.protocol import Delivery, Health, Live, LogReader, Start, Work, WorkQueue
from mvidarr_common.bus.topology import EXCHANGE, JOB_QUEUES, LOG_BINDINGS, PARKED
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Invalid, NotFound, Problem

from .live import Listeners, takes
from .log import Readers
from .questions import Questions
from .queues import Queue
from .statements import Entry, bind, bound, park_exhausted, waiting, write
from .store import Care, Store

JOB_KEY = "event.job.queued."


@contextmanager
def _measured() -> Iterator[None]:
    began, outcome = perf_counter(), "nack"
    PUBLISH_INFLIGHT.inc()
    try:
        yield
        outcome = "ack"
    finally:
        PUBLISH_INFLIGHT.dec()
        PUBLISH_SECONDS.labels(EXCHANGE, outcome).observe(perf_counter() - began)


@contextmanager
def _timed(query: str) -> Iterator[None]:
    began, outcome = perf_counter(), "unavailable"
    try:
        yield
        outcome = "answer"
    except Problem as problem:
        outcome = problem.code if problem.code in ("no_answer", "no_answerer") else "problem"
        raise
    finally:
        QUERY_SECONDS.labels(query, outcome).observe(perf_counter() - began)


class EmbeddedBus:
    """One for the whole process: several services share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers = Readers(store)
        self._listeners = Listeners()
        self._questions = Questions()
        self._queues: dict[str, Queue] = {}
        self._bindings: dict[str, tuple[str, ...]] = {}

    @classmethod
    async def on(cls, store: Store) -> Self:
        """With the queues and messages that the file holds."""
        bus = cls(store)
        await store.submit(park_exhausted)
        for name, binding in await store.read(bound):
            bus._declare(WorkQueue(name, (binding,)))
        for queue in (PARKED, *JOB_QUEUES):
            await bus._bind(queue)
        for name, seq in await store.read(waiting):
            bus._declare(WorkQueue(name, ())).put(seq)
        return bus

    async def publish(self, *envelopes: Envelope) -> None:
        entries = [self._entry(envelope) for envelope in envelopes]
        if entries:
            with _measured():
                await self._write(entries)

    def _entry(self, envelope: Envelope) -> Entry:
        key = envelope.routing_key
        queues = tuple(name for name, keys in self._bindings.items() if takes(keys, key))
        if key.startswith(JOB_KEY) and f"jobs.{key.removeprefix(JOB_KEY)}" not in queues:
            raise Invalid("unknown_queue", f"there is no queue for {key}")
        if not takes(LOG_BINDINGS, key):
            UNROUTED.inc()
            raise Invalid("unroutable", f"{key} is neither a command nor an event")
        return Entry(key, envelope.encode(), queues)

    async def _write(self, entries: Sequence[Entry]) -> None:
        def then(places: list[tuple[str, int]]) -> None:
            for queue, seq in places:
                self._queues[queue].put(seq)
            for entry in entries:
                self._listeners.hear(entry.key, entry.body)
            self._readers.wake()

        await self._store.submit(write(entries), Care.DURABLE, then)

    async def signal(self, envelope: Envelope) -> None:
        self._listeners.hear(envelope.routing_key, envelope.encode())

    @asynccontextmanager
    async def work(
        self, queue: WorkQueue, slots: int, handler: Callable[[Delivery], Awaitable[None]]
    ) -> AsyncIterator[Work]:
        await self._bind(queue)
        async with self._queues[queue.name].consume(slots, handler) as consumer:
            yield consumer

    async def _bind(self, queue: WorkQueue) -> None:
        new = [each for each in queue.bindings if each not in self._bindings.get(queue.name, ())]
        self._declare(queue)
        if new:
            await self._store.submit(bind(queue.name, new), Care.DURABLE)

    def _declare(self, queue: WorkQueue) -> Queue:
        known = self._bindings.get(queue.name, ())
        self._bindings[queue.name] = tuple(dict.fromkeys((*known, *queue.bindings)))
        if queue.name not in self._queues:
            self._queues[queue.name] = Queue(queue.name, self._store, self._park)
        return self._queues[queue.name]

    def _park(self, seq: int) -> None:
        self._queues[PARKED.name].put(seq)

    def read_log(self, start: Start) -> AbstractAsyncContextManager[LogReader]:
        return self._readers.attach(start)

    @asynccontextmanager
    async def listen(self, *keys: str, limit: int = 10_000) -> AsyncIterator[Live]:
        with self._listeners.listen(keys, limit) as listener:
            yield listener

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        with _timed(query.message.wire):
            return await self._questions.ask(query.encode(), timeout)

    def answer(
        self, handler: Callable[[Envelope], Awaitable[bytes]], concurrency: int = 16
    ) -> AbstractAsyncContextManager[None]:
        return self._questions.answer(handler, concurrency)

    async def append(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        entries = [Entry(key, body) for key, body in bodies]
        await self._store.submit(write(entries), Care.DURABLE, lambda _: self._readers.wake())

    async def depth(self, queue: str) -> int:
        if queue not in self._queues:
            raise NotFound("unknown_queue", f"there is no queue {queue}")
        return len(self._queues[queue])

    @property
    def server(self) -> None:
        """It is in this very process."""

    @property
    def health(self) -> Health:
        return self._store.health
