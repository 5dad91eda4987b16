"""What is done to a film once it is there: reported parts marked or cut, things written into it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.postprocessor import (
    FFmpegEmbedSubtitlePP,
    FFmpegMetadataPP,
    FFmpegPostProcessor,
    ModifyChaptersPP,
)
from yt_dlp.utils import PostProcessingError

from mvidarr_common.messages.media import Chapter

from .orders import Order
from .services import ReportedParts

Info = Mapping[str, Any]

_MIME = {"jpg": "jpeg"}

_NOT_TO_BE_KEPT = (
    "formats", "url", "urls", "fragments", "http_headers", "cookies", "manifest_url", "subtitles",
    "automatic_captions", "requested_formats", "requested_subtitles", "requested_downloads",
    "heatmap", "filepath",
)  # fmt: skip
"""Addresses that work for hours, for us alone, and what stands elsewhere."""


class Picture(FFmpegPostProcessor):  # type: ignore[misc]  # yt-dlp has no types
    """Puts the page's picture into films of the kinds that hold one; yt-dlp's own way wants an
    ffprobe, and there may be none."""

    def __init__(self, ydl: YoutubeDL, picture: Path) -> None:
        super().__init__(ydl)
        self._picture = picture

    def run(self, info: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
        """As a stream that is no film, or as an attachment."""
        film, kind = Path(info["filepath"]), self._picture.suffix.removeprefix(".")
        made = film.with_suffix(f".temp{film.suffix}")
        none: list[tuple[str, list[str]]] = []
        keep = ["-map", "0", "-c", "copy", "-dn", "-ignore_unknown"]
        if film.suffix == ".mkv":
            about = ["-metadata:s:t", f"mimetype=image/{_MIME.get(kind, kind)}"]
            put = none, [*keep, "-attach", str(self._picture), *about]
        elif film.suffix in (".mp4", ".m4v", ".mov") and kind != "webp":
            put = (
                [(str(self._picture), [])],
                [*keep, "-map", "1", "-disposition:v:1", "attached_pic"],
            )
        else:
            return [], info
        self.real_run_ffmpeg([(str(film), []), *put[0]], [(str(made), put[1])])
        made.replace(film)
        return [], info


class Parts(ModifyChaptersPP):  # type: ignore[misc]  # yt-dlp has no types
    """Asks FFmpeg how long a film is: there may be no ffprobe."""

    def _get_real_video_duration(self, path: str, fatal: bool = True) -> float:
        said = self.run_ffmpeg(path, None, ["-hide_banner"], expected_retcodes=(1,))
        found = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
        if found is None:
            raise PostProcessingError("FFmpeg does not tell how long the film is")
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def add_treatments(ydl: YoutubeDL, order: Order, picture: Path | None) -> None:
    """In yt-dlp's own order: subtitles are cut with the film, chapters written when it is cut."""
    fetch, api = order.profile.fetch, order.manners.sponsorblock
    reported = (*fetch.sponsorblock.mark, *fetch.sponsorblock.cut)
    if reported:
        ydl.add_post_processor(ReportedParts(ydl, reported, api), when="after_filter")
    if "subtitles" in fetch.embed:
        ydl.add_post_processor(FFmpegEmbedSubtitlePP(ydl, already_have_subtitle=True))
    if reported:
        ydl.add_post_processor(Parts(ydl, remove_sponsor_segments=fetch.sponsorblock.cut))
    chapters = "chapters" in fetch.embed or bool(fetch.sponsorblock.mark)
    if chapters or "metadata" in fetch.embed:
        ydl.add_post_processor(
            FFmpegMetadataPP(ydl, add_metadata="metadata" in fetch.embed, add_chapters=chapters,
                             add_infojson=False)
        )  # fmt: skip
    if picture is not None:
        ydl.add_post_processor(Picture(ydl, picture))


def embeds_picture(order: Order) -> bool:
    """Whether the page's picture goes into the film; it is fetched first, then."""
    return "thumbnail" in order.profile.fetch.embed


def chapters_of(info: Info) -> tuple[Chapter, ...]:
    """Those of the film as it is now."""
    return tuple(
        Chapter(title=str(each.get("title") or ""), start=each["start_time"], end=each["end_time"])
        for each in info.get("chapters") or ()
        if each.get("end_time") is not None
    )


def write_info(ydl: YoutubeDL, info: Info, path: Path) -> Path:
    """What yt-dlp knows of the video, as JSON beside it."""
    known = ydl.sanitize_info(dict(info), remove_private_keys=True)
    kept = {name: value for name, value in known.items() if name not in _NOT_TO_BE_KEPT}
    place = path.with_suffix(".info.json")
    place.write_text(json.dumps(kept, ensure_ascii=False, indent=1))
    return place
