"""Whole answers to requests that were asked before, given again without doing anything again.

An answer is remembered when it is the catalog's bytes and nothing else, and for exactly this
request: its address and all its headers, so also for the same credentials. It is given away as
long as the bytes are true and nobody's rights have changed; the rest of the time it goes the
whole way through the application.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .callers import Caller
from .conditional import named
from .deps import Deps
from .metrics import READS
from .rates import Rates
from .reads import Kept
from .shelf import Shelf

LONGEST = 10.0
"""Seconds after which a request goes the whole way again, whatever has happened."""
IGNORED = frozenset({b"x-request-id", b"traceparent", b"tracestate", b"if-none-match"})
OF_THE_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Basis:
    """On what an answer stands: what the catalog said, and who was let in."""

    kept: Kept
    caller: Caller | None


@dataclass(frozen=True, slots=True)
class Answer:
    """As it went out."""

    headers: Headers
    body: bytes
    basis: Basis
    rights: int
    route: object
    at: float = field(default_factory=time.monotonic)

    @property
    def tag(self) -> str:
        """Its entity tag."""
        return next((value.decode() for name, value in self.headers if name == b"etag"), "")


class Memory:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, deps: Deps, limit: int) -> None:
        self._app = app
        self._reads = deps.reads
        self._rights = deps.rights
        self._rates = deps.rates
        self._shelf: Shelf[Answer] = Shelf(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; all but reads pass."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        key = key_of(scope)
        answer = self._shelf.get(key)
        if answer is not None and await self._holds(answer) and self._counts(answer, scope):
            READS.labels("hit").inc()
            scope["route"] = answer.route
            return await _give(answer, scope, send)
        recording = _Recording(scope, send, self._rights.generation)
        settled = self._rights.settled
        await self._app(scope, receive, recording.send)
        if settled and (made := recording.answer()) is not None:
            self._shelf.put(key, made, len(made.body))

    async def _holds(self, answer: Answer) -> bool:
        caller = answer.basis.caller
        expired = caller is not None and caller.expired
        if expired or answer.rights != self._rights.generation:
            return False
        if time.monotonic() - answer.at > LONGEST:
            return False
        return await self._reads.holds(answer.basis.kept)

    def _counts(self, answer: Answer, scope: Scope) -> bool:
        caller = answer.basis.caller
        return caller is None or counts(self._rates, caller, scope)


class _Recording:
    """What the application answers, on its way out."""

    def __init__(self, scope: Scope, send: Send, rights: int) -> None:
        self._scope = scope
        self._send = send
        self._rights = rights
        self._headers: Headers = []
        self._status = 0
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        elif "basis" in self._scope.get("state", {}):
            self._body += message.get("body", b"")
        await self._send(message)

    def answer(self) -> Answer | None:
        """What can be given again."""
        basis = self._scope.get("state", {}).get("basis")
        if self._status != 200 or basis is None:
            return None
        route = self._scope.get("route")
        return Answer(self._headers, self._body, basis, self._rights, route)


def counts(rates: Rates, caller: Caller, scope: Scope) -> bool:
    """It is one of the requests that its caller may make; who may make no more is refused on the
    whole way."""
    left = rates.of_caller(caller)
    if left is None:
        return True
    if not left.wait:
        scope["state"].setdefault("left", []).append(left)
    return not left.wait


def key_of(scope: Scope, ignored: frozenset[bytes] = IGNORED) -> object:
    """What tells one request from another, but for these headers."""
    headers = tuple(each for each in scope["headers"] if each[0] not in ignored)
    client = scope.get("client") or ("",)
    return scope["path"], scope["query_string"], client[0], headers


async def _give(answer: Answer, scope: Scope, send: Send) -> None:
    if any(named(each, answer.tag) for each in _conditions(scope["headers"])):
        headers = [each for each in answer.headers if each[0] not in OF_THE_BODY]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        return await send({"type": "http.response.body", "body": b""})
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


def _conditions(headers: Headers) -> Sequence[str]:
    return [value.decode("latin-1") for name, value in headers if name == b"if-none-match"]
