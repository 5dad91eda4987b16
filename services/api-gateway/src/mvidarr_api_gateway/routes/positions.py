"""How far who asks has come in films, and what they can go on with."""

from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.bodies import Position
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.queries import Continued, GetWatched, ListWatched, WatchedView
from mvidarr_common.messages.watching import (
    ForgetPosition,
    KeepPosition,
    PositionForgotten,
    PositionKept,
)

router = guarded_router("/api/v1", "playback")


@router.get("/watching", openapi_extra=needs("readonly"), response_model=Continued)
async def watching(
    deps: Given, caller: Asker, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Response:
    """Films that were begun and not finished, the last one first."""
    return json_bytes(await deps.reads.get(ListWatched(user_id=caller.user_id, limit=limit)))


@router.get("/videos/{id}/position", openapi_extra=needs("readonly"), response_model=WatchedView)
async def position(id: VideoId, deps: Given, caller: Asker) -> Response:
    """Where to go on."""
    return json_bytes(await deps.reads.get(GetWatched(user_id=caller.user_id, video_id=id)))


@router.put("/videos/{id}/position", openapi_extra=needs("readonly"), status_code=204)
async def keep(id: VideoId, body: Position, request: Request, caller: Asker) -> Response:
    """Tell how far it was watched: at pauses and ends, and now and then between. What is watched
    nearly to its end is finished, and begins at its beginning again."""
    command = KeepPosition(user_id=caller.user_id, video_id=id, position=body.position)
    return await perform(request, command, Reply(PositionKept))


@router.delete("/videos/{id}/position", openapi_extra=needs("readonly"), status_code=204)
async def forget(id: VideoId, request: Request, caller: Asker) -> Response:
    """Begin at the beginning again."""
    command = ForgetPosition(user_id=caller.user_id, video_id=id)
    return await perform(request, command, Reply(PositionForgotten))
