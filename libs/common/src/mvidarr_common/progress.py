"""Coalesces what a handler tells of its progress: at most five a second, the newest wins, the
last one always goes out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from .messages.jobs import JobProgressed
from .tracing import happened

INTERVAL = 0.2

Send = Callable[[JobProgressed], Awaitable[None]]


class Progress:
    """Holds the newest word and lets one go every interval."""

    def __init__(self, send: Send, interval: float = INTERVAL) -> None:
        self._send = send
        self._interval = interval
        self._newest: JobProgressed | None = None
        self._stage = ""
        self._waiting = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    def tell(self, message: JobProgressed) -> None:
        """Never waits. Where a stage begins, the span that is current says so."""
        if message.stage != self._stage:
            self._stage = message.stage
            happened("progress", {"mvidarr.job.stage": message.stage})
        self._newest = message
        self._waiting.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._let_go())

    async def close(self) -> None:
        """Send what still waits."""
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
            await self._flush()

    async def _let_go(self) -> None:
        while True:
            await self._waiting.wait()
            await self._flush()
            await asyncio.sleep(self._interval)

    async def _flush(self) -> None:
        self._waiting.clear()
        message, self._newest = self._newest, None
        if message is not None:
            await self._send(message)


@asynccontextmanager
async def coalesced(send: Send, interval: float = INTERVAL) -> AsyncIterator[Progress]:
    """Progress whose last word has gone out when this is left."""
    progress = Progress(send, interval)
    try:
        yield progress
    finally:
        await progress.close()
