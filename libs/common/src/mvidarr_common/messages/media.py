"""Facts about a media file, as measured and never as promised."""

from pydantic import Field

from .base import Value


class VideoStream(Value):
    """One video stream; `attached` is cover art and not a film."""

    codec: str
    width: int
    height: int
    fps: float | None = None
    pixel_format: str | None = None
    bitrate: int | None = None
    duration: float | None = None
    attached: bool = False


class AudioStream(Value):
    """One audio stream."""

    codec: str
    channels: int
    sample_rate: int
    bitrate: int | None = None
    duration: float | None = None
    language: str | None = None


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
