"""Live subscriptions of the embedded bus: whoever is slow loses the oldest and is told so."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

from mvidarr_common.bus.metrics import LIVE_DROPPED, LIVE_GAPS, LIVE_SECONDS
from mvidarr_common.bus.protocol import Gap
from mvidarr_common.bus.topology import matches
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Undecodable

log = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def takes(bindings: tuple[str, ...], key: str) -> bool:
    """Whether one of the bindings takes the key."""
    return any(matches(binding, key) for binding in bindings)


class Listeners:
    """Everybody who listens now."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    @contextmanager
    def listen(self, keys: tuple[str, ...], limit: int) -> Iterator["_Listener"]:
        """Hear what is said from now on."""
        listener = _Listener(keys, limit)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def hear(self, key: str, body: bytes) -> None:
        """Never waits for anybody."""
        for listener in self._listeners:
            listener.hear(key, body)


class _Listener:
    def __init__(self, keys: tuple[str, ...], limit: int) -> None:
        self._keys = keys
        self._limit = limit
        self._bodies: deque[bytes] = deque()
        self._missed = False
        self._heard = asyncio.Event()

    def hear(self, key: str, body: bytes) -> None:
        if not takes(self._keys, key):
            return
        if len(self._bodies) >= self._limit:
            self._bodies.popleft()
            self._missed = True
            LIVE_DROPPED.labels("slow").inc()
        self._bodies.append(body)
        self._heard.set()

    def __aiter__(self) -> AsyncIterator[Envelope | Gap]:
        return self

    # Not a generator, so that a wait that was given up can be taken up again.
    async def __anext__(self) -> Envelope | Gap:
        while True:
            await self._heard.wait()
            if self._missed:
                self._missed = False
                LIVE_GAPS.inc()
                return Gap()
            if (envelope := self._next()) is not None:
                return envelope

    def _next(self) -> Envelope | None:
        if not self._bodies:
            self._heard.clear()
            return None
        try:
            envelope = decode(self._bodies.popleft())
        except Undecodable as error:
            LIVE_DROPPED.labels("undecodable").inc()
            log.warning("something unreadable passed by: %s", error)
            return None
        LIVE_SECONDS.observe(max(0.0, (datetime.now(UTC) - envelope.time).total_seconds()))
        return envelope
