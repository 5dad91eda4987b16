"""Runs what a service hears: an event in, commands out, and only then the event is let go."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import SpanKind

from . import logs, tracing
from .bus import Delivery
from .envelope import Envelope, decode, following
from .errors import Unavailable, Undecodable
from .messaging import Using
from .service import Hears, Runtime
from .telling import pauses

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
PATIENCE = 3600.0
DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Hearing:
    """Takes events until `stopping` is set."""

    hears: Hears[Any]
    runtime: Runtime[Any]
    deps: Any
    stopping: asyncio.Event

    async def serve(self) -> None:
        """Then finishes the ones that were taken."""
        busy: set[asyncio.Task[Any]] = set()

        async def take(delivery: Delivery) -> None:
            task = asyncio.current_task()
            assert task is not None
            busy.add(task)
            task.add_done_callback(busy.discard)
            await self._take(delivery)

        async with self.runtime.bus.work(self.hears.queue, self.hears.slots, take) as work:
            await self.stopping.wait()
            await work.stop()
            if busy:
                await asyncio.wait(busy, timeout=DRAIN_SECONDS)

    async def _take(self, delivery: Delivery) -> None:
        try:
            event = decode(delivery.body)
        except Undecodable as error:
            log.error("an event cannot be read and is parked: %s", error.message)
            return await delivery.reject()
        queue = self.hears.queue.name
        using = Using(self.runtime.bus, self.runtime.name, "process", "process", queue)
        process = tracing.span(
            f"process {queue}", SpanKind.CONSUMER, parent=event.traceparent,
            attributes=using.of(event, delivery.tag),
        )  # fmt: skip
        about = logs.bound(**logs.of(event), queue=queue, delivery_count=delivery.count)
        with process, about:
            await (delivery.ack() if await self._told(event, delivery) else delivery.hand_back())

    async def _told(self, event: Envelope, delivery: Delivery) -> bool:
        """Whether all that follows from the event is said. While somebody is away it is tried
        again here: handing it back at once would use up the deliveries that a queue allows."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        for pause in pauses(0.5, LONGEST_PAUSE):
            try:
                await self._tell(event)
                return True
            except Unavailable as error:
                log.warning("not now, again later: %s", error.message)
                await self._pause(max(pause, error.after or 0.0))
            except Exception:
                log.exception("a defect; the event comes again, until the queue parks it")
                await self._pause(min(LONGEST_PAUSE, 0.5 * 2 ** min(delivery.count, 10)))
                return False
            late = asyncio.get_running_loop().time() > deadline
            if late or self.stopping.is_set() or delivery.lost.is_set():
                return False
        return False

    async def _tell(self, event: Envelope) -> None:
        commands = await self.hears.tell(event, self.deps)
        source = self.runtime.name
        said = [following(event, command, source=source, ordinal=key) for key, command in commands]
        await self.runtime.bus.publish(*said)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
