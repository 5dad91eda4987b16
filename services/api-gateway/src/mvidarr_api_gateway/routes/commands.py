"""What came of a command, for whoever gave it; and taking back what it has changed."""

from typing import Any, Literal

from fastapi import Request, Response

from mvidarr_api_gateway.callers import Caller, includes
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Asker, Given, allow, guarded_router, needs
from mvidarr_api_gateway.records import outcome_among, view_of
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.errors import NotFound, Unavailable
from mvidarr_common.messages import Event, Value
from mvidarr_common.messages.curating import BulkEditVideos, CommandUndone, UndoCommand
from mvidarr_common.messages.library import EditVideo, FollowArtist, IgnoreVideo
from mvidarr_common.messages.queries import ListRecords, RecordView
from mvidarr_common.messages.system import CommandRejected

router = guarded_router("/api/v1/commands", "commands")

PATIENCE = 2.0
USERS = frozenset(
    f"command.{kind.wire}" for kind in (EditVideo, BulkEditVideos, IgnoreVideo, FollowArtist)
)
"""What a user may do, a user may undo; all the rest takes a manager."""


class CommandView(Value):
    """What came of it, with the newest records that say so."""

    id: str
    state: Literal["pending", "done", "rejected"]
    code: str | None = None
    message: str | None = None
    records: tuple[RecordView, ...]


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=CommandView)
async def command(id: str, caller: Asker, deps: Given) -> Response:
    """Pending, done or rejected, with the records that say so."""
    try:
        records = (await deps.reads.read(ListRecords(command_id=id, limit=100), PATIENCE)).items
    except Unavailable:
        if deps.outcomes.command(id) is None:
            raise
        records = ()
    seen = next((record for record in records if record.id == id), deps.outcomes.command(id))
    if not _may_see(caller, seen.actor if seen else None):
        raise NotFound("command_not_found", "There is no such command of yours.")
    return json_value(_state(id, records))


@router.post("/{id}/undo", openapi_extra=needs("user"), response_model=CommandUndone)
async def undo(id: str, caller: Asker, deps: Given, request: Request) -> Response:
    """Take back everything that the command has changed, or nothing of it and say why."""
    records = (await deps.reads.read(ListRecords(command_id=id, limit=1))).items
    seen = next((record for record in records if record.id == id), None)
    if seen is None or seen.kind != "command":
        raise NotFound("command_not_found", "There is no such command.")
    allow(caller, "user" if seen.type in USERS else "manager", f"Undoing {seen.type}")
    return await perform(request, UndoCommand(command_id=id), Reply(CommandUndone, lambda _: None))


def _may_see(caller: Caller, actor: str | None) -> bool:
    return actor is not None and (actor == caller.actor or includes(caller.role, "admin"))


def _state(id: str, records: tuple[RecordView, ...]) -> dict[str, Any]:
    outcome = outcome_among(records, id, Event)
    state: dict[str, Any] = {"id": id, "state": "pending" if outcome is None else "done"}
    if outcome is not None and isinstance(outcome.message, CommandRejected):
        refused = outcome.message
        state |= {"state": "rejected", "code": refused.code, "message": refused.message}
    return state | {"records": [view_of(record) for record in records]}
