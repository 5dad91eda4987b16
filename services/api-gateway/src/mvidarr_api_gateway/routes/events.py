"""Facts and signals as they happen: a websocket, which checks its caller by the first message,
and server-sent events, which need nothing but HTTP. Both tell the same frames."""

from typing import Annotated, Any

from fastapi import Header, Query, WebSocket
from fastapi.responses import Response

from mvidarr_api_gateway.conversation import Wish, opened
from mvidarr_api_gateway.event_stream import EventStream
from mvidarr_api_gateway.guard import Asker, Given, deps_of, guarded_router, needs
from mvidarr_api_gateway.live import converse

router = guarded_router("/api/v1", "events")
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


@router.websocket("/events")
async def events(socket: WebSocket) -> None:
    """Say who you are and what you follow; then listen."""
    await converse(socket, deps_of(socket))


@router.get("/events", openapi_extra=needs("readonly"), responses=STREAM, response_class=Response)
async def stream(
    deps: Given,
    caller: Asker,
    topics: Annotated[str, Query(description="separated by commas")] = "jobs,library",
    after: str | None = None,
    snapshot: bool = False,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Server-sent events of these topics: after a position, which browsers send by themselves when
    they come again, or after a snapshot of how things are."""
    wanted = tuple(filter(None, map(str.strip, topics.split(","))))
    wish = Wish(topics=wanted, after=last_event_id or after, snapshot=snapshot)
    return EventStream(await opened(wish, caller, deps))
