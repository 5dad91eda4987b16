"""Which of a page's formats a profile wants: the profile compiled to what yt-dlp selects with.

yt-dlp's own filters know height and width, but not that a wide film of 1920×800 is 1080p, nor
that a phone's 1080×1920 is. So a profile does not become a filter expression: it ranks the formats,
and `SELECT` chooses within one rank, best first by `SORT`. See `choosing` for the rest.
"""

from collections.abc import Mapping
from typing import Any

from mvidarr_common.messages.media import quality_of
from mvidarr_common.messages.pages import FormatFacts
from mvidarr_common.messages.profiles import QualityProfile

Format = Mapping[str, Any]

SELECT = "bv*+ba/b"
"""`-f`: the best picture, with the best sound unless the picture has its own."""

SORT = ("res", "fps", "hdr:12")
"""`-S`: before yt-dlp's own order of codecs, sizes and bitrates."""

_CODECS = (
    ("av01", "av1"), ("av1", "av1"), ("vp09", "vp9"), ("vp9", "vp9"), ("vp08", "vp8"),
    ("vp8", "vp8"), ("hev", "h265"), ("hvc", "h265"), ("h265", "h265"), ("dvh", "h265"),
    ("avc", "h264"), ("h264", "h264"),
)  # fmt: skip
"""How the codec strings of sites begin, and what profiles call them."""

_EXCESS = 4320
"""Lines that no quality of ours reaches; such a format is more than any limit."""


def rank_of(format: Format, profile: QualityProfile) -> int | None:
    """The place of a format in the profile, counted from 1, higher is better; 0 if it does not
    tell its size, None if the profile does not allow it."""
    width, height = format.get("width"), format.get("height")
    if only_sound(format):
        return None
    if height is None and width is None:
        return 0
    return _rank(quality_name(int(width or 0), int(height or 0)), profile)


def quality_name(width: int, height: int) -> str | None:
    """The quality of a picture as formats announce it; None above all that we name."""
    width, height = width or height * 16 // 9, height or width * 9 // 16
    return None if min(width, height) * 1.1 >= _EXCESS else quality_of(width, height)


def _rank(quality: str | None, profile: QualityProfile) -> int | None:
    for place, item in enumerate(profile.items, start=1):
        if item.allowed and quality in item.qualities:
            return place
    return None


def only_sound(format: Format) -> bool:
    """Whether there is no picture in it."""
    return format.get("vcodec") == "none"


def size_of(format: Format) -> int | None:
    """Its bytes, as the site says or as yt-dlp reckons."""
    size = format.get("filesize") or format.get("filesize_approx")
    return int(size) if size else None


def codec_of(format: Format) -> str | None:
    """The video codec as profiles name it."""
    name = str(format.get("vcodec") or "").lower()
    return next((codec for mark, codec in _CODECS if name.startswith(mark)), None)


def is_hdr(format: Format) -> bool:
    """Whether the picture has more than the standard range of brightness."""
    return str(format.get("dynamic_range") or "SDR").upper() != "SDR"


def facts_of(format: Format) -> FormatFacts:
    """A format as people read it."""
    width, height, bitrate = format.get("width"), format.get("height"), format.get("tbr")
    sized = (width or height) and not only_sound(format)
    return FormatFacts(
        id=str(format.get("format_id") or ""),
        container=format.get("ext"),
        width=width,
        height=height,
        quality=quality_name(int(width or 0), int(height or 0)) if sized else None,
        fps=format.get("fps"),
        dynamic_range=format.get("dynamic_range"),
        video_codec=_named(format.get("vcodec")),
        audio_codec=_named(format.get("acodec")),
        bitrate=int(bitrate * 1000) if bitrate else None,
        size=size_of(format),
        estimated=not format.get("filesize") and bool(format.get("filesize_approx")),
        language=format.get("language"),
    )


def _named(codec: object) -> str | None:
    return None if codec in (None, "none") else str(codec)
