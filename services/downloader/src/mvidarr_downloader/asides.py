"""What a profile asks beside the format: videos that are not wanted, and subtitles."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yt_dlp.utils import match_filter_func

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.fetching import FetchOptions, SubtitleFile

from .descriptions import uploaded
from .failures import BAD_FILTER, UNWANTED

Info = Mapping[str, Any]


def refuse_unwanted(info: Info, asked: FetchOptions) -> None:
    """Raise the failure `not_wanted`. What a page does not tell speaks against nothing."""
    for reason in _objections(info, asked):
        raise UNWANTED.error(reason)


def _objections(info: Info, asked: FetchOptions) -> Iterator[str]:
    age, day, duration = info.get("age_limit"), uploaded(info), info.get("duration")
    if age and asked.age_limit is not None and age > asked.age_limit:
        yield f"It is for people from {age} years on."
    if day and asked.uploaded_after and day < asked.uploaded_after:
        yield f"It was uploaded on {day}, before {asked.uploaded_after}."
    if day and asked.uploaded_before and day > asked.uploaded_before:
        yield f"It was uploaded on {day}, after {asked.uploaded_before}."
    if duration and asked.shortest is not None and duration < asked.shortest:
        yield f"It lasts {duration:g} seconds, less than {asked.shortest:g}."
    if asked.match and (reason := _unmatched(info, asked.match)):
        yield reason
    if duration and asked.longest is not None and duration > asked.longest:
        yield f"It lasts {duration:g} seconds, more than {asked.longest:g}."


def _unmatched(info: Info, filters: tuple[str, ...]) -> str | None:
    """Why none of the filters holds. A wrong one is found out when it is used."""
    try:
        reason = match_filter_func(filters)(dict(info))
    except ValueError as error:
        raise BAD_FILTER.error(str(error)) from error
    return str(reason) if reason else None


def subtitle_files(info: Info, root: DataRoot) -> tuple[SubtitleFile, ...]:
    """Those that yt-dlp reports and has written."""
    made = info.get("subtitles") or {}
    wanted = info.get("requested_subtitles") or {}
    return tuple(
        SubtitleFile(
            path=root.relative(Path(track["filepath"])),
            language=language,
            automatic=language not in made,
        )
        for language, track in sorted(wanted.items())
        if track.get("filepath") and Path(track["filepath"]).is_file()
    )
