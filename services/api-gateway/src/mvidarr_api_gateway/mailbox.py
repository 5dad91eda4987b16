"""Signals on their way to one websocket client: bounded, of each thing the newest only."""

import asyncio
from collections import OrderedDict

from mvidarr_common.bus import Gap
from mvidarr_common.envelope import Envelope

from .topics import topics_of

LIMIT = 256


class Mailbox:
    """Takes what the client follows; what is overtaken is dropped, what overflows is told."""

    def __init__(self, topics: frozenset[str]) -> None:
        self._topics = topics
        self._waiting: OrderedDict[tuple[str, str], Envelope] = OrderedDict()
        self._gap = False
        self._news = asyncio.Event()

    def put(self, item: Envelope | Gap) -> None:
        """Never waits."""
        if isinstance(item, Gap):
            self._gap = True
        elif topics_of(item) & self._topics:
            self._add(item)
        else:
            return
        self._news.set()

    async def take(self) -> list[Envelope | Gap]:
        """Everything that waits, at least one thing; a gap comes first."""
        await self._news.wait()
        self._news.clear()
        gap: list[Envelope | Gap] = [Gap()] if self._gap else []
        found = [*gap, *self._waiting.values()]
        self._gap = False
        self._waiting.clear()
        return found

    def _add(self, signal: Envelope) -> None:
        self._waiting[signal.type, signal.subject] = signal
        if len(self._waiting) > LIMIT:
            self._waiting.popitem(last=False)
            self._gap = True
