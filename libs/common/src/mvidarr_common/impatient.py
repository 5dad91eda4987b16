"""Clients that are too slow to say what they want are left: they would hold connections for ever.

A request's head has so many seconds and bytes. Bodies are the application's: it knows their limits.
"""

import asyncio
from typing import Final

import orjson

from .messages.ids import new_id
from .zero_copy import ZeroCopy

HEAD_SECONDS: Final = 15.0
HEAD_BYTES: Final = 32 * 1024
LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Refused(Exception):
    """A head that is too long, or that does not say for whom it is."""


class Impatient(ZeroCopy):
    """A connection whose client has to say what it wants within a time."""

    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The time begins."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._part = "nothing"
        self._heads = 0
        self._size = 0
        self._unread = 0
        self._watch()

    def data_received(self, data: bytes) -> None:
        """The parser keeps what is not yet a whole line, however long it is: that is counted."""
        part, heads = self._part, self._heads
        super().data_received(data)
        if self._part == "head" and part != "body" and heads == self._heads:
            self._unread += len(data)
            if self._too_long and not self.transport.is_closing():
                self.send_400_response("")
        elif self._part == "nothing" and not self._answers and not self._became_another:
            self._watch()  # empty lines are no request

    def send_400_response(self, msg: str) -> None:
        """What cannot be understood is told so; a head that is too long, what it is."""
        if self._too_long:
            self.transport.write(_too_long())
            self.transport.close()
        else:
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._forget()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The time of the next request begins with its first byte."""
        super().on_message_begin()
        self._part, self._size, self._unread = "head", 0, 0
        self._watch()

    def on_url(self, url: bytes) -> None:
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also of those behind a body."""
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The time is over."""
        self._part = "body"
        self._heads += 1
        self._forget()
        _require_host(self.parser.get_http_version(), self.headers)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._part = "nothing"
        super().on_message_complete()

    def _grow(self, size: int) -> None:
        self._size += size
        if self._too_long:
            raise Refused

    @property
    def _too_long(self) -> bool:
        return max(self._size, self._unread) > HEAD_BYTES

    def _watch(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    @property
    def _became_another(self) -> bool:
        """A websocket has its own patience."""
        return self.transport.get_protocol() is not self

    @property
    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _leave(self) -> None:
        """Not in the middle of an answer: what comes after it can wait."""
        self._deadline = None
        if self._answers:
            self._watch()
        elif not self.transport.is_closing():
            self.transport.write(LATE)
            self.transport.close()


def _too_long() -> bytes:
    """The whole answer, as problem+json (RFC 9457): no application has seen the request."""
    body = orjson.dumps({
        "type": "urn:mvidarr:problem:head_too_long",
        "title": "Request Header Fields Too Large",
        "status": 431,
        "code": "head_too_long",
        "detail": f"Address and headers are longer than {HEAD_BYTES >> 10} KiB together.",
        "instance": "",
        "requestId": new_id(),
    })  # fmt: skip
    return (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
        b"content-type: application/problem+json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )


def _require_host(version: str, headers: list[tuple[bytes, bytes]]) -> None:
    """Exactly one (RFC 9112, section 3.2): two would let a proxy and us see different places."""
    hosts = sum(name == b"host" for name, _ in headers)
    if hosts > 1 or (version == "1.1" and not hosts):
        raise Refused
