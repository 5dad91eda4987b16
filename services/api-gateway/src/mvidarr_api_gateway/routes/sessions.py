"""One's own logins: from which devices, and how to end them."""

from fastapi import Request, Response

from mvidarr_api_gateway.commanding import NOTHING, perform
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.ids import SessionId
from mvidarr_common.messages.queries import ListSessions, Page, SessionView
from mvidarr_common.messages.sessions import RevokeSession, RevokeSessions

router = guarded_router("/api/v1/sessions", "sessions")


class OwnSession(SessionView):
    """A login of one's own; `current` is the one that asks."""

    current: bool


class OwnSessions(Page):
    items: tuple[OwnSession, ...]


@router.get("", openapi_extra=needs("readonly"), response_model=OwnSessions)
async def sessions(caller: Asker, deps: Given) -> Response:
    """One's own sessions, the last used first."""
    found = await deps.reads.read(ListSessions(user_id=caller.user_id))
    told = [
        each.model_dump(mode="json") | {"current": each.id == caller.session_id}
        for each in found.items
    ]
    return json_value({"items": told, "next": None, "total": None})


@router.delete("", openapi_extra=needs("readonly"), status_code=204)
async def revoke_others(caller: Asker, request: Request) -> Response:
    """End all of one's own sessions but the one that asks."""
    wish = RevokeSessions(user_id=caller.user_id, but=caller.session_id)
    return await perform(request, wish, NOTHING)


@router.delete("/{id}", openapi_extra=needs("readonly"), status_code=204)
async def revoke(id: SessionId, caller: Asker, request: Request, deps: Given) -> Response:
    """End one of one's own sessions."""

    async def seen() -> None:
        found = await deps.reads.read(ListSessions(user_id=caller.user_id))
        if all(each.id != id for each in found.items):
            raise NotFound("session_not_found", "There is no such session of yours.")

    return await perform(request, RevokeSession(session_id=id), NOTHING, seen)
