"""How videos are asked for: one with its files, or a page of them."""

from collections.abc import Sequence

import sqlalchemy as sa

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.profiles import Profile
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.queries import (
    FileView,
    GetVideo,
    ListVideos,
    Videos,
    VideoView,
)

from .files import File, file_view
from .search import BEHIND_ALL, page_of_search
from .video_states import in_states
from .videos import Video

model = ReadModel()

FIELDS = fields_of(
    Video, "id", "url", "state", "artist_id", "profile_id", "pipeline_id", "quality", "added"
) | {
    "changed": fields_of(Video, "changed_at")["changedAt"],
    "title": inside("text", "known.title", "found.title", "url", key="title_key"),
    "artist": inside("text", "known.artist", "found.artist", key="artist_key", last=BEHIND_ALL),
    "about.album": inside("text", "known.album", "found.album"),
    "about.released": inside("date", "known.released", "found.released"),
    "about.studio": inside("text", "known.studio", "found.studio"),
    "failure.code": inside("text", "failure.code"),
}
"""What videos are filtered by."""


@model.query
async def get(query: GetVideo, read: Read) -> VideoView:
    video = await read.one(Video, query.id, "video")
    return _view(video, await _files_of(read, [video]))


@model.query
async def list_videos(query: ListVideos, read: Read) -> Videos:
    columns = read.table(Video).c
    where = [columns.state == query.state if query.state else columns.state != "deleted"]
    if query.ids:
        where.append(columns.id.in_(query.ids))
    if query.below_cutoff:
        where.append(await _below_cutoff(read))
    if query.artist_id:
        where.append(columns.artist_id == query.artist_id)
    whole = query.total and _is_whole(query)
    asked = query.model_copy(update={"total": False}) if whole else query
    found = await page_of_search(read, Video, asked, FIELDS, *where)
    items = await views(read, found.rows)
    total = await _total(query, read) if whole else found.total
    return Videos(items=items, next=found.next, total=total)


async def views(read: Read, videos: Sequence[Video]) -> tuple[VideoView, ...]:
    """Videos as people see them."""
    files = await _files_of(read, videos)
    return tuple(_view(video, files) for video in videos)


def _is_whole(query: ListVideos) -> bool:
    """Whether nothing but a state is asked for: how many those are is known already."""
    return not (query.ids or query.below_cutoff or query.artist_id or query.filter or query.search)


async def _total(query: ListVideos, read: Read) -> int:
    counted = await in_states(read)
    if query.state:
        return counted.get(query.state, 0)
    return sum(videos for state, videos in counted.items() if state != "deleted")


async def _below_cutoff(read: Read) -> sa.ColumnElement[bool]:
    """Those that are there, and of which their profile wants a better file."""
    video = read.table(Video).c
    profiles = [row for row in await read.rows(Profile) if row.profile.upgrade_allowed]
    poor = [
        sa.and_(video.profile_id == row.id, video.quality.in_(row.profile.below_cutoff))
        for row in profiles
    ]
    return sa.and_(video.state == "ready", sa.or_(sa.false(), *poor))


async def _files_of(read: Read, videos: Sequence[Video]) -> dict[str, FileView]:
    ids = [id for video in videos for id in video.files]
    rows = await read.rows(File, read.table(File).c.id.in_(ids)) if ids else []
    return {row.id: file_view(row) for row in rows}


def _view(video: Video, files: dict[str, FileView]) -> VideoView:
    about = video.about
    return VideoView(
        id=VideoId(video.id),
        url=video.url,
        state=video.state,
        title=video.title,
        artist=about.artist,
        artist_id=video.artist_id,
        about=about,
        profile_id=video.profile_id,
        quality=video.quality,
        files=tuple(files[id] for id in video.files if id in files),
        failure=video.failure,
        pipeline_id=video.pipeline_id,
        added=video.added,
        changed=video.changed_at,
    )
