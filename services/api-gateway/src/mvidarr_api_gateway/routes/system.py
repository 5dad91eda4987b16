"""The system about itself."""

from datetime import datetime

from fastapi import Request, Response

from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.release import IN_CONTAINER, STARTED, VERSION
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.messages.queries import GetSystem, SystemView
from mvidarr_common.messages.system import ReadModelRebuilt, RebuildReadModel

router = guarded_router("/api/v1/system", "system", Tolerant)


class Which(Body):
    """Which tables shall be live."""

    back: bool = False


class Status(SystemView):
    """The same with what *arr clients look for."""

    app_name: str = "MVidarr"
    instance_name: str = "MVidarr"
    version: str
    start_time: datetime
    is_docker: bool
    url_base: str = ""
    authentication: str = "external"


@router.get("/status", openapi_extra=needs("readonly"), response_model=Status)
async def status(deps: Given) -> Response:
    """How far the brain is, and what it knows."""
    known = await deps.reads.read(GetSystem())
    told = Status(
        **known.model_dump(),
        version=VERSION,
        start_time=STARTED,
        is_docker=IN_CONTAINER,
    )
    return json_value(told.model_dump(mode="json"))


@router.post("/rebuild", openapi_extra=needs("admin"), response_model=ReadModelRebuilt)
async def rebuild(request: Request, body: Which | None = None) -> Response:
    """Fill the read model anew from the archive, beside the live one; or go back to the one that
    was live before."""
    reply = Reply(ReadModelRebuilt, show=lambda _: None)
    return await perform(request, RebuildReadModel(back=body.back if body else False), reply)
