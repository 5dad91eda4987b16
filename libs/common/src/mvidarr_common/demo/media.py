"""Serves one media file with ranges, and misbehaves on request as real hosts do."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from starlette.types import Receive, Scope, Send

_BLOCK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a page or a media file is served; without anything set, as it should be."""

    status: int | None = None
    """Answer with this error."""
    retry_after: int | None = None
    redirect: str | None = None
    blank: bool = False
    """A page that shows no video."""
    shows: str | None = None
    """A page that shows the file at this address instead of its own."""
    cookie: str | None = None
    """A page for those alone who send this cookie (`name=value`)."""
    age_gate: bool = False
    """A page for those alone who have said that they are old enough (the cookie `adult=yes`)."""
    player: Literal["linked", "element", "opengraph"] | None = None
    """How the page shows its video; otherwise as suits the file."""
    chapters: tuple[tuple[float, str], ...] = ()
    """Where parts of the video begin, and their names; told by linked data."""
    subtitles: tuple[str, ...] = ()
    """Languages in which a page with a video element offers subtitles."""
    hang: bool = False
    """Take the request and say nothing."""
    rate: int | None = None
    """Bytes a second."""
    cut_after: int | None = None
    """Drop the connection after so many bytes, `cuts` times."""
    cuts: int = 1
    stall_after: int | None = None
    """Fall silent after so many bytes, and keep the connection."""
    claims: int | None = None
    """Promise this size, whatever is sent."""
    ranges: bool = True
    """Whether a part may be asked for."""
    heeds_if_range: bool = True
    """Whether a part of a file that has changed is refused, as it should be."""
    headers: tuple[tuple[str, str], ...] = ()
    """Told with the file beside the usual ones: a checksum, for example."""
    spoils: int = 0
    """Turn a bit on the way in each of so many answers."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An ASGI response with one file, or the part of it that was asked for."""

    path: Path
    mime: str
    conduct: Conduct
    closing: asyncio.Event
    sent: Callable[[int], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stat = self.path.stat()
        etag = f'"{stat.st_size:x}-{stat.st_mtime_ns:x}"'
        part = self._asked(scope, stat.st_size, etag)
        if part is None:
            await _refuse(send, stat.st_size)
            return
        first, last = part
        await send(self._start(scope, first, last, stat.st_size, etag))
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        over = asyncio.create_task(_over(self.closing, receive))
        try:
            await self._body(send, over, first, last + 1)
        finally:
            over.cancel()

    def _asked(self, scope: Scope, size: int, etag: str) -> tuple[int, int] | None:
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        wanted = headers.get("range")
        whole = 0, size - 1
        other = self.conduct.heeds_if_range and headers.get("if-range", etag) != etag
        if not wanted or not self.conduct.ranges or other:
            return whole
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
        return part_of(match[1], match[2], size) if match else whole

    def _start(
        self, scope: Scope, first: int, last: int, size: int, etag: str
    ) -> dict[str, object]:
        whole = (first, last) == (0, size - 1)
        length = self.conduct.claims or last - first + 1
        headers = {"content-type": self.mime, "content-length": str(length), "etag": etag}
        headers |= self.conduct.headers
        if self.conduct.ranges:
            headers["accept-ranges"] = "bytes"
        if not whole:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        return {
            "type": "http.response.start",
            "status": 200 if whole else 206,
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        }

    async def _body(self, send: Send, over: asyncio.Task[None], position: int, end: int) -> None:
        cut = self.conduct.cut_after if self.conduct.cuts > 0 else None
        left = end - position if cut is None else min(cut, end - position)
        whole = left == (self.conduct.claims or end - position)
        silent = self.conduct.stall_after
        if silent is not None:
            left, whole = min(left, silent), False
        with self.path.open("rb") as file:
            file.seek(position)
            while left > 0 and not over.done():
                block = self._sent_as(file.read(min(_BLOCK, left)))
                left -= len(block)
                body = {"body": block, "more_body": left > 0 or not whole}
                await send({"type": "http.response.body", **body})
                self.sent(len(block))
                pause = 0.0 if self.conduct.rate is None else len(block) / self.conduct.rate
                await asyncio.wait({over}, timeout=pause)
        if silent is not None:
            await over
        # Returning with more promised makes the server drop the connection.

    def _sent_as(self, block: bytes) -> bytes:
        return bytes((block[0] ^ 1,)) + block[1:] if self.conduct.spoils > 0 else block


async def _over(closing: asyncio.Event, receive: Receive) -> None:
    """Until the client has gone or the site closes; whoever asks for a file sends no body."""
    gone = asyncio.create_task(_disconnected(receive))
    closed = asyncio.create_task(closing.wait())
    try:
        await asyncio.wait({gone, closed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        closed.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def part_of(first: str, last: str, size: int) -> tuple[int, int] | None:
    """The part that a Range header names (RFC 9110, 14.1.2); None if it lies outside."""
    if not first:
        suffix = min(int(last or 0), size)
        return (size - suffix, size - 1) if suffix else None
    end = min(int(last), size - 1) if last else size - 1
    return (int(first), end) if int(first) <= end else None


async def _refuse(send: Send, size: int) -> None:
    headers = [(b"content-range", f"bytes */{size}".encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 416, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
