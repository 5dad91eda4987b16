"""What a page holds, as an inspection finds it and as a fetch chooses from it."""

from .base import Value


class FormatFacts(Value):
    """One form in which a page offers its video. Sizes in bytes, bitrates in bits a second."""

    id: str
    container: str | None = None
    width: int | None = None
    height: int | None = None
    quality: str | None = None
    fps: float | None = None
    dynamic_range: str | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    bitrate: int | None = None
    size: int | None = None
    estimated: bool = False
    """Whether the size is a guess of the site's or of yt-dlp's."""
    language: str | None = None


class Choice(Value):
    """What was taken of what there was, and why, in sentences; `offered` counts the formats."""

    formats: tuple[FormatFacts, ...]
    offered: int
    reasons: tuple[str, ...] = ()


class Entry(Value):
    """One video of a list; `position` counts from 1."""

    position: int
    url: str
    title: str | None = None
    source_id: str | None = None
    extractor: str | None = None
    uploader: str | None = None
    duration: float | None = None
