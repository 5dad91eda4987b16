"""Which of a page's formats a profile wants: the profile compiled to what yt-dlp selects with.

yt-dlp's own filters know height and width, but not that a wide film of 1920×800 is 1080p, nor
that a phone's 1080×1920 is. So a profile does not become a filter expression: it ranks the formats,
and `SELECT` chooses within one rank, best first by `SORT`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mvidarr_common.messages.media import quality_of
from mvidarr_common.messages.profiles import QualityProfile

Format = Mapping[str, Any]

SELECT = "bv*+ba/b"
"""`-f`: the best picture, with the best sound unless the picture has its own."""

SORT = ("res", "fps", "hdr:12")
"""`-S`: before yt-dlp's own order of codecs, sizes and bitrates."""

_EXCESS = 4320
"""Lines that no quality of ours reaches; such a format is more than any limit."""


def shortlists(
    formats: Sequence[Format], profile: QualityProfile, max_bytes: int
) -> Iterator[list[Format]]:
    """What to select from, the profile's best rank first; within all ranks what fits the size
    comes before what does not. Formats of unknown height come last."""
    spoken = _in_language(formats, profile.language)
    fitting = [format for format in spoken if (_size(format) or 0) <= max_bytes]
    for within in (fitting, spoken):
        sounds = [format for format in within if _only_sound(format)]
        ranked = [(rank_of(format, profile), format) for format in within]
        for rank in range(len(profile.items), -1, -1):
            films = [f for at, f in ranked if at == rank and f not in sounds]
            if films:
                yield _in_order(within, films, sounds)


def rank_of(format: Format, profile: QualityProfile) -> int | None:
    """The place of a format in the profile, counted from 1, higher is better; 0 if it does not
    tell its size, None if the profile does not allow it."""
    width, height = format.get("width"), format.get("height")
    if _only_sound(format):
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


def _only_sound(format: Format) -> bool:
    return format.get("vcodec") == "none"


def _size(format: Format) -> int | None:
    return format.get("filesize") or format.get("filesize_approx")


def _in_language(formats: Sequence[Format], language: str) -> list[Format]:
    """Without sound of other languages, as long as there is some of the wanted one."""
    if language == "any" or not any(_speaks(format, language) for format in formats):
        return list(formats)
    return [f for f in formats if f.get("language") is None or _speaks(f, language)]


def _speaks(format: Format, language: str) -> bool:
    return str(format.get("language") or "").partition("-")[0] == language.partition("-")[0]


def _in_order(all_: list[Format], *parts: list[Format]) -> list[Format]:
    """Formats keep yt-dlp's order, worst to best: it selects by position."""
    chosen = {id(format) for part in parts for format in part}
    return [format for format in all_ if id(format) in chosen]
