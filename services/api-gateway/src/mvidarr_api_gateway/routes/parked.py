"""The workbench: messages that could not be understood, to be tried again or set aside."""

from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.bodies import Edit, Reason, WhichParked
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.archive import GetParked, ParkedDetail
from mvidarr_common.messages.queries import ListParked, ParkedMessages
from mvidarr_common.messages.system import (
    CommandUnchanged,
    DiscardParked,
    EditParked,
    ParkedDiscarded,
    ParkedEdited,
    ParkedRetried,
    RetryParked,
)

router = guarded_router("/api/v1/parked", "parked")
FACT = Reply(show=lambda _: None)
"""The answer is the fact itself."""


@router.get("", openapi_extra=needs("admin"), response_model=ParkedMessages)
async def parked(asked: Annotated[ListParked, Query()], deps: Given) -> Response:
    """A page of parked messages."""
    return json_bytes(await deps.reads.get(asked))


@router.post(
    "/retry", openapi_extra=needs("admin"), response_model=ParkedRetried | CommandUnchanged
)
async def retry(request: Request, body: WhichParked | None = None) -> Response:
    """Try one again, or all of them."""
    event_id = body.event_id if body else None
    return await perform(request, RetryParked(event_id=event_id), FACT)


@router.get("/{event_id}", openapi_extra=needs("admin"), response_model=ParkedDetail)
async def one(event_id: str, deps: Given) -> Response:
    """One with its traceback, and what it says."""
    return json_bytes(await deps.reads.get(GetParked(event_id=event_id)))


@router.post("/{event_id}/edit", openapi_extra=needs("admin"), response_model=ParkedEdited)
async def edit(event_id: str, body: Edit, request: Request) -> Response:
    """Change fields of its data, with the reason, and try it again."""
    command = EditParked(event_id=event_id, changes=body.changes, reason=body.reason)
    return await perform(request, command, FACT)


@router.delete("/{event_id}", openapi_extra=needs("admin"), response_model=ParkedDiscarded)
async def discard(event_id: str, body: Reason, request: Request) -> Response:
    """Set one aside for good, with the reason."""
    return await perform(request, DiscardParked(event_id=event_id, reason=body.reason), FACT)
