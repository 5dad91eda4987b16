"""Publishes decisions in the order in which they were made, until each is confirmed."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Unavailable

from . import metrics

log = logging.getLogger(__name__)

WINDOW = 100
"""Publishes in flight at a time: more gains nothing."""


class Outbox:
    """The decisions that are committed and not yet confirmed. Their rows stay in the database
    until they have come back by the log, so nothing here needs to survive."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[Envelope] = deque()
        self._more = asyncio.Event()

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """Publish these after all that were added before."""
        self._waiting.extend(envelopes)
        self._more.set()

    def waiting(self) -> set[str]:
        """The ids of what is not confirmed yet."""
        return {envelope.id for envelope in self._waiting}

    async def run(self) -> None:
        """Publish for ever. A batch that is not confirmed is said again: ids are the same."""
        pause = 0.2
        while True:
            await self._more.wait()
            batch = [self._waiting[at] for at in range(min(WINDOW, len(self._waiting)))]
            try:
                with metrics.phase("publish"):
                    await self._bus.publish(*batch)
            except Unavailable as error:
                log.warning("outbox waits: %s", error)
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)
                continue
            pause = 0.2
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._more.clear()
