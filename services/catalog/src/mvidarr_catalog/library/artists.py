"""The artists: known because somebody follows them, or because a video names them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from mvidarr_catalog.brain.driver import fetch
from mvidarr_catalog.brain.filters import fields_of
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row, table_of
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, Invalid, NotFound
from mvidarr_common.messages.curating import ArtistsMerged, ArtistsParted, MergeArtists
from mvidarr_common.messages.ids import ArtistId, VideoId, artist_id
from mvidarr_common.messages.library import (
    ArtistAdded,
    ArtistFollowed,
    ArtistUnfollowed,
    Description,
    FollowArtist,
    UnfollowArtist,
    VideoAdded,
    VideoDescribed,
    VideoEdited,
)
from mvidarr_common.messages.queries import Artists, ArtistView, GetArtist, ListArtists

from .naming import plain_name
from .search import page_of_search, searchable
from .videos import Video, credited, editing


class Artist(Row, table="artists", subject="artist", indexes=(("added",),), words="search"):
    """One artist. `search` is the name as `library.search` keeps it; one that was merged into
    another is only a name of that one."""

    name: str
    search: str
    followed: bool
    added: datetime
    merged_into: ArtistId | None


model = ReadModel(rows=(Artist,), version=3)

FIELDS = fields_of(Artist, "id", "name", "followed", "added")
"""What artists are filtered by."""


@model.fold
def added(event: ArtistAdded, cause: Envelope, state: State) -> None:
    if state.get(Artist, event.artist_id) is None:
        state.put(_new(event.artist_id, event.name, cause, followed=False))


@model.fold
def followed(event: ArtistFollowed, cause: Envelope, state: State) -> None:
    artist = state.get(Artist, event.artist_id) or _new(
        event.artist_id, event.name, cause, followed=True
    )
    state.put(artist.changed(followed=True))


@model.fold
def unfollowed(event: ArtistUnfollowed, _: Envelope, state: State) -> None:
    artist = state.get(Artist, event.artist_id)
    if artist:
        state.put(artist.changed(followed=False))


@model.fold
def merged(event: ArtistsMerged, _: Envelope, state: State) -> None:
    _point(state, event.others, event.artist_id)


@model.fold
def parted(event: ArtistsParted, _: Envelope, state: State) -> None:
    _point(state, event.others, None)


@model.decide
def follow(command: FollowArtist, _: Envelope, state: Known) -> Iterator[Decision]:
    name = plain_name(command.name)
    if not name:
        raise Invalid("invalid_name", "An artist's name needs at least one visible character.")
    artist = _meant(state, artist_id(name))
    if artist is None:
        yield ArtistFollowed(artist_id=artist_id(name), name=name)
    elif not artist.followed:
        yield ArtistFollowed(artist_id=ArtistId(artist.id), name=artist.name)


@model.decide
def unfollow(command: UnfollowArtist, _: Envelope, state: Known) -> Iterator[Decision]:
    if existing(state, command.artist_id).followed:
        yield ArtistUnfollowed(artist_id=command.artist_id)


@model.decide
def merge(command: MergeArtists, _: Envelope, state: Known) -> Iterator[Decision]:
    """Their videos name the one artist from now on, and so are filed under that name."""
    one = _whole(state, command.artist_id)
    others = [_whole(state, id) for id in dict.fromkeys(command.others)]
    yield ArtistsMerged(artist_id=command.artist_id, others=tuple(ArtistId(o.id) for o in others))
    if not one.followed and any(other.followed for other in others):
        yield ArtistFollowed(artist_id=command.artist_id, name=one.name)
    videos = [id for other in others for id in credited(state, ArtistId(other.id))]
    state.need(Video, videos)
    for video in filter(None, (state.get(Video, id) for id in videos)):
        yield from editing(video, Description(artist=one.name))


@model.decide
def named_when_added(event: VideoAdded, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.known, event.video_id, state)


@model.decide
def named_by_page(event: VideoDescribed, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.found, event.video_id, state)


@model.decide
def named_by_people(event: VideoEdited, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.changes, event.video_id, state)


@model.query
async def get(query: GetArtist, read: Read) -> ArtistView:
    artist = await read.one(Artist, query.id, "artist")
    counting = _videos_of_one(read.checkpoint.generation)
    (found,) = await fetch(read.connection, counting, {"artist": artist.id})
    return _view(artist, {artist.id: found["videos"]})


@model.query
async def list_artists(query: ListArtists, read: Read) -> Artists:
    columns = read.table(Artist).c
    where: list[sa.ColumnElement[bool]] = [columns.merged_into.is_(None)]
    if query.followed is not None:
        where.append(columns.followed == query.followed)
    found = await page_of_search(read, Artist, query, FIELDS, *where)
    items = await views(read, found.rows)
    return Artists(items=items, next=found.next, total=found.total)


async def views(read: Read, artists: Sequence[Artist]) -> tuple[ArtistView, ...]:
    """Artists as people see them."""
    counts = await _video_counts(read, [artist.id for artist in artists])
    return tuple(_view(artist, counts) for artist in artists)


def existing(state: Known, id: ArtistId) -> Artist:
    """The artist; raises NotFound."""
    artist = state.get(Artist, id)
    if artist is None:
        raise NotFound("artist_not_found", f"There is no artist {id}.")
    return artist


def _whole(state: Known, id: ArtistId) -> Artist:
    """One that is no other name of another."""
    artist = existing(state, id)
    if artist.merged_into:
        message = f"{artist.name} was merged already."
        raise Conflict("artist_merged", message, existing=artist.merged_into)
    return artist


def _meant(state: Known, id: ArtistId) -> Artist | None:
    """Whom this name means: what was merged may have been merged again."""
    artist = state.get(Artist, id)
    while artist and artist.merged_into:
        artist = state.get(Artist, artist.merged_into)
    return artist


def _named(about: Description, id: VideoId, state: Known) -> Iterator[Decision]:
    """An artist that a video names is known from then on, without being followed; another name
    of an artist becomes that artist's."""
    if not about.artist:
        return
    artist, video = _meant(state, artist_id(about.artist)), state.get(Video, id)
    if artist is None:
        yield ArtistAdded(artist_id=artist_id(about.artist), name=about.artist)
    elif artist.id != artist_id(about.artist) and video and video.artist_id != artist.id:
        yield from editing(video, Description(artist=artist.name))


def _point(state: State, others: tuple[ArtistId, ...], to: ArtistId | None) -> None:
    for id in others:
        if artist := state.get(Artist, id):
            state.put(artist.changed(merged_into=to))


@cache
def _videos_of_one(generation: int) -> sa.Select[Any]:
    columns = table_of(Video, generation).c
    counted = sa.select(sa.func.count().label("videos"))
    return counted.where(columns.artist_id == sa.bindparam("artist"), columns.state != "deleted")


async def _video_counts(read: Read, artists: list[str]) -> dict[str, int]:
    columns = read.table(Video).c
    query = (
        sa.select(columns.artist_id, sa.func.count())
        .where(columns.artist_id.in_(artists), columns.state != "deleted")
        .group_by(columns.artist_id)
    )
    return {row[0]: row[1] for row in await read.connection.execute(query)}


def _new(id: ArtistId, name: str, cause: Envelope, *, followed: bool) -> Artist:
    return Artist(
        id=id,
        name=name,
        search=searchable(name),
        followed=followed,
        added=cause.time,
        merged_into=None,
    )


def _view(artist: Artist, videos: dict[str, int]) -> ArtistView:
    return ArtistView(
        id=ArtistId(artist.id),
        name=artist.name,
        followed=artist.followed,
        videos=videos.get(artist.id, 0),
        added=artist.added,
        merged_into=artist.merged_into,
    )
