"""Playing a film: the addresses that a player can open, each with its ticket."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import Depends, Query, Request, Response

from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.playlists import M3U8, with_tickets
from mvidarr_api_gateway.presence import present
from mvidarr_api_gateway.responses import json_value
from mvidarr_api_gateway.routes.pipelines import begun
from mvidarr_api_gateway.streaming import content_type, send_file
from mvidarr_api_gateway.subtitles import Subtitles, subtitles_beside, webvtt
from mvidarr_api_gateway.trickplay import index, sheets_of
from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import FileId
from mvidarr_common.messages.jobs import PipelineStarted
from mvidarr_common.messages.pipelines import RunPipeline
from mvidarr_common.messages.queries import FileView, RunView

router = guarded_router("/api/v1/files", "playback")
SHOWN = needs("readonly", or_ticket="files/{id}")
VTT = "text/vtt; charset=utf-8"
PRIVATE = {"Cache-Control": "private, no-cache"}
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/vtt": {}}}}
STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {M3U8: {}, "video/mp4": {}}}}
COPY: dict[int | str, dict[str, Any]] = {200: {"content": {"video/mp4": {}}}}
Start = Annotated[float, Query(ge=0, le=1_000_000)]


class Way(Value):
    """One way to play a film."""

    kind: Literal["direct", "copy", "hls"]
    url: str
    type: str


class SubtitlesLink(Value):
    """Subtitles as WebVTT; the name tells the language."""

    name: str
    url: str


class Playback(Value):
    """How a film can be played; the addresses can be opened without headers until they expire."""

    ways: tuple[Way, ...]
    subtitles: tuple[SubtitlesLink, ...]
    trickplay: str | None


async def _ticket(id: FileId, request: Request, deps: Given, caller: Asker) -> str:
    """The caller's own, or a new one: a ticket never makes one that lives longer."""
    return request.headers.get("x-ticket") or deps.links.ticket(f"files/{id}", caller.holder)


Ticket = Annotated[str, Depends(_ticket)]


@router.get("/{id}/playback", openapi_extra=needs("readonly"), response_model=Playback)
async def playback(id: FileId, deps: Given, caller: Asker) -> Response:
    """The ways to play this file, the best first, and what belongs to it."""
    found, ticket = await present(id, deps), deps.links.ticket(f"files/{id}", caller.holder)

    def link(name: str) -> str:
        return f"/api/v1/files/{id}/{name}?ticket={ticket}"

    texts = await _subtitles(found, deps)
    answer = Playback(
        ways=tuple(_ways(found, deps, link)),
        subtitles=tuple(
            SubtitlesLink(name=each.name, url=link(f"subtitles/{each.name}.vtt")) for each in texts
        ),
        trickplay=link("trickplay.vtt") if sheets_of(found.rendition) else None,
    )
    return json_value(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@router.get("/{id}/hls/{name:path}", openapi_extra=SHOWN, responses=STREAM, response_class=Response)
@router.head("/{id}/hls/{name:path}", openapi_extra=SHOWN, include_in_schema=False)
async def hls(id: FileId, name: str, request: Request, deps: Given, ticket: Ticket) -> Response:
    """The film for streaming: `master.m3u8`, and what its playlists name."""
    sidecar = _ends(await present(id, deps), f".hls/{name}")
    if sidecar is None:
        raise NotFound("stream_not_found", "The file has no such stream; POST …/hls makes it.")
    path = deps.root.at(sidecar)
    if path.suffix != ".m3u8":
        return await send_file(request, path, None)
    playlist = with_tickets(await _text(path), ticket)
    return Response(playlist, headers=PRIVATE, media_type=M3U8)


@router.post("/{id}/hls", openapi_extra=needs("user"), response_model=RunView, status_code=201)
async def stream(id: FileId, request: Request, deps: Given) -> Response:
    """Have the film's renditions for streaming made: a run."""
    command = RunPipeline(name="stream", video_id=(await present(id, deps)).video_id)
    return await perform(request, command, Reply(PipelineStarted, begun, "/api/v1/runs"))


@router.get("/{id}/copy.mp4", openapi_extra=SHOWN, responses=COPY, response_class=Response)
@router.head("/{id}/copy.mp4", openapi_extra=SHOWN, include_in_schema=False)
async def copy(id: FileId, deps: Given, start: Start = 0.0) -> Response:
    """The film in a container that browsers can open, from this second on. The streams are copied
    as they are while it is watched; who wants another second asks anew."""
    film = (await present(id, deps)).rendition
    return deps.remuxing.copy(deps.root.at(film.path), film.facts, start)


@router.get(
    "/{id}/subtitles/{name}.vtt", openapi_extra=SHOWN, responses=TEXT, response_class=Response
)
async def subtitles(id: FileId, name: str, deps: Given) -> Response:
    """Subtitles that lie beside the film, as WebVTT."""
    for each in await _subtitles(await present(id, deps), deps):
        if each.name == name:
            try:
                text = await anyio.to_thread.run_sync(webvtt, each.path)
            except ValueError as error:
                raise Invalid("bad_subtitles", f"{error}.") from None
            return Response(text, headers=PRIVATE, media_type=VTT)
    raise NotFound("subtitles_not_found", f"The file has no subtitles {name!r}.")


@router.get("/{id}/trickplay.vtt", openapi_extra=SHOWN, responses=TEXT, response_class=Response)
async def trickplay(id: FileId, deps: Given, ticket: Ticket) -> Response:
    """Which small frame stands for which seconds, as WebVTT."""
    sheets = sheets_of((await present(id, deps)).rendition)
    if sheets is None:
        raise NotFound("trickplay_not_found", "The file has no small frames.")
    return Response(index(sheets, ticket), headers=PRIVATE, media_type=VTT)


@router.get("/{id}/trickplay/{number}.jpg", openapi_extra=SHOWN, response_class=Response)
async def sheet(id: FileId, number: int, request: Request, deps: Given) -> Response:
    """A sheet of small frames."""
    for sidecar in map(PurePosixPath, (await present(id, deps)).rendition.sidecars):
        if sidecar.name == f"{number}.jpg" and ".trickplay/" in str(sidecar):
            return await send_file(request, deps.root.at(str(sidecar)), None)
    raise NotFound("trickplay_not_found", f"The file has no sheet {number}.")


def _ways(found: FileView, deps: Deps, link: Callable[[str], str]) -> Iterator[Way]:
    """What a browser cannot open comes last."""
    direct = Way(kind="direct", url=link("content"), type=content_type(Path(found.rendition.path)))
    copied = deps.remuxing.offers(found.rendition.facts)
    if not copied:
        yield direct
    if _ends(found, ".hls/master.m3u8"):
        yield Way(kind="hls", url=link("hls/master.m3u8"), type=M3U8)
    if copied:
        yield Way(kind="copy", url=link("copy.mp4"), type="video/mp4")
        yield direct


def _ends(found: FileView, ending: str) -> str | None:
    """What belongs to the file and ends so: nothing else is ever opened."""
    return next((each for each in found.rendition.sidecars if each.endswith(ending)), None)


async def _subtitles(found: FileView, deps: Deps) -> list[Subtitles]:
    film = deps.root.at(found.rendition.path)
    try:
        return await anyio.to_thread.run_sync(subtitles_beside, film)
    except OSError:
        return []


async def _text(path: Path) -> str:
    try:
        return await anyio.to_thread.run_sync(path.read_text)
    except OSError:
        raise NotFound("file_missing", "The file is not where the library says it is.") from None
