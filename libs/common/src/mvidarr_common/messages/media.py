"""Facts about a media file, as measured and never as promised."""

from typing import Literal

from pydantic import Field

from .base import Value

Hdr = Literal["hdr10", "hdr10plus", "hlg", "dolby_vision"]
"""How a picture brighter than usual is written down."""


class VideoStream(Value):
    """One video stream; `attached` is cover art and not a film. Width and height are as shown:
    `rotation`, in degrees, is in them already. Colours have FFmpeg's names."""

    codec: str
    width: int
    height: int
    fps: float | None = None
    pixel_format: str | None = None
    bitrate: int | None = None
    duration: float | None = None
    attached: bool = False
    profile: str | None = None
    level: str | None = None
    bit_depth: int | None = None
    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    full_range: bool = False
    hdr: Hdr | None = None
    variable_rate: bool = False
    rotation: int = 0
    interlaced: bool = False
    pixel_aspect: float = 1.0
    b_frames: bool = False
    frames: int | None = None
    key_seconds: float | None = None


class AudioStream(Value):
    """One audio stream."""

    codec: str
    channels: int
    sample_rate: int
    bitrate: int | None = None
    duration: float | None = None
    language: str | None = None
    profile: str | None = None
    layout: str | None = None
    title: str | None = None
    default: bool = False


class Chapter(Value):
    """A named part of a film, in seconds."""

    title: str
    start: float
    end: float


class MediaFacts(Value):
    """What a file holds. Durations in seconds, sizes in bytes, bitrates in bits a second."""

    container: str
    duration: float | None
    size: int
    bitrate: int | None = None
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[str, ...] = ()
    chapters: int = 0
    tags: dict[str, str] = Field(default_factory=dict)
    start: float | None = None
    marks: tuple[Chapter, ...] = ()
    attachments: tuple[str, ...] = ()

    @property
    def picture(self) -> VideoStream | None:
        """The film itself: the first video stream that is no cover art."""
        return next((stream for stream in self.video if not stream.attached), None)

    @property
    def quality(self) -> str:
        """A quality name such as "1080p", by the shorter side; "audio" without a picture."""
        if self.picture is None:
            return "audio"
        return quality_of(self.picture.width, self.picture.height)


QUALITIES = ("144p", "240p", "360p", "480p", "720p", "1080p", "1440p", "2160p")
"""Worst to best; a quality's number is its picture's shorter side in pixels."""


def quality_of(width: int, height: int) -> str:
    """The best quality whose lines the picture fills, allowing a tenth for wide crops."""
    lines = max(min(width, height), min(width * 9 // 16, height * 16 // 9))
    fitting = [name for name in QUALITIES if lines * 1.1 >= int(name[:-1])]
    return fitting[-1] if fitting else QUALITIES[0]
