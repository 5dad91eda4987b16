"""Live streams: whether to wait for them, and how far a recording is.

FFmpeg records, and tells yt-dlp nothing before it ends. So the file itself is looked at.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.utils import DownloadError

from . import failures, partial
from .orders import Order, Progress

Info = dict[str, Any]

_EVERY = 0.5
_OVER_AFTER = 3600.0
"""Seconds after its begin at which something live is looked for again."""


def wait_for_live(info: Mapping[str, Any], order: Order) -> None:
    """Raise the failure `live_not_started` for what is not to be taken yet."""
    status = info.get("live_status") or ("is_live" if info.get("is_live") else "")
    if status == "is_live" and order.profile.fetch.live != "wait":
        return
    if status in ("is_live", "is_upcoming", "post_live"):
        raise failures.NOT_YET.error(status, _pause(info, order))


def _pause(info: Mapping[str, Any], order: Order) -> float | None:
    """Until it begins, where that is known and to come; for the whole of it some time longer."""
    begins = info.get("release_timestamp")
    left = begins - time.time() if begins else 0.0
    if left <= 0:
        return None
    return float(left + (_OVER_AFTER if order.profile.fetch.live == "wait" else 0.0))


def from_the_start(ydl: YoutubeDL, find: Callable[[], Info]) -> Info:
    """What a page shows; where yt-dlp cannot go back to the start of something live, FFmpeg begins
    with the oldest piece that the site still lists."""
    try:
        return find()
    except DownloadError as error:
        if not ydl.params["live_from_start"] or "--live-from-start" not in str(error):
            raise
    ydl.params["live_from_start"] = False
    info = find()
    if "m3u8" in str(info.get("protocol")):
        ydl.params["external_downloader_args"]["ffmpeg_i"] += ["-live_start_index", "0"]
    return info


@contextmanager
def watching(folder: Path, tell: Callable[[Progress], None]) -> Iterator[None]:
    """Within the block the bytes in the folder are told, as a program writes them."""
    over = threading.Event()

    def look() -> None:
        before, then = sum(partial.held(folder).values()), time.monotonic()
        while not over.wait(_EVERY):
            held, now = sum(partial.held(folder).values()), time.monotonic()
            tell(Progress("downloading", done=held, speed=max(0, held - before) / (now - then)))
            before, then = held, now

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
