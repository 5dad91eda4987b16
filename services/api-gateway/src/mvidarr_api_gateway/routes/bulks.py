"""A pipeline over many videos: how far it is, and its end."""

from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.pipelines import CancelBulk
from mvidarr_common.messages.queries import Bulks, BulkView, GetBulk, ListBulks

router = guarded_router("/api/v1/bulks", "pipelines")


@router.get("", openapi_extra=needs("readonly"), response_model=Bulks)
async def bulks(asked: Annotated[ListBulks, Query()], deps: Given) -> Response:
    """A page of runs over many videos."""
    return json_bytes(await deps.reads.get(asked))


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=BulkView)
async def bulk(id: str, deps: Given) -> Response:
    """How far one is."""
    return json_bytes(await deps.reads.get(GetBulk(id=id)))


@router.post("/{id}/cancel", openapi_extra=needs("manager"), response_model=BulkView)
async def cancel_bulk(id: str, request: Request) -> Response:
    """End it with all its runs."""
    return await perform(request, CancelBulk(bulk_id=id), Reply(show=lambda _: GetBulk(id=id)))
