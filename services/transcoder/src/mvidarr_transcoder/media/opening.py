"""Opening a media file so that it can name no other file and no address."""

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
    return av.open(f"file:{path}", options=LIMITS, metadata_errors="replace")
