"""A channel that never ends: its stream, its guide, and the list by which players find both."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import Field

from mvidarr_api_gateway.answers import ABSENT
from mvidarr_api_gateway.callers import Caller
from mvidarr_api_gateway.channels import MPEG_TS
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.guide import XMLTV, guide
from mvidarr_api_gateway.lineups import Channel, Shown, nothing_on
from mvidarr_api_gateway.playlists import tuner
from mvidarr_api_gateway.programme import DAY, between
from mvidarr_api_gateway.routes.lists import api_of

router = guarded_router("/api/v1", "playback")
SHOWN = needs("readonly", or_ticket="lists")
M3U = "audio/x-mpegurl"
UNSEEN = {"Cache-Control": "no-store"}
"""Credentials are in them."""
STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {MPEG_TS: {}}}}
GUIDE: dict[int | str, dict[str, Any]] = {200: {"content": {XMLTV: {}}}}
LIST: dict[int | str, dict[str, Any]] = {200: {"content": {M3U: {}}}}


class Tuned(Channel):
    """From where on: what is on now, or the beginning of the film that is on."""

    begin: Literal["now", "start"] = Field(default="now", alias="from")


@router.get("/channel.ts", openapi_extra=SHOWN | ABSENT, responses=STREAM, response_class=Response)
@router.head("/channel.ts", openapi_extra=SHOWN, include_in_schema=False)
async def stream(asked: Annotated[Tuned, Query()], deps: Given, caller: Asker) -> Response:
    """An endless MPEG-TS of the films that match, with H.264 and AAC, as fast as it is watched.
    Everybody who gives the same name and films sees the same at the same moment."""
    return deps.channels.stream(asked, caller.holder, whole=asked.begin == "start")


@router.get("/channel.xml", openapi_extra=SHOWN | ABSENT, responses=GUIDE, response_class=Response)
async def programme(
    asked: Annotated[Channel, Query()], request: Request, deps: Given, caller: Asker
) -> Response:
    """The channel's programme of the next 24 hours, as XMLTV."""
    lineup = await deps.channels.lineups.of(asked)
    now = time.time()
    slots = tuple(between(lineup.films, asked.seed, now, now + DAY))
    if not slots:
        raise nothing_on()
    picture = _pictures(request, deps, caller)
    made = guide(asked.id, asked.name, slots, lineup.known, picture)
    return Response(made, headers=UNSEEN, media_type=XMLTV)


@router.get("/channel.m3u", openapi_extra=SHOWN, responses=LIST, response_class=Response)
async def channel(
    asked: Annotated[Channel, Query()], request: Request, deps: Given, caller: Asker
) -> Response:
    """The channel for players and media servers: the addresses of its stream and of its guide.
    They carry the API key or the ticket that has opened this one."""
    told = asked.model_dump(mode="json", exclude_defaults=True)
    query = urlencode(told | _credentials("lists", request, deps, caller))
    at = f"{api_of(request, deps)}/channel"
    made = tuner(asked.id, asked.name, f"{at}.ts?{query}", f"{at}.xml?{query}")
    return Response(made, headers=UNSEEN, media_type=M3U)


def _pictures(request: Request, deps: Deps, caller: Caller) -> Callable[[Shown], str | None]:
    def address(shown: Shown) -> str | None:
        if shown.picture is None:
            return None
        place = f"files/{shown.file_id}"
        query = urlencode(_credentials(place, request, deps, caller))
        return f"{api_of(request, deps)}/{place}/artwork/{shown.picture}?{query}"

    return address


def _credentials(place: str, request: Request, deps: Deps, caller: Caller) -> dict[str, str]:
    """Media servers keep addresses for longer than a ticket lives: who came with an API key is
    given it back."""
    key = request.headers.get("x-api-key")
    if key is not None and caller.api_key_id is not None:
        return {"apikey": key}
    ticket = request.headers.get("x-ticket") if place == "lists" else None
    return {"ticket": ticket or deps.links.ticket(place, caller.holder)}
