"""From a request to change something to its answer: publish, wait for the outcome, show the state.

The same `Idempotency-Key` of the same caller for the same address is the same command, whoever
handles it and how often.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Invalid, Problem, Unavailable, Unconfirmed, Undecodable
from mvidarr_common.messages import Command, Event, Message, Query
from mvidarr_common.messages.ids import derive, new_id
from mvidarr_common.messages.queries import ListRecords
from mvidarr_common.messages.system import CommandRejected
from mvidarr_common.redaction import SECRET_FIELDS, redacted

from .callers import Caller
from .deps import Deps
from .expecting import expected
from .guard import deps_of
from .outcomes import Outcome
from .problems import rejection
from .records import outcome_among
from .responses import json_bytes, json_value
from .room import require_room

SOURCE = "api-gateway"
LONGEST_WAIT = 60.0
LONGEST_KEY = 200
LONGEST_NAME = 250
"""Characters of a subject: the catalog's indexes take a few more."""
COMMAND = "Command-Id"
"""The header under which every answer names its command: by that it is looked up, or undone."""
UNREAD = Undecodable("").code
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4}(?:\.\d+)?)")


@dataclass(frozen=True)
class Reply:
    """How a command that was done is answered.

    `wanted` is the fact that answers it. `show` makes the question for the new state out of that
    fact; without one the answer is 204. `place` is where what was made is found: 201, not 200.
    """

    wanted: type[Message] = Event
    show: Callable[[Message], Query[Any] | None] | None = None
    place: str | None = None
    finish: Callable[[bytes, Message], dict[str, Any]] | None = None
    """Makes the answer of the new state's bytes and the fact; without it they are the answer."""


NOTHING = Reply()


@dataclass(frozen=True)
class Asked:
    """A command on its way: what the request says about how it is handled."""

    envelope: Envelope
    key: str
    repeatable: bool
    wait: float

    def expecting(self, offset: int | None) -> "Asked":
        """The same, for as long as nothing has happened behind an offset."""
        return replace(self, envelope=replace(self.envelope, expects=offset))

    @property
    def location(self) -> str:
        """Where to ask what came of it."""
        return f"/api/v1/commands/{self.envelope.id}"


async def perform(
    request: Request,
    command: Command,
    reply: Reply,
    first: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Have a command carried out, and answer with what came of it. What has to be so before it is
    looked at by `first`, but not again when the same request comes again."""
    deps = deps_of(request)
    asked = asked_of(request, command)
    refuse_unsayable(command)
    outcome = await earlier(asked, deps, reply) if asked.repeatable else None
    if outcome is None and first is not None:
        outcome = await _looked_at(first, asked, deps, reply)
    if outcome is None:
        require_room(deps)
        asked = asked.expecting(await expected(request))
        await publish([asked], deps)
        outcome = await awaited(asked, deps, reply)
    if outcome is None:
        return pending(asked)
    if isinstance(outcome.message, CommandRejected):
        raise rejection(outcome.message)
    answer = await _shown(asked, deps, reply, outcome)
    answer.headers[COMMAND] = asked.envelope.id
    return answer


async def _looked_at(
    first: Callable[[], Awaitable[None]], asked: Asked, deps: Deps, reply: Reply
) -> Outcome | None:
    """What has to be so is not any more, where the same request has just been carried out."""
    try:
        await first()
    except Problem:
        outcome = await earlier(asked, deps, reply) if asked.repeatable else None
        if outcome is None:
            raise
        return outcome
    return None


def command_id(request: Request, item: str | None = None) -> str:
    """The id that the command of this request has, or the one about an item of it; stable where
    an Idempotency-Key is given."""
    caller: Caller = request.state.caller
    what = f"{request.method} {request.url.path}"
    whole = derive(caller.actor, what, idempotency_key(request))
    return whole if item is None else derive(whole, "item", item)


def idempotency_key(request: Request) -> str:
    """The client's key, or a fresh one that stays with the request."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY:
        raise Invalid("invalid_query", f"An Idempotency-Key has {LONGEST_KEY} characters or less.")
    if not hasattr(request.state, "idempotency_key"):
        request.state.idempotency_key = key or new_id()
    kept: str = request.state.idempotency_key
    return kept


def pending(asked: Asked) -> Response:
    """The request is in the log and will be decided."""
    body = {"commandId": asked.envelope.id, "state": "pending", "location": asked.location}
    return json_value(body, 202, {"Location": asked.location})


def wait_of(request: Request, default: float) -> float:
    """Seconds that the client waits for outcomes: `Prefer: wait=` (RFC 7240)."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return min(float(found[1]), LONGEST_WAIT) if found else default


def refuse_unsayable(command: Command) -> None:
    """What the catalog would not take, and nobody would hear of that: long names, and NUL, which
    neither JSON in the database nor file names can hold."""
    names = (command.subject, getattr(command, "for_subject", None) or "")
    if max(map(len, names)) > LONGEST_NAME:
        raise Invalid("invalid_query", f"What is named has {LONGEST_NAME} characters or less.")
    if _has_nul(command.model_dump(mode="json")):
        raise Invalid("invalid_body", "A text may not contain the character NUL.")


def asked_of(request: Request, command: Command, item: str | None = None) -> Asked:
    """What a request asks, or an item of it."""
    caller: Caller = request.state.caller
    id = command_id(request, item)
    return Asked(
        envelope=fresh(command, source=SOURCE, actor=caller.actor, id=id),
        key=idempotency_key(request),
        repeatable="idempotency-key" in request.headers,
        wait=wait_of(request, deps_of(request).settings.outcome_wait),
    )


async def publish(asked: Sequence[Asked], deps: Deps) -> None:
    """Say it, in this order; raises Unconfirmed while nobody knows whether it was said."""
    try:
        await deps.bus.publish(*(each.envelope for each in asked))
    except Unconfirmed as unknown:
        raise Unconfirmed(
            "unconfirmed",
            "Nobody knows yet whether this was accepted; send it again with the same "
            f"Idempotency-Key {asked[0].key!r}, that is safe.",
            after=unknown.after or 1,
        ) from unknown


async def awaited(asked: Asked, deps: Deps, reply: Reply) -> Outcome | None:
    """What comes of it within the time that the client waits."""
    outcome = await deps.outcomes.wait(asked.envelope.id, asked.wait, reply.wanted)
    return outcome or (await earlier(asked, deps, reply) if asked.repeatable else None)


async def earlier(asked: Asked, deps: Deps, reply: Reply) -> Outcome | None:
    """What came of it when it was asked before."""
    id = asked.envelope.id
    if given := deps.outcomes.command(id):
        _require_same(asked, given.message.model_dump(mode="json"))
    if known := deps.outcomes.find(id, reply.wanted):
        return known
    try:
        found = await deps.reads.read(ListRecords(command_id=id), timeout=2.0)
    except Unavailable:
        return None
    for record in found.items:
        if record.id == id:
            _require_same(asked, record.data)
    return outcome_among(found.items, id, reply.wanted)


def _require_same(asked: Asked, theirs: dict[str, Any]) -> None:
    """A key belongs to one request: another with the same key is a mistake of the client.

    Secret fields are hashed or sealed with fresh salt, and so differ each time.
    """
    ours = asked.envelope.message.model_dump(mode="json")
    names = ours.keys() & theirs.keys() - SECRET_FIELDS
    if any(redacted(ours[name]) != redacted(theirs[name]) for name in names):
        raise Invalid("idempotency_key_reused", "This Idempotency-Key belongs to another request.")


async def _shown(asked: Asked, deps: Deps, reply: Reply, outcome: Outcome) -> Response:
    query = reply.show(outcome.message) if reply.show is not None else None
    view = await _soon_shown(deps, query, outcome) if query is not None else None
    if view is not None:
        return _answer(reply, outcome.message, view)
    if not await deps.feed.committed_to(outcome.offset, deps.bus, max(asked.wait, 1.0)):
        return pending(asked)
    if reply.show is None:
        return Response(status_code=204)
    if query is None:
        return json_value(redacted(outcome.message.model_dump(mode="json")))
    try:
        return _answer(reply, outcome.message, await deps.reads.get(query))
    except Unavailable:
        return pending(asked)


async def _soon_shown(deps: Deps, query: Query[Any], outcome: Outcome) -> bytes | None:
    """The new state, asked for while the catalog still commits it. None where that does not come
    soon, or from a catalog of an older release."""
    if (deps.feed.committed or -1) >= outcome.offset:
        return None
    try:
        return await deps.reads.after(query, outcome.offset)
    except Problem as problem:
        if isinstance(problem, Unavailable) or problem.code == UNREAD:
            return None
        raise


def _answer(reply: Reply, fact: Message, view: bytes) -> Response:
    made = isinstance(fact, reply.wanted)
    body = orjson.dumps(reply.finish(view, fact)) if reply.finish and made else view
    if reply.place is None or not made:
        return json_bytes(body)
    return json_bytes(body, 201, {"Location": f"{reply.place}/{orjson.loads(body)['id']}"})


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value
