"""Clients that are too slow to say what they want are left: they would hold connections for ever.

A request's head has so many seconds and bytes. Bodies are the application's: it knows their limits.
"""

import asyncio
from typing import Final

import h11

from .zero_copy import ZeroCopy

HEAD_SECONDS: Final = 15.0
HEAD_BYTES: Final = 32 * 1024
LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Impatient(ZeroCopy):
    """A connection whose client has to say what it wants within a time."""

    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The time begins."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._watch(begun=True)

    def data_received(self, data: bytes) -> None:
        """It ends with the head; the next one's begins with its first byte."""
        super().data_received(data)
        self._watch(begun=bool(self.conn.trailing_data[0]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self, begun: bool) -> None:
        if self.conn.their_state is not h11.IDLE or not begun:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(LATE)
            self.transport.close()
