"""Sends files of the library: whole, or the parts that a player asks for."""

import mimetypes
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from mvidarr_common.errors import NotFound

from .parts import Sent, laid_out
from .problems import tell
from .ranges import Span, Unsatisfiable, spans_of
from .validators import Validators, is_another, is_known, may_be_continued

TYPES = {
    ".mkv": "video/x-matroska",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Opened:
    """A file that is open, its size at that moment, and what it is known by."""

    file: BinaryIO
    size: int
    validators: Validators


async def send_file(request: Request, path: Path, etag: str | None) -> Response:
    """The answer to a GET or HEAD for a file; `etag` without quotes, from its content."""
    opened = await anyio.to_thread.run_sync(_open, path, etag)
    try:
        answer = _answer(request, path, opened)
    except BaseException:
        opened.file.close()
        raise
    if not isinstance(answer, Sent):
        opened.file.close()
    return answer


def content_type(path: Path) -> str:
    """By extension; unknown ones are bytes."""
    suffix = path.suffix.lower()
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def _open(path: Path, etag: str | None) -> Opened:
    """Without a tag of its content a file is known by its time and size; raises NotFound."""
    try:
        file = path.open("rb", buffering=0)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound("file_missing", "The file is not where the library says it is.") from None
    known = os.fstat(file.fileno())
    tag = etag or f"{known.st_mtime_ns:x}-{known.st_size:x}"
    return Opened(file, known.st_size, Validators(f'"{tag}"', int(known.st_mtime)))


def _answer(request: Request, path: Path, opened: Opened) -> Response:
    if is_another(request.headers, opened.validators):
        return tell(request, 412, "precondition_failed", "The file is another one by now.")
    headers = _headers(path) | opened.validators.headers
    if is_known(request.headers, opened.validators):
        return Response(status_code=304, headers=headers)
    try:
        spans = _asked(request, opened)
    except Unsatisfiable:
        return _out_of_range(request, opened.size)
    laid = laid_out(spans, opened.size, headers["Content-Type"])
    headers |= laid.headers
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    return Sent(opened.file, laid.pieces, 206 if spans else 200, headers)


def _headers(path: Path) -> dict[str, str]:
    return {
        "Content-Type": content_type(path),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(path.name)}",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }


def _asked(request: Request, opened: Opened) -> tuple[Span, ...]:
    """Parts are asked for by GET alone."""
    known = may_be_continued(request.headers, opened.validators, time.time())
    if request.method != "GET" or not known:
        return ()
    return spans_of(request.headers.get("range"), opened.size)


def _out_of_range(request: Request, size: int) -> Response:
    detail = f"The file has {size} bytes; none of them is in the range."
    headers = {"Content-Range": f"bytes */{size}"}
    return tell(request, 416, "range_not_satisfiable", detail, headers)
