"""Many commands of one request: each is decided for itself, and each has a result of its own.

The same `Idempotency-Key` makes the same commands again: an item's own follows from it and from
the item's `key`, or its place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from mvidarr_common.errors import Invalid, Problem
from mvidarr_common.messages import Command, Event, Message, Value
from mvidarr_common.messages.system import CommandRejected

from .bulk_bodies import MOST_ITEMS, Unreadable
from .commanding import Asked, Reply, asked_of, awaited, earlier, publish, refuse_unsayable
from .deps import Deps
from .expecting import expected
from .guard import count_items, deps_of
from .outcomes import Outcome
from .problems import rejection
from .responses import json_value
from .room import require_room

T = TypeVar("T")


class BulkResult(Value):
    """What came of one item. `status` is what a request about it alone would have been answered:
    200, 201, 202 while it is undecided, or that of a problem, which has `code` and `detail`."""

    index: int
    key: str | None = None
    id: str | None = None
    status: int
    code: str | None = None
    detail: str | None = None
    existing: str | None = None
    command_id: str | None = None


class BulkResults(Value):
    """Of all, in the order of the request."""

    results: tuple[BulkResult, ...]


@dataclass(frozen=True)
class Tried:
    """An item with its command, or with why it has none."""

    index: int
    item: Any
    asked: Asked | Problem

    def result(self, status: int, **more: Any) -> BulkResult:
        """What is told of it."""
        known = {"key": getattr(self.item, "key", None), "id": getattr(self.item, "id", None)}
        if isinstance(self.asked, Asked):
            known["command_id"] = self.asked.envelope.id
        return BulkResult(index=self.index, status=status, **(known | more))

    def refused(self, why: Problem) -> BulkResult:
        """What is told of one that cannot be done."""
        return self.result(why.status, code=why.code, detail=why.message, existing=why.existing)


async def perform_each(
    request: Request,
    items: Sequence[T],
    ask: Callable[[T], Awaitable[Command]],
    made: type[Message] | None = None,
) -> Response:
    """Have all carried out. `ask` gives an item's command, or raises why there is none; `made` is
    the fact that something new is there."""
    deps, reply = deps_of(request), Reply(made or Event)
    if len(items) > MOST_ITEMS:
        raise Invalid("too_many", f"One request has {MOST_ITEMS} items or fewer.")
    count_items(request, len(items))
    require_room(deps)
    await expected(request)
    again = _said_again(items)
    tried = await asyncio.gather(
        *(_tried(request, at, item, ask, at in again) for at, item in enumerate(items))
    )
    asked = [each.asked for each in tried if isinstance(each.asked, Asked)]
    said = not (asked and await _said_before(asked[0], deps, reply))
    if said:
        await publish(asked, deps)
    results = await asyncio.gather(*(_result(each, said, deps, reply) for each in tried))
    return json_value(BulkResults(results=tuple(results)).model_dump(mode="json"))


async def _tried(
    request: Request,
    at: int,
    item: Any,
    ask: Callable[[Any], Awaitable[Command]],
    again: bool,
) -> Tried:
    key = _key(item)
    try:
        if isinstance(item, Unreadable):
            raise Invalid("invalid_body", item.why)
        if again:
            raise Invalid("invalid_body", f"The key {key!r} is that of an item before.")
        command = await ask(item)
        refuse_unsayable(command)
    except Problem as problem:
        return Tried(at, item, problem)
    return Tried(at, item, asked_of(request, command, f"#{at}" if key is None else key))


def _said_again(items: Sequence[Any]) -> set[int]:
    """The places of items whose key an item before has."""
    first: dict[str | None, int] = {}
    for at, item in enumerate(items):
        first.setdefault(_key(item), at)
    return {
        at for at, item in enumerate(items) if _key(item) is not None and first[_key(item)] != at
    }


def _key(item: Any) -> str | None:
    key: str | None = getattr(item, "key", None)
    return key


async def _said_before(first: Asked, deps: Deps, reply: Reply) -> bool:
    """Whether this very request has come before."""
    try:
        return first.repeatable and await earlier(first, deps, reply) is not None
    except Invalid:
        return True


async def _result(tried: Tried, said: bool, deps: Deps, reply: Reply) -> BulkResult:
    if isinstance(tried.asked, Problem):
        return tried.refused(tried.asked)
    try:
        outcome = await _outcome(tried.asked, said, deps, reply)
    except Invalid as problem:
        return tried.refused(problem)
    wait = max(tried.asked.wait, 1.0)
    if outcome is None or not await deps.feed.committed_to(outcome.offset, deps.bus, wait):
        return tried.result(202)
    if isinstance(outcome.message, CommandRejected):
        return tried.refused(rejection(outcome.message))
    if reply.wanted is not Event and isinstance(outcome.message, reply.wanted):
        return tried.result(201, id=outcome.message.subject.partition("/")[2])
    return tried.result(200)


async def _outcome(asked: Asked, said: bool, deps: Deps, reply: Reply) -> Outcome | None:
    """What comes of a command that has just been said, or has come of it before."""
    if not said:
        if outcome := await earlier(asked, deps, reply):
            return outcome
        await publish([asked], deps)
    return await awaited(asked, deps, reply)
