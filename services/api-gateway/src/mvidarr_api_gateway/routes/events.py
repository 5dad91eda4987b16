"""The websocket: facts and signals as they happen. It checks its caller by the first message."""

from fastapi import APIRouter, WebSocket

from mvidarr_api_gateway.guard import deps_of
from mvidarr_api_gateway.live import converse

router = APIRouter(prefix="/api/v1", tags=["events"])


@router.websocket("/events")
async def events(socket: WebSocket) -> None:
    """Say who you are and what you follow; then listen."""
    await converse(socket, deps_of(socket))
