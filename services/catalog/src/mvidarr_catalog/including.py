"""What is asked for together with something else: each kind is read once for the whole page."""

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from mvidarr_common.messages.queries import (
    ArtistView,
    BesideArtist,
    BesideFile,
    BesideJob,
    BesideVideo,
    FileView,
    GetArtist,
    GetFile,
    GetJob,
    GetVideo,
    JobView,
    ListArtists,
    ListFiles,
    ListJobs,
    ListVideos,
    ProfileView,
    RunView,
    VideoView,
)

from .brain.model import ReadModel
from .brain.reading import Read
from .brain.rows import R
from .library import artists, video_queries
from .library.artists import Artist
from .library.videos import Video
from .pipelines import run_queries
from .pipelines.runs import Run
from .profiles import Profile
from .profiles import view as profile_view

NEWEST = 10
"""Videos that are shown with an artist."""

Names = Collection[str]
Ids = Iterable[str | None]
model = ReadModel()


@model.beside(GetVideo, ListVideos)
async def beside_video(shown: Sequence[VideoView], names: Names, read: Read) -> list[BesideVideo]:
    credited = await _artists((each.artist_id for each in shown if "artist" in names), read)
    profiles = await _profiles((each.profile_id for each in shown if "profile" in names), read)
    runs = await _runs((each.pipeline_id for each in shown if "run" in names), read)
    return [
        BesideVideo(
            artist=credited.get(each.artist_id or ""),
            profile=profiles.get(each.profile_id),
            run=runs.get(each.pipeline_id or ""),
        )
        for each in shown
    ]


@model.beside(GetArtist, ListArtists)
async def beside_artist(shown: Sequence[ArtistView], _: Names, read: Read) -> list[BesideArtist]:
    found = await _newest([each.id for each in shown], read)
    theirs = {
        artist.id: tuple(video for video in found if video.artist_id == artist.id)
        for artist in shown
    }
    return [BesideArtist(videos=theirs[each.id]) for each in shown]


@model.beside(GetFile, ListFiles)
async def beside_file(shown: Sequence[FileView], _: Names, read: Read) -> list[BesideFile]:
    known = await _videos((each.video_id for each in shown), read)
    return [BesideFile(video=known.get(each.video_id)) for each in shown]


@model.beside(GetJob, ListJobs)
async def beside_job(shown: Sequence[JobView], names: Names, read: Read) -> list[BesideJob]:
    known = await _videos((_video_of(each) for each in shown if "video" in names), read)
    runs = await _runs((each.pipeline_id for each in shown if "run" in names), read)
    return [
        BesideJob(video=known.get(_video_of(each) or ""), run=runs.get(each.pipeline_id or ""))
        for each in shown
    ]


async def _artists(ids: Ids, read: Read) -> dict[str, ArtistView]:
    return {each.id: each for each in await artists.views(read, await _rows(Artist, ids, read))}


async def _videos(ids: Ids, read: Read) -> dict[str, VideoView]:
    found = await video_queries.views(read, await _rows(Video, ids, read))
    return {each.id: each for each in found}


async def _profiles(ids: Ids, read: Read) -> dict[str, ProfileView]:
    return {row.id: profile_view(row) for row in await _rows(Profile, ids, read)}


async def _runs(ids: Ids, read: Read) -> dict[str, RunView]:
    return {row.id: run_queries.view(row) for row in await _rows(Run, ids, read)}


async def _rows(kind: type[R], ids: Ids, read: Read) -> list[R]:
    wanted = {id for id in ids if id}
    return await read.rows(kind, read.table(kind).c.id.in_(wanted)) if wanted else []


async def _newest(ids: Sequence[str], read: Read) -> list[VideoView]:
    """Of each artist some videos, the newest first."""
    columns = read.table(Video).c
    rank = sa.func.row_number().over(
        partition_by=columns.artist_id, order_by=(columns.added.desc(), columns.id)
    )
    theirs = sa.select(columns.id, rank.label("place")).where(
        columns.artist_id.in_(ids), columns.state != "deleted"
    )
    ranked = theirs.subquery()
    few = sa.select(ranked.c.id).where(ranked.c.place <= NEWEST)
    found = await read.rows(Video, columns.id.in_(few))
    shown = await video_queries.views(read, found)
    return sorted(shown, key=lambda each: each.added, reverse=True)


def _video_of(job: JobView) -> str | None:
    kind, _, id = (job.for_subject or "").partition("/")
    return id if kind == "video" else None
