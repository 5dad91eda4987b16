"""Reads artist, title and the rest from what a page says of its video."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from mvidarr_common.messages.library import Description

Info = Mapping[str, Any]

_KIND = r"(music |lyrics? |official |hd |hq |4k |uhd )*(video|audio|visuali[sz]er|clip|mv)"
_NOISE = rf"(the )?official( {_KIND})?|{_KIND}|official|lyrics?|hd|hq|4k|uhd|1080p|2160p"
_BRACKETED = re.compile(rf"\s*[(\[【]\s*({_NOISE})( (hd|hq|4k))?\s*[)\]】]", re.I)
_TRAILING = re.compile(rf"\s+[|–—-]\s+(the )?official( {_KIND})?$|\s+official {_KIND}$", re.I)
_DASH = re.compile(r"\s+[-–—]\s+")
_CHANNEL = re.compile(r"\s+-\s+topic$|\s*vevo$|\s+official$", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def describe(info: Info) -> Description:
    """What yt-dlp's info says, as people would write it."""
    artist, title = artist_and_title(info)
    return Description(
        title=_short(title, 300),
        artist=_short(artist, 300),
        album=_short(info.get("album"), 300),
        released=_released(info),
        description=_short(info.get("description"), 20_000),
        genres=_names(info.get("genres")) or None,
    )


def artist_and_title(info: Info) -> tuple[str | None, str | None]:
    """Named fields count most, then "Artist - Title", then who has put it there."""
    named = _named_artist(info)
    title = str(info.get("track") or _title(info)).strip()
    before, after = _parted(clean_title(title))
    if info.get("track"):
        return named or _uploader(info), clean_title(title)
    if before is None:
        return named or _uploader(info), after
    if named is None or named.casefold() == before.casefold():
        return named or before, after
    return named, clean_title(title)


def clean_title(title: str) -> str:
    """Without "(Official Video)" and the like; a live take, a remix and a cover keep their note."""
    cleaned = _TRAILING.sub("", _BRACKETED.sub("", title)).strip(" -–—|")
    return cleaned or title


def uploaded(info: Info) -> date | None:
    """The day on which the page got the video."""
    return _day(info.get("upload_date"), info.get("timestamp"))


def _title(info: Info) -> str:
    """yt-dlp numbers the video elements of a page, also where there is but one."""
    title = str(info.get("title") or "")
    if info.get("extractor_key") == "HTML5MediaEmbed":
        return re.sub(r" \(\d+\)$", "", title)
    return title


def _named_artist(info: Info) -> str | None:
    for field in ("artists", "artist", "album_artist", "creators", "creator"):
        if names := _names(info.get(field)):
            return ", ".join(names)
    return None


def _uploader(info: Info) -> str | None:
    name = str(info.get("uploader") or info.get("channel") or "").strip()
    return _CHANNEL.sub("", name).strip() or None


def _parted(title: str) -> tuple[str | None, str]:
    parts = _DASH.split(title, maxsplit=1)
    if len(parts) == 2 and all(part.strip() for part in parts):
        return parts[0].strip(), parts[1].strip().strip('"“”')
    return None, title


def _released(info: Info) -> date | None:
    day = _day(info.get("release_date"), info.get("release_timestamp"))
    year = info.get("release_year")
    return day or (date(int(year), 1, 1) if year and 1800 < int(year) < 2200 else None)


def _day(text: object, timestamp: object) -> date | None:
    try:
        if text:
            return datetime.strptime(str(text), "%Y%m%d").replace(tzinfo=UTC).date()
        if isinstance(timestamp, int | float):
            return datetime.fromtimestamp(timestamp, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _names(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(str(name).strip() for name in listed if name and str(name).strip())


def _short(text: object, length: int) -> str | None:
    return _CONTROL.sub("", str(text or "")).strip()[:length].strip() or None
