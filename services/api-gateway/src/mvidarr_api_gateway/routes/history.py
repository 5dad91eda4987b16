"""What happened: to one thing, or all of it in order."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.queries import Listing, ListRecords, Records

router = guarded_router("/api/v1", "history")

Open = Literal["artist", "video", "file", "job", "pipeline", "profile"]
"""What everybody may look into; the history of people and subscriptions is in the log alone."""


class LogPage(Listing):
    """From an offset upwards, or the newest first."""

    after: int | None = Field(default=None, ge=-1)


@router.get("/history/{kind}/{id}", openapi_extra=needs("readonly"), response_model=Records)
async def history(kind: Open, id: str, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """Every record about a subject, and what those records caused."""
    return await history_of(deps, f"{kind}/{id}", page)


@router.get("/log", openapi_extra=needs("admin"), response_model=Records)
async def log(page: Annotated[LogPage, Query()], deps: Given) -> Response:
    """The log itself."""
    asked = ListRecords(limit=page.limit, cursor=page.cursor, after=page.after)
    return json_bytes(await deps.reads.get(asked))
