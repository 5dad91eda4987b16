"""The artists: known because somebody follows them, or because a video names them."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from mvidarr_catalog.brain.filters import fields_of
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages.ids import ArtistId, artist_id
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
from .videos import Video


class Artist(Row, table="artists", subject="artist", indexes=(("added",),), words="search"):
    """One artist. `search` is the name as `library.search` keeps it."""

    name: str
    search: str
    followed: bool
    added: datetime


model = ReadModel(rows=(Artist,), version=2)

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


@model.decide
def follow(command: FollowArtist, _: Envelope, state: Known) -> Iterator[Decision]:
    name = plain_name(command.name)
    if not name:
        raise Invalid("invalid_name", "An artist's name needs at least one visible character.")
    artist = state.get(Artist, artist_id(name))
    if artist is None or not artist.followed:
        yield ArtistFollowed(artist_id=artist_id(name), name=artist.name if artist else name)


@model.decide
def unfollow(command: UnfollowArtist, _: Envelope, state: Known) -> Iterator[Decision]:
    artist = state.get(Artist, command.artist_id)
    if artist is None:
        raise NotFound("artist_not_found", f"There is no artist {command.artist_id}.")
    if artist.followed:
        yield ArtistUnfollowed(artist_id=command.artist_id)


@model.decide
def named_when_added(event: VideoAdded, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.known, state)


@model.decide
def named_by_page(event: VideoDescribed, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.found, state)


@model.decide
def named_by_people(event: VideoEdited, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _named(event.changes, state)


@model.query
async def get(query: GetArtist, read: Read) -> ArtistView:
    artist = await read.one(Artist, query.id, "artist")
    return _view(artist, await _video_counts(read, [artist.id]))


@model.query
async def list_artists(query: ListArtists, read: Read) -> Artists:
    columns = read.table(Artist).c
    where = []
    if query.followed is not None:
        where.append(columns.followed == query.followed)
    found = await page_of_search(read, Artist, query, FIELDS, *where)
    counts = await _video_counts(read, [artist.id for artist in found.rows])
    return Artists(
        items=tuple(_view(each, counts) for each in found.rows),
        next=found.next,
        total=found.total,
    )


def _named(about: Description, state: Known) -> Iterator[Decision]:
    """An artist that a video names is known from then on, without being followed."""
    if about.artist and state.get(Artist, artist_id(about.artist)) is None:
        yield ArtistAdded(artist_id=artist_id(about.artist), name=about.artist)


async def _video_counts(read: Read, artists: list[str]) -> dict[str, int]:
    columns = read.table(Video).c
    query = (
        sa.select(columns.artist_id, sa.func.count())
        .where(columns.artist_id.in_(artists), columns.state != "deleted")
        .group_by(columns.artist_id)
    )
    return {row[0]: row[1] for row in await read.connection.execute(query)}


def _new(id: ArtistId, name: str, cause: Envelope, *, followed: bool) -> Artist:
    words = searchable(name)
    return Artist(id=id, name=name, search=words, followed=followed, added=cause.time)


def _view(artist: Artist, videos: dict[str, int]) -> ArtistView:
    return ArtistView(
        id=ArtistId(artist.id),
        name=artist.name,
        followed=artist.followed,
        videos=videos.get(artist.id, 0),
        added=artist.added,
    )
