"""Many videos in one request: added, edited, ignored, acquired again, deleted, restored, and each
of them for itself."""

from collections.abc import Callable

from fastapi import Request, Response

from mvidarr_api_gateway.addresses import require_findable
from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bulk import BulkResults, perform_each
from mvidarr_api_gateway.bulk_bodies import (
    ManyVideos,
    OneVideo,
    VideosToAdd,
    VideosToEdit,
    VideoToAdd,
    VideoToEdit,
)
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_common.messages import Command
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    DeleteVideo,
    EditVideo,
    IgnoreVideo,
    RestoreVideo,
    VideoAdded,
)

router = guarded_router("/api/v1/videos/bulk", "videos")


@router.post("", openapi_extra=needs("user") | DECIDED, response_model=BulkResults)
async def add(body: VideosToAdd, request: Request, deps: Given) -> Response:
    """Fetch many into the library."""

    async def ask(item: VideoToAdd) -> Command:
        await require_findable(item.url, deps.settings)
        return AddVideo(url=item.url, known=item.known, profile_id=item.profile_id)

    return await perform_each(request, body.items, ask, VideoAdded)


@router.patch("", openapi_extra=needs("user") | DECIDED, response_model=BulkResults)
async def edit(body: VideosToEdit, request: Request) -> Response:
    """Set in each what is given for it; the rest stays. `PATCH /videos` sets the same in many."""

    async def ask(item: VideoToEdit) -> Command:
        return EditVideo(video_id=item.id, changes=item.changes, clear=item.clear)

    return await perform_each(request, body.items, ask)


@router.post("/ignore", openapi_extra=needs("user") | DECIDED, response_model=BulkResults)
async def ignore(body: ManyVideos, request: Request) -> Response:
    """Stop wanting them."""
    return await _each(body, request, IgnoreVideo)


@router.post("/acquire", openapi_extra=needs("user") | DECIDED, response_model=BulkResults)
async def acquire(body: ManyVideos, request: Request) -> Response:
    """Fetch them again."""
    return await _each(body, request, AcquireVideo)


@router.post("/delete", openapi_extra=needs("manager") | DECIDED, response_model=BulkResults)
async def delete(body: ManyVideos, request: Request) -> Response:
    """Move their files to the trash."""
    return await _each(body, request, DeleteVideo)


@router.post("/restore", openapi_extra=needs("manager") | DECIDED, response_model=BulkResults)
async def restore(body: ManyVideos, request: Request) -> Response:
    """Bring them back from the trash."""
    return await _each(body, request, RestoreVideo)


async def _each(body: ManyVideos, request: Request, deed: Callable[..., Command]) -> Response:
    async def ask(item: OneVideo) -> Command:
        return deed(video_id=item.id)

    return await perform_each(request, body.items, ask)
