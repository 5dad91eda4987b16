"""A bus whose messages carry the trace that they belong to; its uses are spans, and counted."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from opentelemetry.trace import SpanKind

from .bus import Bus, Delivery, Health, Live, LogReader, Start, Work, WorkQueue
from .bus.topology import EXCHANGE, QUERIES
from .envelope import Envelope
from .messaging import Using, processing, sending
from .tracing import about, begun, span, traceparent


class TracedBus:
    """Adds tracing to publishing and asking; all else goes straight to the bus below."""

    def __init__(self, bus: Bus, service: str) -> None:
        self._bus = bus
        self._service = service

    async def publish(self, *envelopes: Envelope) -> None:
        """Facts that follow from a message keep its trace; others get the current one. Where there
        is none, what is published points at the traces that it belongs to, and is below none."""
        if not envelopes:
            return
        keys = {envelope.routing_key for envelope in envelopes}
        one = f"{EXCHANGE}:{envelopes[0].routing_key}" if len(keys) == 1 else None
        attributes = Using(self._bus, self._service, "publish", "send", EXCHANGE).attributes(one)
        attributes |= about(envelopes[0]) | {"messaging.batch.message_count": len(envelopes)}
        traces = () if traceparent() else dict.fromkeys(each.traceparent for each in envelopes)
        name, points_at = f"publish {EXCHANGE}", [each for each in traces if each]
        with (
            span(name, SpanKind.PRODUCER, points_at=points_at, attributes=attributes),
            sending("publish", EXCHANGE, len(envelopes)),
        ):
            await self._bus.publish(*map(_traced, envelopes))

    async def signal(self, envelope: Envelope) -> None:
        await self._bus.signal(envelope)

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        using = Using(self._bus, self._service, "ask", "send", QUERIES)
        attributes = using.attributes() | about(query)
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
        using = Using(self._bus, self._service, "answer", "process", QUERIES)

        async def answered(query: Envelope) -> bytes:
            attributes = using.attributes() | about(query)
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
    def server(self) -> tuple[str, int] | None:
        return self._bus.server

    @property
    def health(self) -> Health:
        return self._bus.health


def _traced(envelope: Envelope) -> Envelope:
    if envelope.traceparent is not None:
        return envelope
    return envelope.traced(traceparent() or begun())
