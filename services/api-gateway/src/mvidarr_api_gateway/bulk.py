"""Many commands of one request: each is decided for itself, and each has a result of its own."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request

from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages import Command, Message, Value
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.system import CommandRejected

from .commanding import SOURCE, command_id, refuse_nul, wait_of
from .deps import Deps
from .expecting import expected
from .guard import deps_of
from .room import require_room


class Result(Value):
    """What came of one: `key` is what the request called it."""

    key: str
    command_id: str
    state: str
    code: str | None = None
    message: str | None = None


class Results(Value):
    """Of all, in the order of the request."""

    items: tuple[Result, ...]


async def perform_each(
    request: Request, commands: Mapping[str, Command], wanted: type[Message]
) -> Results:
    """Have all carried out; the same Idempotency-Key makes the same commands again."""
    deps = deps_of(request)
    require_room(deps)
    await expected(request)
    whole = command_id(request)
    asked = {
        key: fresh(command, source=SOURCE, actor=request.state.caller.actor, id=derive(whole, key))
        for key, command in commands.items()
    }
    for envelope in asked.values():
        refuse_nul(envelope.message)
    await deps.bus.publish(*asked.values())
    wait = wait_of(request, deps.settings.outcome_wait)
    found = (_result(key, envelope, deps, wait, wanted) for key, envelope in asked.items())
    return Results(items=tuple(await asyncio.gather(*found)))


async def _result(
    key: str, asked: Envelope, deps: Deps, wait: float, wanted: type[Message]
) -> Result:
    outcome = await deps.outcomes.wait(asked.id, wait, wanted)
    if outcome is None:
        return Result(key=key, command_id=asked.id, state="pending")
    if isinstance(outcome.message, CommandRejected):
        no = outcome.message
        return Result(
            key=key, command_id=asked.id, state="rejected", code=no.code, message=no.message
        )
    await deps.feed.committed_to(outcome.offset, deps.bus, max(wait, 1.0))
    return Result(key=key, command_id=asked.id, state="done")
