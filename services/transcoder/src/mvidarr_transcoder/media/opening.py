"""Opening a media file so that it can name no other file and no address."""

import errno
from pathlib import Path

import av
from av.container import InputContainer

from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS

LIMITS = {
    "protocol_whitelist": PROTOCOLS,
    "format_whitelist": DEMUXERS,
    "max_streams": str(MOST_STREAMS),
}


def open_media(path: str | Path) -> InputContainer:
    """Raises av.FFmpegError for what is no media file. `file:` keeps a name from being a URL."""
    container = av.open(f"file:{path}", options=LIMITS, metadata_errors="replace")
    if len(container.streams) < MOST_STREAMS:
        return container
    container.close()  # of some containers FFmpeg takes the first so many, and leaves the others
    raise av.InvalidDataError(errno.EINVAL, "There are too many streams in it.", str(path))
