"""The bus on RabbitMQ: four connections, and what is said over each."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from urllib.parse import urlsplit

from mvidarr_common.bus.protocol import Delivery, Health, Live, LogReader, Start, Work, WorkQueue
from mvidarr_common.bus.topology import JOB_QUEUES, LOG_BINDINGS, matches
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Invalid, NotFound, Unavailable, Unconfirmed

from .answering import answer
from .append import append
from .asking import Asker
from .connection import Link
from .declare import a_channel, prepare
from .live import listen
from .log import read_log
from .lost import Lost
from .publisher import Outgoing, Publisher, outgoing
from .signals import Signals
from .work import work

_JOB_KEY = "event.job.queued."
_takes = lru_cache(maxsize=4096)(matches)


class RabbitBus:
    """One for each process."""

    def __init__(self, url: str, client: str) -> None:
        at = urlsplit(url)
        self.server = (
            at.hostname or "localhost",
            at.port or (5671 if at.scheme == "amqps" else 5672),
        )
        self.links = tuple(Link(url, client, role) for role in ("publish", "work", "log", "live"))
        self._publish, self._work, self._log, self._live = self.links
        self.publisher = Publisher(self._publish, ready=prepare)
        self.signals = Signals(self._publish)
        self.asker = Asker(self._live)
        self._bound = {key for queue in JOB_QUEUES for key in queue.bindings}

    async def publish(self, *envelopes: Envelope) -> None:
        await self.publisher.publish([self._checked(envelope) for envelope in envelopes])

    def _checked(self, envelope: Envelope) -> Outgoing:
        key = envelope.routing_key
        # The log takes every key, so the broker would confirm a job that reaches no worker.
        if key.startswith(_JOB_KEY) and not any(_takes(bound, key) for bound in self._bound):
            raise Invalid("unknown_queue", f"there is no queue for {key}")
        if not any(_takes(binding, key) for binding in LOG_BINDINGS):
            raise Invalid("unroutable", f"{key} is neither a command nor an event")
        return outgoing(envelope)

    async def signal(self, envelope: Envelope) -> None:
        self.signals.say(envelope)

    def work(
        self, queue: WorkQueue, slots: int, handler: Callable[[Delivery], Awaitable[None]]
    ) -> AbstractAsyncContextManager[Work]:
        self._bound.update(queue.bindings)
        return work(self._work, queue, slots, handler)

    def read_log(self, start: Start) -> AbstractAsyncContextManager[LogReader]:
        return read_log(self._log, start)

    def listen(self, *keys: str, limit: int = 10_000) -> AbstractAsyncContextManager[Live]:
        return listen(self._live, keys, limit)

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        return await self.asker.ask(query, timeout)

    def answer(
        self, handler: Callable[[Envelope], Awaitable[bytes]], concurrency: int = 16
    ) -> AbstractAsyncContextManager[None]:
        return answer(self._live, handler, concurrency)

    async def append(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        try:
            try:
                await append(self._publish, bodies)
            except Lost as lost:
                if not lost.absent:
                    raise
                await prepare(self._publish)  # the log is gone: begin it anew
                await append(self._publish, bodies)
        except Lost as lost:
            raise Unconfirmed("unconfirmed", f"{lost}; say it again", after=1) from lost

    async def depth(self, queue: str) -> int:
        try:
            async with a_channel(self._live) as channel:
                declared = await channel.queue_declare(queue, passive=True)
        except Lost as lost:
            if lost.absent:
                raise NotFound("unknown_queue", f"there is no queue {queue}") from lost
            raise Unavailable("broker_unavailable", str(lost)) from lost
        return int(declared.message_count or 0)

    @property
    def health(self) -> Health:
        for link in self.links:
            if link.trouble:
                return Health(False, f"{link.role}: {link.trouble}", link.full)
        return Health(not self.publisher.trouble, self.publisher.trouble)
