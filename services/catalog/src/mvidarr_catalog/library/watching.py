"""How far people have come in films: what they can go on with. Finished films are not kept."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.identity import UserDeleted
from mvidarr_common.messages.ids import FileId, UserId, VideoId
from mvidarr_common.messages.queries import (
    Continued,
    ContinuedView,
    GetWatched,
    ListWatched,
    WatchedView,
)
from mvidarr_common.messages.watching import (
    ForgetPosition,
    KeepPosition,
    PositionForgotten,
    PositionKept,
)

from .files import File
from .videos import Video

MOST = 500
"""Films that one user may have begun; the one that was left longest ago is forgotten."""
FINISHED = 0.95
"""The share of a film after which nothing but credits is expected."""


class Watching(Row, table="watching"):
    """What one user has begun, the last one first. The id is the user's."""

    films: tuple[WatchedView, ...] = ()


model = ReadModel(rows=(Watching,), version=1)


@model.fold
def kept(event: PositionKept, cause: Envelope, state: State) -> None:
    others = _others(state, event.user_id, event.video_id)
    now = WatchedView(
        video_id=event.video_id,
        position=event.position,
        duration=event.duration,
        changed=cause.time,
    )
    films = others if event.finished else (now, *others)[:MOST]
    state.put(Watching(id=event.user_id, films=films))


@model.fold
def forgotten(event: PositionForgotten, _: Envelope, state: State) -> None:
    others = _others(state, event.user_id, event.video_id)
    state.put(Watching(id=event.user_id, films=others))


@model.fold
def user_deleted(event: UserDeleted, _: Envelope, state: State) -> None:
    state.drop(Watching, event.user_id)


@model.decide
def keep(command: KeepPosition, _: Envelope, state: Known) -> Iterator[Decision]:
    video = state.get(Video, command.video_id)
    if video is None or video.state == "deleted":
        raise NotFound("video_not_found", f"There is no video {command.video_id}.")
    duration = _duration(video, state)
    yield PositionKept(
        user_id=command.user_id,
        video_id=command.video_id,
        position=command.position,
        duration=duration,
        finished=duration is not None and command.position >= duration * FINISHED,
    )


@model.decide
def forget(command: ForgetPosition, _: Envelope, state: Known) -> Iterator[Decision]:
    row = state.get(Watching, command.user_id)
    if not any(film.video_id == command.video_id for film in (row.films if row else ())):
        raise _unknown(command.video_id)
    yield PositionForgotten(user_id=command.user_id, video_id=command.video_id)


@model.query
async def get(query: GetWatched, read: Read) -> WatchedView:
    for film in await _films(query.user_id, read):
        if film.video_id == query.video_id:
            return film
    raise _unknown(query.video_id)


@model.query
async def list_watched(query: ListWatched, read: Read) -> Continued:
    films = await _films(query.user_id, read)
    ids = [film.video_id for film in films]
    rows = await read.rows(Video, read.table(Video).c.id.in_(ids)) if ids else []
    known = {row.id: row for row in rows if row.state != "deleted"}
    items = [_shown(film, known[film.video_id]) for film in films if film.video_id in known]
    return Continued(items=tuple(items[: query.limit]))


def _others(state: State, user_id: UserId, video_id: VideoId) -> tuple[WatchedView, ...]:
    row = state.get(Watching, user_id)
    return tuple(film for film in row.films if film.video_id != video_id) if row else ()


def _duration(video: Video, state: Known) -> float | None:
    files = (state.get(File, FileId(id)) for id in video.files)
    return next((file.rendition.facts.duration for file in files if file), None)


async def _films(user_id: UserId, read: Read) -> tuple[WatchedView, ...]:
    rows = await read.rows(Watching, read.table(Watching).c.id == user_id)
    return rows[0].films if rows else ()


def _shown(film: WatchedView, video: Video) -> ContinuedView:
    return ContinuedView(
        video_id=film.video_id,
        position=film.position,
        duration=film.duration,
        changed=film.changed,
        title=video.title,
        artist=video.about.artist,
    )


def _unknown(video_id: VideoId) -> NotFound:
    return NotFound("position_not_found", f"The video {video_id} was not begun, or is finished.")
