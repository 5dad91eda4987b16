"""Fetches the picture that a page shows for its video; a video without one is still a video."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.utils import YoutubeDLError

_MOST = 20 * 1024**2
_TRIES = 4


def fetch_picture(
    ydl: YoutubeDL, thumbnails: Iterable[Mapping[str, Any]], into: Path
) -> Path | None:
    """The best picture that can be had, as it is; yt-dlp lists them worst to best."""
    for thumbnail in list(thumbnails)[: -_TRIES - 1 : -1]:
        content = _content(ydl, thumbnail)
        kind = _kind(content)
        if kind is not None:
            path = into / f"thumbnail.{kind}"
            path.write_bytes(content)
            return path
    return None


def _content(ydl: YoutubeDL, thumbnail: Mapping[str, Any]) -> bytes:
    try:
        request = Request(thumbnail["url"], headers=thumbnail.get("http_headers") or {})
        with ydl.urlopen(request) as response:
            content: bytes = response.read(_MOST + 1)
            return content if len(content) <= _MOST else b""
    except (YoutubeDLError, OSError, ValueError):
        return b""


def _kind(content: bytes) -> str | None:
    """What the first bytes say, and not what the server says."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None
