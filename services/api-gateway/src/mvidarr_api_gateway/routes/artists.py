"""Artists: follow, unfollow, look at."""

from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bodies import NewArtist, Others
from mvidarr_api_gateway.bulk import BulkResults, perform_each
from mvidarr_api_gateway.bulk_bodies import (
    ArtistsToFollow,
    ArtistToFollow,
    ManyArtists,
    OneArtist,
)
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages import Command
from mvidarr_common.messages.curating import MergeArtists
from mvidarr_common.messages.ids import ArtistId, artist_id
from mvidarr_common.messages.library import ArtistFollowed, FollowArtist, UnfollowArtist
from mvidarr_common.messages.queries import (
    ArtistsWithMore,
    ArtistView,
    ArtistWithMore,
    GetArtist,
    ListArtists,
    Listing,
    Records,
    WithArtist,
)

router = guarded_router("/api/v1/artists", "artists")


@router.get("", openapi_extra=needs("readonly"), response_model=ArtistsWithMore)
async def artists(asked: Annotated[ListArtists, Query()], deps: Given) -> Response:
    """A page of artists."""
    return json_bytes(await deps.reads.get(asked))


@router.post("", openapi_extra=needs("user"), response_model=ArtistView, status_code=201)
async def follow(body: NewArtist, request: Request) -> Response:
    """Follow an artist by name."""
    shown = GetArtist(id=artist_id(body.name))
    reply = Reply(ArtistFollowed, lambda _: shown, "/api/v1/artists")
    return await perform(request, FollowArtist(name=body.name), reply)


@router.post("/bulk", openapi_extra=needs("user") | DECIDED, response_model=BulkResults)
async def follow_many(body: ArtistsToFollow, request: Request) -> Response:
    """Follow many, each for itself."""
    return await perform_each(request, body.items, following, ArtistFollowed)


@router.post("/bulk/unfollow", openapi_extra=needs("manager") | DECIDED, response_model=BulkResults)
async def unfollow_many(body: ManyArtists, request: Request) -> Response:
    """Stop following many, each for itself."""

    async def ask(item: OneArtist) -> Command:
        return UnfollowArtist(artist_id=item.id)

    return await perform_each(request, body.items, ask)


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=ArtistWithMore)
async def artist(id: ArtistId, deps: Given, asked: Annotated[WithArtist, Query()]) -> Response:
    """One artist."""
    return json_bytes(await deps.reads.get(GetArtist(id=id, **dict(asked))))


@router.delete("/{id}", openapi_extra=needs("manager"), response_model=ArtistView)
async def unfollow(id: ArtistId, request: Request) -> Response:
    """Stop following; the artist's videos stay."""
    reply = Reply(show=lambda _: GetArtist(id=id))
    return await perform(request, UnfollowArtist(artist_id=id), reply)


@router.post("/{id}/merge", openapi_extra=needs("manager"), response_model=ArtistView)
async def merge(id: ArtistId, body: Others, request: Request) -> Response:
    """Take others for the same artist: their videos become this one's."""
    reply = Reply(show=lambda _: GetArtist(id=id))
    return await perform(request, MergeArtists(artist_id=id, others=body.others), reply)


@router.get("/{id}/history", openapi_extra=needs("readonly"), response_model=Records)
async def history(id: ArtistId, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """What happened to an artist, and why."""
    return await history_of(deps, f"artist/{id}", page)


async def following(item: ArtistToFollow) -> Command:
    """The command that an item of many is."""
    return FollowArtist(name=item.name)
