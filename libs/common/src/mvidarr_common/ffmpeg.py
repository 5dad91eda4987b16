"""Where FFmpeg is, and what it may open. The wheel that brings one belongs to the services that
cannot do without, and not to all."""

import shutil
from pathlib import Path

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,asf,ogg,"
    "mp3,aac,ac3,eac3,flac,wav,h264,hevc"
)
"""Containers of real media. Playlists are not among them: an "mp4" that is an HLS or concat list
would let a web page read our files and our network."""

PROTOCOLS = "file,pipe"
MOST_STREAMS = 100
"""A real film has a few; a file that says it has thousands wants to do harm."""


def find_ffmpeg(configured: Path | None = None) -> str:
    """The configured one, else the one on PATH, else the wheel's."""
    return str(configured or shutil.which("ffmpeg") or wheel_ffmpeg())


def wheel_ffmpeg() -> str:
    """The wheel's; raises FileNotFoundError where no service that uses it is installed."""
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as error:
        raise FileNotFoundError("FFmpeg: neither on PATH nor installed as a wheel") from error
    return str(imageio_ffmpeg.get_ffmpeg_exe())
