"""Videos: add by URL, edit, ignore, acquire again, delete to the trash, restore."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from mvidarr_api_gateway.addresses import require_findable
from mvidarr_api_gateway.bodies import BulkEdit, EditBody, NewImport, NewVideo
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_api_gateway.results import with_result
from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.curating import MOST_AT_ONCE, BulkEditVideos, VideosEdited
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import EnqueueJob, FindImports, JobAdded
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    DeleteVideo,
    EditVideo,
    IgnoreVideo,
    ImportVideo,
    RestoreVideo,
    VideoAdded,
)
from mvidarr_common.messages.queries import (
    GetJob,
    GetVideo,
    JobView,
    Listing,
    ListVideos,
    Records,
    Videos,
    VideosWithMore,
    VideoView,
    VideoWithMore,
    WithVideo,
)
from mvidarr_common.messages.system import CommandUnchanged

router = guarded_router("/api/v1/videos", "videos")


@router.get("", openapi_extra=needs("readonly"), response_model=VideosWithMore)
async def videos(asked: Annotated[ListVideos, Query()], deps: Given) -> Response:
    """A page of videos."""
    return json_bytes(await deps.reads.get(asked))


@router.post("", openapi_extra=needs("user"), response_model=VideoView, status_code=201)
async def add(body: NewVideo, request: Request, deps: Given) -> Response:
    """Fetch the video on this page into the library, or the first that a search finds, such as
    "ytsearch1:Björk Jóga"."""
    await require_findable(body.url, deps.settings)
    command = AddVideo(url=body.url, known=body.known, profile_id=body.profile_id)
    return await perform(request, command, Reply(VideoAdded, _added, "/api/v1/videos"))


@router.patch("", openapi_extra=needs("user"), response_model=VideosEdited | CommandUnchanged)
async def bulk_edit(body: BulkEdit, request: Request, deps: Given) -> Response:
    """Set the same in many, by ids or by a filter: in all of them, or in none."""
    ids = await _meant(body, deps)
    command = BulkEditVideos(video_ids=ids, changes=body.changes, clear=body.clear)
    return await perform(request, command, Reply(VideosEdited, lambda _: None))


@router.post(
    "/import/find", openapi_extra=needs("manager"), response_model=JobView, status_code=201
)
async def find_imports(request: Request) -> Response:
    """List what lies below import/: a job whose result names the files, with `Prefer: wait=` at
    once."""
    reply = Reply(JobAdded, _finding, "/api/v1/jobs")
    return await with_result(request, await perform(request, EnqueueJob(spec=FindImports()), reply))


@router.post("/import", openapi_extra=needs("manager"), response_model=VideoView, status_code=201)
async def take_in(body: NewImport, request: Request) -> Response:
    """Take a file below import/ into the library."""
    command = ImportVideo(path=body.path, known=body.known, profile_id=body.profile_id)
    return await perform(request, command, Reply(VideoAdded, _added, "/api/v1/videos"))


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=VideoWithMore)
async def video(id: VideoId, deps: Given, asked: Annotated[WithVideo, Query()]) -> Response:
    """One video with its files."""
    return json_bytes(await deps.reads.get(GetVideo(id=id, **dict(asked))))


@router.patch("/{id}", openapi_extra=needs("user"), response_model=VideoView)
async def edit(id: VideoId, body: EditBody, request: Request) -> Response:
    """Set what is given; the rest stays."""
    command = EditVideo(video_id=id, changes=body.changes, clear=body.clear)
    return await _done(request, id, command)


@router.delete("/{id}", openapi_extra=needs("manager"), response_model=VideoView)
async def delete(id: VideoId, request: Request) -> Response:
    """Move its files to the trash."""
    return await _done(request, id, DeleteVideo(video_id=id))


@router.post("/{id}/restore", openapi_extra=needs("manager"), response_model=VideoView)
async def restore(id: VideoId, request: Request) -> Response:
    """Bring it back from the trash."""
    return await _done(request, id, RestoreVideo(video_id=id))


@router.post("/{id}/{deed}", openapi_extra=needs("user"), response_model=VideoView)
async def ignore_or_acquire(
    id: VideoId, deed: Literal["ignore", "acquire"], request: Request
) -> Response:
    """Stop wanting it, or fetch it again."""
    wanted: Command = IgnoreVideo(video_id=id) if deed == "ignore" else AcquireVideo(video_id=id)
    return await _done(request, id, wanted)


@router.get("/{id}/history", openapi_extra=needs("readonly"), response_model=Records)
async def history(id: VideoId, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """Everything that happened to a video, and why."""
    return await history_of(deps, f"video/{id}", page)


async def _meant(body: BulkEdit, deps: Deps) -> tuple[VideoId, ...]:
    """The videos as they are found now: the command names them, and so does the log."""
    if (body.ids is None) == (body.filter is None):
        raise Invalid("invalid_body", "Name the videos by ids or by a filter.")
    if body.ids is not None:
        return body.ids
    found: list[VideoId] = []
    page: Videos | None = None
    while page is None or page.next:
        asked = ListVideos(filter=body.filter, limit=500, cursor=page.next if page else None)
        page = await deps.reads.read(asked)
        found += [video.id for video in page.items]
        if len(found) > MOST_AT_ONCE:
            raise Invalid("too_many", f"The filter matches more than {MOST_AT_ONCE} videos.")
    if not found:
        raise NotFound("video_not_found", "The filter matches no video.")
    return tuple(found)


async def _done(request: Request, id: VideoId, command: Command) -> Response:
    return await perform(request, command, Reply(show=lambda _: GetVideo(id=id)))


def _finding(fact: Message) -> GetJob | None:
    return GetJob(id=fact.job_id) if isinstance(fact, JobAdded) else None


def _added(fact: Message) -> GetVideo | None:
    return GetVideo(id=fact.video_id) if isinstance(fact, VideoAdded) else None
