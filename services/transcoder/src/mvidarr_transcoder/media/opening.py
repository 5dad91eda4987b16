"""Opening a media file so that it can name no other file and no address."""

import errno
from pathlib import Path

import av
from av.container import InputContainer

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,asf,ogg,"
    "mp3,aac,ac3,eac3,flac,wav,h264,hevc"
)
"""Containers of real media. Playlists are not among them: an "mp4" that is an HLS or concat list
would let a web page read our files and our network."""

PROTOCOLS = "file,pipe"
MOST_STREAMS = 100
"""A real film has a few; a file that says it has thousands wants to do harm."""

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
