"""Lists of films for external players, and a channel that never ends: signed addresses in M3U8."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request, Response
from pydantic import Field

from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.playlists import M3U8, Entry, credit, m3u, programme
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import UserId, VideoId
from mvidarr_common.messages.queries import ListVideos, VideoView

router = guarded_router("/api/v1", "playback")
SHOWN = needs("readonly", or_ticket="lists")
LIST: dict[int | str, dict[str, Any]] = {200: {"content": {M3U8: {}}}}
ON_A_CHANNEL = 5000
"""Videos of which a channel shows, at most."""


class Wanted(Value):
    """Which videos, and in what order (docs/filters.md)."""

    filter: str | None = Field(default=None, max_length=2000)
    sort: str | None = Field(default=None, max_length=200)
    search: str | None = Field(default=None, max_length=500)


class ListOf(Wanted):
    limit: int = Field(default=200, ge=1, le=500)


class Channel(Wanted):
    """With a seed each round is shuffled; `start` is the entry that comes first."""

    seed: str | None = Field(default=None, max_length=100)
    start: int = Field(default=0, ge=0, le=10**9)
    count: int = Field(default=50, ge=1, le=200)


class ListLinks(Value):
    """Addresses that can be opened without headers; more parameters may be added to them."""

    videos: str
    channel: str


@router.get("/lists", openapi_extra=needs("readonly"), response_model=ListLinks)
async def links(request: Request, deps: Given, caller: Asker) -> Response:
    """Signed addresses of the lists, for players that send no headers."""
    ticket, base = deps.links.ticket("lists", caller.user_id), _api(request, deps)
    found = {"videos": f"{base}/videos.m3u8", "channel": f"{base}/channel.m3u8"}
    signed = {name: f"{url}?ticket={ticket}" for name, url in found.items()}
    return json_value(signed, headers={"Cache-Control": "no-store"})


@router.get("/videos.m3u8", openapi_extra=SHOWN, responses=LIST, response_class=Response)
async def videos(
    asked: Annotated[ListOf, Query()], request: Request, deps: Given, caller: Asker
) -> Response:
    """The videos that match a filter, as a list for VLC, Kodi and others."""
    page = await deps.reads.read(ListVideos(state="ready", **asked.model_dump()))
    entries = _entries(page.items, request, deps, caller.user_id)
    return Response(m3u("MVidarr", entries), media_type=M3U8)


@router.get("/channel.m3u8", openapi_extra=SHOWN, responses=LIST, response_class=Response)
async def channel(
    asked: Annotated[Channel, Query()], request: Request, deps: Given, caller: Asker
) -> Response:
    """A part of a channel without end. Its last entry is the address of the next part, which
    players open by themselves."""
    shown = programme(await _ids(asked, deps), asked.seed, asked.start, asked.count)
    ids = tuple(VideoId(id) for id in dict.fromkeys(shown))
    known = {
        video.id: video for video in (await deps.reads.read(ListVideos(ids=ids, limit=500))).items
    }
    films = [known[VideoId(id)] for id in shown if id in known]
    entries = _entries(films, request, deps, caller.user_id)
    if entries:
        entries.append(Entry(_following(asked, request, deps, caller.user_id), "MVidarr"))
    return Response(m3u("MVidarr", entries), media_type=M3U8)


def _entries(films: Sequence[VideoView], request: Request, deps: Deps, user: UserId) -> list[Entry]:
    """Of each video the file that media servers show."""
    entries = []
    for video in films:
        file = next((each for each in video.files if each.state == "present"), None)
        if file is not None:
            ticket = deps.links.ticket(f"files/{file.id}", user)
            url = f"{_api(request, deps)}/files/{file.id}/content?ticket={ticket}"
            seconds = file.rendition.facts.duration
            entries.append(
                Entry(url, credit(video.artist, video.title), seconds, video.about.album)
            )
    return entries


async def _ids(asked: Channel, deps: Deps) -> list[str]:
    ids: list[str] = []
    wish = asked.model_dump(include={"filter", "sort", "search"})
    page = ListVideos(state="ready", fields="id", limit=500, **wish)
    while len(ids) < ON_A_CHANNEL:
        answer = orjson.loads(await deps.reads.get(page))
        ids += [item["id"] for item in answer["items"]]
        if not answer["next"]:
            break
        page = page.model_copy(update={"cursor": answer["next"]})
    return ids


def _following(asked: Channel, request: Request, deps: Deps, user: UserId) -> str:
    """The part that follows; the ticket that opened this one opens it, too."""
    ticket = request.headers.get("x-ticket") or deps.links.ticket("lists", user)
    told = asked.model_dump(exclude_none=True, exclude={"start"})
    query = urlencode(told | {"start": asked.start + asked.count, "ticket": ticket})
    return f"{_api(request, deps)}/channel.m3u8?{query}"


def _api(request: Request, deps: Deps) -> str:
    """Where players find the API, which a proxy may serve elsewhere."""
    return (deps.settings.public_url or str(request.base_url)).rstrip("/") + "/api/v1"
