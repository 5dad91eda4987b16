"""Playing a film: the addresses that a player can open, each with its ticket."""

from typing import Literal

from fastapi import Response

from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.presence import present
from mvidarr_api_gateway.responses import json_value
from mvidarr_api_gateway.streaming import content_type
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import FileId

router = guarded_router("/api/v1/files", "playback")


class Way(Value):
    """One way to play a film."""

    kind: Literal["direct"]
    url: str
    type: str


class Playback(Value):
    """How a film can be played; the addresses can be opened without headers until they expire."""

    ways: tuple[Way, ...]


@router.get("/{id}/playback", openapi_extra=needs("readonly"), response_model=Playback)
async def playback(id: FileId, deps: Given, caller: Asker) -> Response:
    """The ways to play this file, the best first."""
    found = await present(id, deps)
    ticket = deps.links.ticket(f"files/{id}", caller.user_id)
    url = f"/api/v1/files/{id}/content?ticket={ticket}"
    direct = Way(kind="direct", url=url, type=content_type(deps.root.at(found.rendition.path)))
    answer = Playback(ways=(direct,))
    return json_value(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
