"""A quality profile or a naming template, tried against the whole library and its history.

It is a question: nothing is written, and no job is made. Pages go through the library in the order
of its lists; what a template asks is compared with where the files lie now.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import Download, Inspected, Place, PlaceFile
from mvidarr_common.messages.queries import Supposition, Suppositions, WhatIf
from mvidarr_common.naming import checked, folded, path_for

from .brain.model import ReadModel
from .brain.reading import Read
from .jobs.jobs import Job
from .library.files import File
from .library.shelved import Shelved
from .library.video_queries import FIELDS
from .library.videos import Video, subject_of
from .library.worth import Offer, Opinion, opinions

model = ReadModel()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some videos that lie in the library, and what is needed to judge them."""

    videos: Sequence[Video]
    files: dict[str, list[File]]
    told: dict[str, Shelved]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a file would lie, and why."""

    opinion: Opinion
    to: str


_NUMBER = re.compile(r" \(\d+\)$")


@model.query
async def what_if(query: WhatIf, read: Read) -> Suppositions:
    template = checked(query.template) if query.template is not None else None
    found = await read.page(Video, query, FIELDS, read.table(Video).c.state == "ready")
    shelf = await _shelf(read, found.rows)
    offers = await _offers(read, found.rows) if query.profile else {}
    moves = await _moves(read, shelf, template) if template else {}
    items = []
    for video in found.rows:
        renditions = [file.rendition for file in shelf.files[video.id]]
        if query.profile and renditions:
            judged = opinions(renditions, query.profile, offers.get(video.id, Offer()))
            items += [_supposed(video, renditions[0].path, each) for each in judged]
        if move := moves.get(video.id):
            items.append(_supposed(video, renditions[0].path, move.opinion, move.to))
    shown = [item for item in items if query.kept or item.outcome != "kept"]
    return Suppositions(items=tuple(shown), looked_at=len(found.rows), next=found.next)


async def _shelf(read: Read, videos: Sequence[Video]) -> Shelf:
    ids = [id for video in videos for id in video.files]
    found = await read.rows(File, read.table(File).c.id.in_(ids)) if ids else []
    by_id = {file.id: file for file in found if file.state == "present"}
    files = {v.id: [by_id[id] for id in v.files if id in by_id] for v in videos}
    told = await read.rows(Shelved, read.table(Shelved).c.id.in_([v.id for v in videos]))
    return Shelf(videos, files, {row.id: row for row in told})


async def _offers(read: Read, videos: Sequence[Video]) -> dict[str, Offer]:
    """What downloads and inspections for these videos have found out, newest last."""
    subjects = {subject_of(video.id): video.id for video in videos}
    columns = read.table(Job).c
    done = await read.rows(
        Job,
        columns.for_subject.in_(list(subjects)),
        columns.state == "completed",
        columns.kind.in_(["download", "inspect"]),
    )
    offers: dict[str, Offer] = defaultdict(Offer)
    for job in sorted(done, key=lambda each: (each.ended or each.added, each.id)):
        id, before = subjects[job.for_subject or ""], offers[subjects[job.for_subject or ""]]
        if isinstance(job.spec, Download):
            offers[id] = Offer(job.spec.profile, before.seen)
        elif isinstance(job.result, Inspected) and job.result.formats:
            seen = frozenset(each.quality for each in job.result.formats if each.quality)
            offers[id] = Offer(before.then, seen)
    return offers


async def _moves(read: Read, shelf: Shelf, template: str) -> dict[str, Move]:
    """Whose shown file would lie elsewhere; of two that want one name the older has it."""
    rivals = await _shelf(read, await _rivals(read, shelf.videos))
    wanted = sorted((v.added, v.id, _place(v, rivals, template)) for v in rivals.videos)
    first: dict[str, str] = {}
    for _, id, path in wanted:
        if path:
            first.setdefault(folded(path), id)
    moves = {}
    for video in shelf.videos:
        path = _place(video, shelf, template)
        if path is None:
            continue
        lies = shelf.files[video.id][0].rendition.path
        if _is_numbered(lies, path) or path == lies:
            moves[video.id] = Move(Opinion("kept", "It has that name already."), lies)
        elif first.get(folded(path), video.id) != video.id:
            reason = "An older video gets this name: a number will stand behind it."
            moves[video.id] = Move(Opinion("renamed", reason), path)
        else:
            moves[video.id] = Move(Opinion("renamed", "The template asks for this name."), path)
    return moves


async def _rivals(read: Read, videos: Sequence[Video]) -> Sequence[Video]:
    """These videos, and all that are found by the same words: artist and title."""
    columns = read.table(Video).c
    words = {video.search for video in videos}
    return await read.rows(Video, columns.search.in_(words), columns.state == "ready")


def _place(video: Video, shelf: Shelf, template: str) -> str | None:
    """Where its shown file would lie, if anything lies there now."""
    files, told = shelf.files.get(video.id), shelf.told.get(video.id)
    if not files or told is None:
        return None
    rendition = files[0].rendition
    film = PlaceFile(
        path=rendition.path,
        role=rendition.role,
        sha256=rendition.sha256,
        facts=rendition.facts,
    )
    spec = Place(
        video_id=VideoId(video.id),
        files=(film,),
        about=video.about,
        page_url=told.page_url,
        source=told.source,
        source_id=told.source_id,
    )
    *folders, stem = path_for(template, spec)
    return "/".join(("library", *folders, stem + PurePosixPath(rendition.path).suffix))


def _is_numbered(lies: str, path: str) -> bool:
    """Whether it has the name already, with a number because another had it first."""
    here, there = PurePosixPath(lies), PurePosixPath(path)
    bare = _NUMBER.sub("", here.stem)
    return here.parent == there.parent and bare == there.stem and here.suffix == there.suffix


def _supposed(video: Video, path: str, opinion: Opinion, to: str | None = None) -> Supposition:
    return Supposition(
        video_id=VideoId(video.id),
        title=video.title,
        artist=video.about.artist,
        quality=video.quality,
        path=path,
        outcome=opinion.outcome,
        reason=opinion.reason,
        new_path=to if to != path else None,
    )
