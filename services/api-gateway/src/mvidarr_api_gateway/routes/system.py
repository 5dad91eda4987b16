"""The system about itself."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.commanding import NOTHING, Reply, perform
from mvidarr_api_gateway.deciding import asked_now
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.release import IN_CONTAINER, STARTED, VERSION
from mvidarr_api_gateway.responses import json_bytes, json_value
from mvidarr_common.messages import identity
from mvidarr_common.messages.logins import LoginFailed
from mvidarr_common.messages.queries import Facts, GetSystem, ListFacts, SystemView, View
from mvidarr_common.messages.sealing import ListSealed, Resealed, ResealSecrets
from mvidarr_common.messages.sessions import SessionStarted
from mvidarr_common.messages.system import ReadModelRebuilt, RebuildReadModel

router = guarded_router("/api/v1/system", "system", Tolerant)


LOGINS = tuple(
    f"event.{kind.wire}" for kind in (SessionStarted, LoginFailed, identity.SessionRevoked)
)


class Skipping(Body):
    limit: int = Field(default=50, ge=1, le=500)
    skip: int = Field(default=0, ge=0, le=1_000_000)


class Resealing(View):
    """How many secrets another key had sealed."""

    resealed: int


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


@router.get("/logins", openapi_extra=needs("admin"), response_model=Facts)
async def logins(page: Annotated[Skipping, Query()], deps: Given) -> Response:
    """Who logged in and who could not, from where, how and why: the newest first."""
    asked = ListFacts(types=LOGINS, limit=page.limit, skip=page.skip)
    return json_bytes(await deps.reads.get(asked))


@router.post("/reseal", openapi_extra=needs("admin"), response_model=Resealing)
async def reseal(request: Request, deps: Given) -> Response:
    """Seal every secret anew with the instance key that is in use."""
    known = (await asked_now(deps, ListSealed())).items
    old = [each for each in known if not deps.key.sealed_by_first(each.secret)]
    items = tuple(
        Resealed(
            **each.model_dump(by_alias=False), sealed=deps.key.seal(deps.key.unseal(each.secret))
        )
        for each in old
    )
    await perform(request, ResealSecrets(items=items), NOTHING)
    return json_value({"resealed": len(items)})


@router.post("/rebuild", openapi_extra=needs("admin"), response_model=ReadModelRebuilt)
async def rebuild(request: Request, body: Which | None = None) -> Response:
    """Fill the read model anew from the archive, beside the live one; or go back to the one that
    was live before."""
    reply = Reply(ReadModelRebuilt, show=lambda _: None)
    return await perform(request, RebuildReadModel(back=body.back if body else False), reply)
