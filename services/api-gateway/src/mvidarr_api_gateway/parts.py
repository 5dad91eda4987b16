"""The body of an answer that is a file, or some parts of one, and the way in which it is sent."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mvidarr_common.zero_copy import EXTENSION

from .ranges import Span

CHUNK = 256 * 1024

Piece = bytes | Span


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What is sent, one piece after the other: parts of the file, and what stands between them."""

    headers: dict[str, str]
    pieces: tuple[Piece, ...]


def laid_out(spans: Sequence[Span], size: int, kind: str) -> LaidOut:
    """The whole file without spans; several of them as multipart/byteranges."""
    if len(spans) > 1:
        return _several(spans, size, kind)
    part = spans[0] if spans else Span(0, size)
    headers = {"Content-Length": str(part.length)}
    if spans:
        headers["Content-Range"] = _content_range(part, size)
    return LaidOut(headers, (part,))


def _several(spans: Sequence[Span], size: int, kind: str) -> LaidOut:
    boundary = secrets.token_hex(12)
    pieces: list[Piece] = []
    for span in spans:
        about = f"Content-Type: {kind}\r\nContent-Range: {_content_range(span, size)}"
        pieces += [f"\r\n--{boundary}\r\n{about}\r\n\r\n".encode(), span]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    length = sum(len(each) if isinstance(each, bytes) else each.length for each in pieces)
    headers = {
        "Content-Length": str(length),
        "Content-Type": f"multipart/byteranges; boundary={boundary}",
    }
    return LaidOut(headers, tuple(pieces))


def _content_range(span: Span, size: int) -> str:
    return f"bytes {span.start}-{span.end - 1}/{size}"


class Sent(Response):
    """Sends the pieces, and closes the file however that ends."""

    def __init__(
        self, file: BinaryIO, pieces: Sequence[Piece], status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self._file = file
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By the kernel where the server can, else through this process."""
        copy = _by_kernel if EXTENSION in scope.get("extensions", {}) else _by_reading
        start = {"type": "http.response.start", "status": self.status_code}
        try:
            await send(start | {"headers": self.raw_headers})
            for piece in self._pieces:
                if isinstance(piece, bytes):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                else:
                    await copy(self._file, piece, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.close()


async def _by_kernel(file: BinaryIO, span: Span, send: Send) -> None:
    about = {"file": file.fileno(), "offset": span.start, "count": span.length}
    await send({"type": EXTENSION, "more_body": True} | about)


async def _by_reading(file: BinaryIO, span: Span, send: Send) -> None:
    await anyio.to_thread.run_sync(file.seek, span.start)
    left = span.length
    while left > 0 and (chunk := await anyio.to_thread.run_sync(file.read, min(CHUNK, left))):
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
