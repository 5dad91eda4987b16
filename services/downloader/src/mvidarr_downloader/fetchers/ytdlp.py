"""Fetches with yt-dlp, in a forked child: from page to whole file, resumed where it can be."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial as given
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL

from mvidarr_common import forked
from mvidarr_common.messages.jobs import Downloaded
from mvidarr_downloader import failures, partial
from mvidarr_downloader.ahead import Ahead
from mvidarr_downloader.asides import refuse_unwanted, subtitle_files
from mvidarr_downloader.blocks import as_they_come
from mvidarr_downloader.bounds import Way, bounded
from mvidarr_downloader.choosing import Chooser, selector
from mvidarr_downloader.descriptions import describe, uploaded
from mvidarr_downloader.fragments import noted
from mvidarr_downloader.memory import own_memory
from mvidarr_downloader.meter import Meter
from mvidarr_downloader.options import Journal, options
from mvidarr_downloader.orders import Order, Progress, Used
from mvidarr_downloader.pictures import fetch_picture
from mvidarr_downloader.pieces import proved
from mvidarr_downloader.recording import from_the_start, wait_for_live, watching
from mvidarr_downloader.remote import Changed, Session, Spoiled
from mvidarr_downloader.room import Room, reserved
from mvidarr_downloader.treating import add_treatments, chapters_of, embeds_picture, write_info

Info = dict[str, Any]


class YtDlp:
    """The sites that yt-dlp knows, and ordinary pages with a video on them."""

    name = "yt-dlp"

    def takes(self, url: str) -> bool:
        """All of them."""
        return True

    def fetch(self, order: Order) -> Downloaded:
        """The whole way; every failure of yt-dlp's leaves as a JobError."""
        journal = Journal()
        with (
            bounded(order.manners, journal) as way,
            as_they_come(),
            noted(),
            proved(),
            Session(options(order, journal, way.proxy)) as ydl,
        ):
            return _fetch(order, ydl, journal, way)


def _fetch(order: Order, ydl: Session, journal: Journal, way: Way) -> Downloaded:
    forked.tell(Progress("extracting"))
    chooser = Chooser(order.profile, order.max_bytes, selector(ydl.build_format_selector))
    ydl.format_selector = chooser
    info = from_the_start(ydl, lambda: _video_on(ydl, order.url))
    wait_for_live(info, order)
    _refuse_too_large(info, order)
    refuse_unwanted(info, order.profile.fetch)
    shown = info.get("thumbnails") or ()
    picture = fetch_picture(ydl, shown, order.into) if embeds_picture(order) else None
    mark = partial.take(order.earlier, order.into, _mark(order, info))
    with reserved(order.into, order.earlier, _to_come(order, info)) as room:
        add_treatments(ydl, order, picture)
        ydl.add_postprocessor_hook(given(_tell_merging, room))
        with _by_program(order, ydl, info, way):
            meter, info = _download(order, ydl, info, mark, room)
    path = _file_of(info, journal, order)
    forked.tell(Progress("checking"))
    picture = picture or fetch_picture(ydl, shown, order.into)
    told = write_info(ydl, info, path) if order.profile.fetch.info else None
    partial.seal(order.into, path)
    forked.tell(Used(own_memory()))
    result = _result(order, ydl, info, path, picture, meter.resumed_from)
    known = {"choice": chooser.choice, "info": order.root.relative(told) if told else None}
    return result.model_copy(update=known)


def _by_program(order: Order, ydl: Session, info: Info, way: Way) -> AbstractContextManager[None]:
    """What FFmpeg or another program fetches goes through the relay, and is watched on the disk."""
    if not info.get("is_live") and order.manners.program is None:
        return nullcontext()
    ydl.params["proxy"] = way.for_programs()
    return watching(order.into, forked.tell)


def _video_on(ydl: YoutubeDL, url: str) -> Info:
    """The one video of a page. Of several nobody knows which is meant."""
    info: Info | None = ydl.extract_info(url, download=False)
    if info is not None and info.get("_type") in ("playlist", "multi_video"):
        entries = list(info.get("entries") or ())
        if len(entries) > 1:
            raise failures.SEVERAL.error(f"{len(entries)} or more")
        info = _entry(ydl, entries[0]) if entries else None
    if info is None:
        raise failures.UNSUPPORTED.error("yt-dlp found nothing")
    return info


def _entry(ydl: YoutubeDL, entry: Info) -> Info:
    if entry.get("_type", "video") == "video":
        return entry
    info: Info = ydl.extract_info(entry["url"], download=False, ie_key=entry.get("ie_key"))
    return info


def _refuse_too_large(info: Info, order: Order) -> None:
    """Before a byte of it is fetched."""
    size = _known_size(info, "filesize")
    if size is not None and size > order.max_bytes:
        raise failures.too_large(size, order.max_bytes)


def _parts(info: Info) -> list[Info]:
    return info.get("requested_formats") or [info]


def _known_size(info: Info, *fields: str) -> int | None:
    sizes = [next((part[f] for f in fields if part.get(f)), None) for part in _parts(info)]
    known = [int(size) for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _mark(order: Order, info: Info) -> partial.Mark:
    source = str(info.get("extractor") or ""), str(info.get("id") or "")
    return partial.Mark(order.url, *source, str(info.get("format_id") or ""))


def _to_come(order: Order, info: Info) -> int:
    """The bytes that are not there yet; picture and sound are written twice, once together."""
    size = _known_size(info, "filesize", "filesize_approx") or 0
    times = 2 if len(_parts(info)) > 1 else 1
    return max(0, size * times - sum(partial.held(order.into).values()))


def _download(
    order: Order, ydl: Session, info: Info, mark: partial.Mark, room: Room
) -> tuple[Meter, Info]:
    """Fetch, and begin anew once if what was begun is another file by now, or came spoiled."""
    reason = Changed()
    for now in (mark, replace(mark, sizes={}, validators={}, digests={})):
        expected = _known_size(info, "filesize", "filesize_approx")
        begun = partial.held(order.into)
        remember = given(_remember, order.into, now)
        meter = Meter(
            order.max_bytes, expected, begun, now.sizes, forked.tell, remember, ydl.sends_anew
        )
        give = given(_give_back, room, meter, _to_come(order, info) + sum(begun.values()))
        ydl._progress_hooks = [meter, give, Ahead(), ydl.prove]
        ydl.watch(_parts(info), now.validators, now.digests, remember)
        try:
            return meter, ydl.process_ie_result(dict(info), download=True)
        except Changed as changed:
            reason = changed
            partial.discard(order.into)
    if isinstance(reason, Spoiled):
        raise failures.CHECKSUM.error(f"the site says {reason}")
    raise failures.NETWORK.error("the file changes all the time")


def _give_back(room: Room, meter: Meter, whole: int, _: Info) -> None:
    room.need(whole - meter.got)


def _remember(folder: Path, mark: partial.Mark, _: object) -> None:
    """The mark holds the very dictionaries that grow."""
    partial.write(folder, mark)


def _tell_merging(room: Room, status: Info) -> None:
    if status.get("status") == "started" and status.get("postprocessor") == "Merger":
        room.give_back()
        forked.tell(Progress("merging"))


def _file_of(info: Info, journal: Journal, order: Order) -> Path:
    """The file that yt-dlp reports; never the newest, the biggest or a likely one."""
    written = info.get("requested_downloads") or [{}]
    path = Path(written[-1].get("filepath") or order.into / "nothing")
    if path.is_file() and path.stat().st_size > 0:
        return path
    raise failures.UNKNOWN.error(f"yt-dlp left no file\n{journal.text()}")


def _result(
    order: Order, ydl: Session, info: Info, path: Path, picture: Path | None, resumed_from: int
) -> Downloaded:
    done = {**info, **(info.get("requested_downloads") or [{}])[-1]}  # as it is after treatment
    return Downloaded(
        path=order.root.relative(path),
        size=path.stat().st_size,
        sha256=ydl.sums.of(path),
        found=describe(info),
        duration=done.get("duration"),
        thumbnail=order.root.relative(picture) if picture else None,
        page_url=str(info.get("webpage_url") or order.url),
        extractor=str(info.get("extractor_key") or info.get("extractor") or ""),
        source_id=str(info.get("id") or ""),
        format=str(info.get("format_id") or ""),
        uploaded=uploaded(info),
        subtitles=subtitle_files(info, order.root),
        chapters=chapters_of(done),
        resumed_from=resumed_from,
    )
