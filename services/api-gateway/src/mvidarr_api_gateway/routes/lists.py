"""Lists of films for external players, and the signed addresses of lists and channels."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from mvidarr_api_gateway.callers import Holder
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.lineups import Wanted
from mvidarr_api_gateway.playlists import M3U8, Entry, credit, m3u
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import ListVideos, VideoView

router = guarded_router("/api/v1", "playback")
SHOWN = needs("readonly", or_ticket="lists")
LIST: dict[int | str, dict[str, Any]] = {200: {"content": {M3U8: {}}}}


class ListOf(Wanted):
    limit: int = Field(default=200, ge=1, le=500)


class ListLinks(Value):
    """Addresses that can be opened without headers; more parameters may be added to them."""

    videos: str
    channel: str


@router.get("/lists", openapi_extra=needs("readonly"), response_model=ListLinks)
async def links(request: Request, deps: Given, caller: Asker) -> Response:
    """Signed addresses of the lists, for players that send no headers."""
    ticket, base = deps.links.ticket("lists", caller.holder), api_of(request, deps)
    found = {"videos": f"{base}/videos.m3u8", "channel": f"{base}/channel.m3u"}
    signed = {name: f"{url}?ticket={ticket}" for name, url in found.items()}
    return json_value(signed, headers={"Cache-Control": "no-store"})


@router.get("/videos.m3u8", openapi_extra=SHOWN, responses=LIST, response_class=Response)
async def videos(
    asked: Annotated[ListOf, Query()], request: Request, deps: Given, caller: Asker
) -> Response:
    """The videos that match a filter, as a list for VLC, Kodi and others."""
    page = await deps.reads.read(ListVideos(state="ready", **asked.model_dump()))
    entries = _entries(page.items, request, deps, caller.holder)
    return Response(m3u("MVidarr", entries), media_type=M3U8)


def _entries(
    films: Sequence[VideoView], request: Request, deps: Deps, holder: Holder
) -> list[Entry]:
    """Of each video the file that media servers show."""
    entries = []
    for video in films:
        file = next((each for each in video.files if each.state == "present"), None)
        if file is not None:
            ticket = deps.links.ticket(f"files/{file.id}", holder)
            url = f"{api_of(request, deps)}/files/{file.id}/content?ticket={ticket}"
            seconds = file.rendition.facts.duration
            entries.append(
                Entry(url, credit(video.artist, video.title), seconds, video.about.album)
            )
    return entries


def api_of(request: Request, deps: Deps) -> str:
    """Where players find the API, which a proxy may serve elsewhere."""
    return (deps.settings.public_url or str(request.base_url)).rstrip("/") + "/api/v1"
