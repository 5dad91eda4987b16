"""The system about itself."""

from fastapi import Request, Response

from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.queries import GetSystem, SystemView
from mvidarr_common.messages.system import ReadModelRebuilt, RebuildReadModel

router = guarded_router("/api/v1/system", "system")


class Which(Body):
    """Which tables shall be live."""

    back: bool = False


@router.get("/status", openapi_extra=needs("readonly"), response_model=SystemView)
async def status(deps: Given) -> Response:
    """How far the brain is, and what it knows."""
    return json_bytes(await deps.reads.get(GetSystem()))


@router.post("/rebuild", openapi_extra=needs("admin"))
async def rebuild(request: Request, body: Which | None = None) -> Response:
    """Fill the read model anew from the archive, beside the live one; or go back to the one that
    was live before."""
    reply = Reply(ReadModelRebuilt, show=lambda _: None)
    return await perform(request, RebuildReadModel(back=body.back if body else False), reply)
