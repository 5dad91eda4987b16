"""Has the disk begin to write a film while it comes: little is left to wait for at the end, when
nothing else may be there to do."""

import os
from collections.abc import Mapping
from typing import Any

STEP = 4 * 1024**2
"""Bytes that are handed to the disk together."""


class Ahead:
    """yt-dlp's progress hook."""

    def __init__(self) -> None:
        self._handed: dict[str, int] = {}

    def __call__(self, status: Mapping[str, Any]) -> None:
        path, got = str(status.get("tmpfilename")), int(status.get("downloaded_bytes") or 0)
        handed = self._handed.setdefault(path, got)
        if status["status"] == "downloading" and not 0 <= got - handed < STEP:
            _begin_to_write(path, handed, got - handed)
            self._handed[path] = got


def _begin_to_write(path: str, start: int, size: int) -> None:
    """Linux writes what is new in it and does not wait; what is written stays in memory."""
    if size <= 0 or not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, start, size, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
