"""Saying a fact until it is confirmed: the same id each time, with growing pauses."""

import asyncio
import logging
import random
from collections.abc import Iterator

from .bus import Bus
from .envelope import Envelope
from .errors import Unavailable
from .tracing import traceparent

log = logging.getLogger(__name__)


def pauses(first: float = 0.2, longest: float = 15.0) -> Iterator[float]:
    """Endless, growing, and never the same for all."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311  # no secret depends on it
        pause = min(pause * 2, longest)


async def insist(bus: Bus, envelope: Envelope) -> None:
    """Publish until confirmed; an unconfirmed publish is unknown, so the same id goes again."""
    envelope = envelope.traced(traceparent() or envelope.traceparent)
    for pause in pauses():
        try:
            return await bus.publish(envelope)
        except Unavailable as error:
            log.warning("%s is not confirmed yet: %s", envelope.type, error.message)
            await asyncio.sleep(pause)
