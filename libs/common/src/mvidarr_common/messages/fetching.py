"""What a profile asks of a fetch beside the format: subtitles, limits, and what is not wanted."""

from datetime import date
from typing import Literal

from pydantic import Field

from .base import Value


class Subtitles(Value):
    """Subtitles to fetch beside the video; none without languages, such as "en" or "en.*"."""

    languages: tuple[str, ...] = ()
    automatic: bool = False
    """Also those that the site makes by machine."""
    formats: tuple[Literal["srt", "vtt", "ass"], ...] = ("srt", "vtt")
    """Preferred, best first; another is taken where there is none of these."""


Segment = Literal[
    "sponsor", "intro", "outro", "selfpromo", "preview", "filler", "interaction",
    "music_offtopic", "hook",
]  # fmt: skip
"""The kinds of parts that people report to SponsorBlock."""


class SponsorBlock(Value):
    """Parts that viewers have reported as no part of the music: shown as chapters, or cut."""

    mark: tuple[Segment, ...] = ()
    cut: tuple[Segment, ...] = ()


class FetchOptions(Value):
    """Rates in bytes a second, durations in seconds. A video that is not wanted fails its job for
    good before a byte of it is fetched."""

    subtitles: Subtitles = Subtitles()
    rate: int | None = Field(default=None, gt=0)
    age_limit: int | None = Field(default=None, ge=0)
    """Videos for older people than this are not wanted."""
    uploaded_after: date | None = None
    uploaded_before: date | None = None
    shortest: float | None = Field(default=None, ge=0)
    longest: float | None = Field(default=None, gt=0)
    match: tuple[str, ...] = Field(default=(), max_length=20)
    """Filters of yt-dlp, such as "view_count>1000 & title!*=cover"; one of them must hold."""
    sponsorblock: SponsorBlock = SponsorBlock()
    embed: tuple[Literal["metadata", "chapters", "thumbnail", "subtitles"], ...] = ()
    """What is also written into the file itself, without encoding anew."""
    info: bool = False
    """Whether all that yt-dlp knows of the video is kept beside it."""
    live: Literal["wait", "record", "from_start"] = "wait"
    """What is live: wait until it is over, take it from now on, or from where it began."""


class SubtitleFile(Value):
    """`path` is below the data root."""

    path: str
    language: str
    automatic: bool = False
