"""Looks at a page with yt-dlp and fetches nothing: a video's formats, or entries of a list."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from mvidarr_common.messages.jobs import Inspected
from mvidarr_common.messages.pages import Choice, Entry
from mvidarr_common.messages.profiles import QualityProfile

from . import failures
from .bounds import bounded
from .choosing import Chooser, selector
from .descriptions import describe, uploaded
from .formats import facts_of
from .options import Journal, reading
from .orders import Look
from .remote import Session

Info = dict[str, Any]

_LISTS = ("playlist", "multi_video")
_ANY = QualityProfile(name="any")
_MOST = 200
"""Languages told at most; some sites translate by machine into all there are."""


def inspect_page(look: Look) -> Inspected:
    """In a forked child; raises JobError."""
    journal = Journal()
    ours = {
        "playlist_items": f"{look.start}:{look.start + look.limit}",
        "ignore_no_formats_error": True,
        "lazy_playlist": True,
    }
    with (
        bounded(look.manners, journal) as way,
        Session({**reading(look.manners, journal, way.proxy), **ours}) as y,
    ):
        chooser = Chooser(
            look.profile or _ANY, look.manners.max_bytes, selector(y.build_format_selector)
        )
        y.format_selector = chooser
        info: Info | None = y.extract_info(look.url, download=False)
        if info is None:
            raise failures.UNSUPPORTED.error(f"yt-dlp found nothing\n{journal.text()}")
        if info.get("_type") in _LISTS:
            return _list(info, look)
        return _video(info, look, chooser.choice if look.profile else None)


def _video(info: Info, look: Look, choice: Choice | None) -> Inspected:
    return Inspected(
        holds="video",
        **_about(info, look),
        found=describe(info),
        duration=info.get("duration"),
        uploaded=uploaded(info),
        age_limit=info.get("age_limit"),
        live=info.get("live_status"),
        formats=tuple(facts_of(each) for each in _formats(info)),
        subtitles=_languages(info.get("subtitles")),
        automatic_subtitles=_languages(info.get("automatic_captions")),
        chapters=len(info.get("chapters") or ()),
        choice=choice,
    )


def _formats(info: Info) -> list[Info]:
    """A video of one format is that format itself; sheets of still pictures are none."""
    formats: list[Info] = info.get("formats") or ([info] if info.get("url") else [])
    return [f for f in formats if not (f.get("vcodec") == f.get("acodec") == "none")]


def _list(info: Info, look: Look) -> Inspected:
    """One entry more than is told was asked for, to know whether there are more."""
    found = list(islice(info.get("entries") or (), look.limit + 1))
    more = len(found) > look.limit
    entries = enumerate(found[: look.limit], start=look.start)
    return Inspected(
        holds="list",
        **_about(info, look),
        entries=tuple(_entry(position, entry) for position, entry in entries if entry),
        next=str(look.start + look.limit) if more else None,
        total=info.get("playlist_count"),
    )


def _about(info: Info, look: Look) -> dict[str, Any]:
    return {
        "page_url": str(info.get("webpage_url") or look.url),
        "extractor": str(info.get("extractor_key") or info.get("extractor") or ""),
        "source_id": str(info.get("id") or ""),
        "title": info.get("title"),
    }


def _entry(position: int, entry: Info) -> Entry:
    return Entry(
        position=position,
        url=_address(entry),
        title=entry.get("title"),
        source_id=entry.get("id"),
        extractor=entry.get("ie_key") or entry.get("extractor_key"),
        uploader=entry.get("uploader") or entry.get("channel"),
        duration=entry.get("duration"),
    )


def _address(entry: Info) -> str:
    """Without what yt-dlp smuggles behind a fragment for itself."""
    url = str(entry.get("webpage_url") or entry.get("url") or "")
    return url.partition("#__youtubedl_smuggle")[0]


def _languages(tracks: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(sorted(language for language in tracks or () if language != "live_chat"))[:_MOST]
