"""A bus whose messages carry the trace that they belong to; its uses are spans, and counted."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from opentelemetry.trace import SpanKind

from .bus import Bus, Delivery, Health, Live, LogReader, Start, Work, WorkQueue
from .bus.topology import EXCHANGE, QUERIES
from .envelope import Envelope
from .messaging import processing, sending
from .tracing import Attributes, about, begun, span, traceparent


class TracedBus:
    """Adds tracing to publishing and asking; all else goes straight to the bus below."""

    def __init__(self, bus: Bus, service: str) -> None:
        self._bus = bus
        self._service = service

    async def publish(self, *envelopes: Envelope) -> None:
        """Facts that follow from a message keep its trace; others get the current one."""
        if not envelopes:
            return
        attributes = self._attributes("publish", "send", EXCHANGE)
        attributes |= about(envelopes[0]) | {"messaging.batch.message_count": len(envelopes)}
        parent = None if traceparent() else envelopes[0].traceparent
        with (
            span(f"publish {EXCHANGE}", SpanKind.PRODUCER, parent=parent, attributes=attributes),
            sending("publish", EXCHANGE, len(envelopes)),
        ):
            await self._bus.publish(*map(_traced, envelopes))

    async def signal(self, envelope: Envelope) -> None:
        await self._bus.signal(envelope)

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        attributes = self._attributes("ask", "send", QUERIES) | about(query)
        attributes["mvidarr.query"] = query.message.wire
        parent = None if traceparent() else query.traceparent
        with (
            span(f"ask {QUERIES}", SpanKind.CLIENT, parent=parent, attributes=attributes),
            sending("ask", QUERIES),
        ):
            return await self._bus.ask(_traced(query), timeout)

    def answer(
        self, handler: Callable[[Envelope], Awaitable[bytes]], concurrency: int = 16
    ) -> AbstractAsyncContextManager[None]:
        async def answered(query: Envelope) -> bytes:
            attributes = self._attributes("answer", "process", QUERIES) | about(query)
            attributes["mvidarr.query"] = query.message.wire
            name = f"answer {QUERIES}"
            with (
                span(name, SpanKind.SERVER, parent=query.traceparent, attributes=attributes),
                processing("answer", QUERIES),
            ):
                return await handler(query)

        return self._bus.answer(answered, concurrency)

    def work(
        self, queue: WorkQueue, slots: int, handler: Callable[[Delivery], Awaitable[None]]
    ) -> AbstractAsyncContextManager[Work]:
        async def handled(delivery: Delivery) -> None:
            with processing("process", queue.name):
                await handler(delivery)

        return self._bus.work(queue, slots, handled)

    def read_log(self, start: Start) -> AbstractAsyncContextManager[LogReader]:
        return self._bus.read_log(start)

    def listen(self, *keys: str, limit: int = 10_000) -> AbstractAsyncContextManager[Live]:
        return self._bus.listen(*keys, limit=limit)

    async def append(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        await self._bus.append(bodies)

    async def depth(self, queue: str) -> int:
        return await self._bus.depth(queue)

    @property
    def health(self) -> Health:
        return self._bus.health

    def _attributes(self, operation: str, kind: str, destination: str) -> Attributes:
        return {
            "messaging.operation.name": operation,
            "messaging.operation.type": kind,
            "messaging.destination.name": destination,
            "messaging.destination.template": destination,
            "messaging.client.id": self._service,
        }


def _traced(envelope: Envelope) -> Envelope:
    if envelope.traceparent is not None:
        return envelope
    return envelope.traced(traceparent() or begun())
