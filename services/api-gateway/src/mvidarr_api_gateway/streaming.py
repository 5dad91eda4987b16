"""Sends files of the library: whole, or the part that a player asks for."""

import mimetypes
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mvidarr_common.errors import NotFound

from .conditional import named
from .problems import tell
from .ranges import Span, Unsatisfiable, span_of

CHUNK = 256 * 1024
TYPES = {
    ".mkv": "video/x-matroska",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".ts": "video/mp2t",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Opened:
    """A file that is open, and its size at that moment."""

    file: BinaryIO
    size: int


async def send_file(request: Request, path: Path, etag: str | None) -> Response:
    """The answer to a GET or HEAD for a file; `etag` without quotes, from its content."""
    opened = await anyio.to_thread.run_sync(_open, path)
    try:
        return _answer(request, path, opened, f'"{etag}"' if etag else None)
    except BaseException:
        opened.file.close()
        raise


def content_type(path: Path) -> str:
    """By extension; unknown ones are bytes."""
    suffix = path.suffix.lower()
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def _open(path: Path) -> Opened:
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound("file_missing", "The file is not where the library says it is.") from None
    return Opened(file, os.fstat(file.fileno()).st_size)


def _answer(request: Request, path: Path, opened: Opened, etag: str | None) -> Response:
    headers = _headers(path, etag)
    if etag and named(request.headers.get("if-none-match", ""), etag):
        opened.file.close()
        return Response(status_code=304, headers=headers)
    try:
        span = _asked(request, opened.size, etag)
    except Unsatisfiable:
        opened.file.close()
        return _out_of_range(request, opened.size)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{opened.size}"
    return _body(request, opened, headers, span)


def _body(request: Request, opened: Opened, headers: dict[str, str], span: Span | None) -> Response:
    part = span or Span(0, opened.size)
    headers["Content-Length"] = str(part.length)
    status = 206 if span else 200
    if request.method == "HEAD":
        opened.file.close()
        return Response(status_code=status, headers=headers)
    return _Sent(opened.file, part, status, headers)


def _headers(path: Path, etag: str | None) -> dict[str, str]:
    headers = {
        "Content-Type": content_type(path),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(path.name)}",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return headers | ({"ETag": etag} if etag else {})


def _asked(request: Request, size: int, etag: str | None) -> Span | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != etag:
        return None
    return span_of(request.headers.get("range"), size)


def _out_of_range(request: Request, size: int) -> Response:
    detail = f"The file has {size} bytes; none of them is in the range."
    headers = {"Content-Range": f"bytes */{size}"}
    return tell(request, 416, "range_not_satisfiable", detail, headers)


class _Sent(StreamingResponse):
    """Closes the file however sending ends."""

    def __init__(self, file: BinaryIO, span: Span, status: int, headers: dict[str, str]) -> None:
        super().__init__(_bytes(file, span), status, headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _bytes(file: BinaryIO, span: Span) -> AsyncIterator[bytes]:
    await anyio.to_thread.run_sync(file.seek, span.start)
    left = span.length
    while left > 0 and (chunk := await anyio.to_thread.run_sync(file.read, min(CHUNK, left))):
        left -= len(chunk)
        yield chunk
