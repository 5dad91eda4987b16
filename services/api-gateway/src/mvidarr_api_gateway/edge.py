"""The outermost layer: request ids, the limit of bodies, metrics, and no secret in any address."""

import asyncio
import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mvidarr_common.messages.ids import new_id

from .deprecations import going
from .problems import refused
from .rates import Rates, headers
from .remote import see_through

log = logging.getLogger(__name__)

REQUESTS = Counter(
    "mvidarr_http_requests_total", "Requests answered", ("method", "route", "status")
)
SECONDS = Histogram(
    "mvidarr_http_request_seconds", "Time to the end of the answer", ("method", "route")
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECRETS = {"apikey": b"x-api-key", "ticket": b"x-ticket"}
"""What may stand in an address, and the header in which it goes on."""
COUNTED = ("/api/", "/feed/")
"""What has limits; whoever looks after the process may ask for its health as often as they like."""
ACCEPTABLE_ID = re.compile(rb"[\w.:-]{1,64}")

Headers = list[tuple[bytes, bytes]]
SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""For every answer that says nothing else: it is no page, and belongs into none."""


@dataclass(frozen=True)
class Limits:
    """Of bodies: bytes, and the seconds in which they have to be there; `larger` are limits of
    paths that take more."""

    bytes: int
    seconds: float
    larger: Mapping[str, int]


class Edge:
    """Wraps the application."""

    def __init__(
        self, app: ASGIApp, limits: Limits, rates: Rates, proxies: Sequence[str] = ()
    ) -> None:
        self.app = app
        self._limits = limits
        self._rates = rates
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, websocket or lifespan."""
        if scope["type"] != "lifespan":
            see_through(scope, self._proxies)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Passing(scope, receive, send, self._limits)
        started = time.perf_counter()
        try:
            await self._pass(scope, request)
        except Exception:
            log.exception("request %s failed", request.id)
            if not request.status:
                raise
        finally:
            _measure(scope, request.status, time.perf_counter() - started)

    async def _pass(self, scope: Scope, request: "_Passing") -> None:
        """On to the application, unless too much comes from there."""
        address = scope.get("client")
        if address and scope["path"].startswith(COUNTED):
            left = self._rates.of_address(address[0])
            if left is not None:
                scope["state"]["left"] = [left]
            if left is not None and left.wait:
                await refused(scope, left)(scope, request.receive, request.send)
                return
        await self.app(scope, request.receive, request.send)


class _Passing:
    """One request on its way in, and its answer on its way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.status = 0
        self.id = _given_id(scope["headers"]) or new_id()
        self._receive = receive
        self._send = send
        self._left = limits.larger.get(scope["path"], limits.bytes)
        self._seconds = limits.seconds
        self._until: float | None = None
        self._whole = False
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._state["request_id"] = self.id
        self._scope = scope
        _secrets_to_headers(scope)

    async def receive(self) -> Message:
        """Counts the body; too much of it is refused, and one that does not come."""
        message = await self._in_time()
        self._whole = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        return message

    async def _in_time(self) -> Message:
        """The next of the body; behind its end comes nothing but the client's leaving."""
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time
        self._until = self._until or now() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                return await self._receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None

    async def send(self, message: Message) -> None:
        """Puts the request's id on the answer, and what keeps browsers from misusing it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = [*message["headers"], *headers(self._state.get("left", ()))]
            said += going(self._scope.get("route"))
            message["headers"] = _with_safety(said, self.id)
        await self._send(message)


def _with_safety(headers: Headers, id: str) -> Headers:
    said = {name for name, _ in headers}
    safe = [each for each in SAFE if each[0] not in said]
    return [*headers, *safe, (b"x-request-id", id.encode())]


def _given_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    given = dict(headers).get(b"x-request-id", b"")
    return given.decode() if ACCEPTABLE_ID.fullmatch(given) else None


def _secrets_to_headers(scope: Scope) -> None:
    """Move `?apikey=` and `?ticket=` into headers before anybody logs or traces the address."""
    query: bytes = scope["query_string"]
    if not query or not any(name.encode() + b"=" in query for name in SECRETS):
        return
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    scope["query_string"] = urlencode([each for each in pairs if each[0] not in SECRETS]).encode()
    found = {SECRETS[name]: value.encode() for name, value in reversed(pairs) if name in SECRETS}
    scope["headers"] = [*scope["headers"], *found.items()]


def _measure(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = getattr(scope.get("route"), "path", "unmatched")
    REQUESTS.labels(method, route, str(status or 500)).inc()
    SECONDS.labels(method, route).observe(seconds)
