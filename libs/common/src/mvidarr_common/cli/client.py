"""A client of the HTTP API and its live events, as the commands, the demo and tests use it.

A problem of the server becomes the Problem of our own error tree, with the server's sentence.
Every mutation carries its own id, so that it may be said again when nobody answered.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson
from pydantic import Field, ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, WebSocketException

from mvidarr_common.errors import (
    Forbidden,
    Invalid,
    LogReplaced,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
    problem_for,
)
from mvidarr_common.messages import Message, UnknownMessage, Value, find
from mvidarr_common.messages.ids import new_id
from mvidarr_common.messages.queries import RecordView

from .access import Access

V = TypeVar("V", bound=Value)
Query = str | int | bool | None
_REFUSALS = {1008: Unauthorized, 4400: Invalid, 4401: Unauthorized, 4403: Forbidden, 4408: Invalid}
_LOG_REPLACED = 4409
"""How the server closes a websocket for good, and when the log is not the one that we knew."""


class Frame(Value):
    """One message of the websocket: a fact with its position, a signal, "ready" or "gap"."""

    type: str
    position: str | None = None
    subject: str | None = None
    correlation_id: str | None = None
    detail: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def message(self) -> Message | None:
        """What it says, if this version knows it."""
        kind, _, wire = self.type.partition(".")
        try:
            return find(kind, wire).model_validate(self.data)
        except (UnknownMessage, ValidationError):
            return None


class CommandView(Value):
    """How far a command is."""

    id: str
    state: Literal["pending", "done", "rejected"]
    code: str | None = None
    message: str | None = None
    records: tuple[RecordView, ...] = ()


@dataclass(frozen=True, slots=True)
class Told(Generic[V]):
    """A command that was taken: the new state, or its id while nobody has decided it."""

    state: V | None
    pending: str | None = None
    command: str | None = None
    """Its id, by which it is looked up, or undone."""


class Client:
    """An open connection; see `open_client`."""

    def __init__(self, access: Access, http: httpx.AsyncClient, patience: float) -> None:
        self.access = access
        self._http = http
        self._patience = patience

    async def get(self, path: str, answer: type[V], /, **query: Query) -> V:
        """Read something below /api/v1."""
        asked = {name: value for name, value in query.items() if value is not None}
        return answer.model_validate_json((await self._send("GET", path, params=asked)).content)

    async def tell(
        self,
        path: str,
        answer: type[V],
        body: object = None,
        *,
        method: str = "POST",
        wait: float = 10,
    ) -> Told[V]:
        """Ask for a change, and wait so many seconds for what comes of it."""
        headers = {"Idempotency-Key": new_id(), "Prefer": f"wait={wait:g}"}
        response = await self._send(
            method, path, json=body, headers=headers, timeout=httpx.Timeout(wait + 30)
        )
        if response.status_code == httpx.codes.ACCEPTED:
            id = response.json()["commandId"]
            return Told(None, pending=id, command=id)
        known = answer.model_validate_json(response.content) if response.content else None
        return Told(known, command=response.headers.get("Command-Id"))

    async def download(self, path: str) -> AsyncGenerator[bytes, None]:
        """The bytes of an answer, as they come."""
        try:
            async with self._http.stream("GET", f"/api/v1{path}") as response:
                if not response.is_success:
                    await response.aread()
                    raise _problem(response)
                async for chunk in response.aiter_raw():
                    yield chunk
        except httpx.HTTPError as error:
            raise _unreachable(self.access.address) from error

    async def upload(self, path: str, content: bytes) -> None:
        """Hand bytes over."""
        await self._send("POST", path, content=content)

    async def outcome(self, command_id: str, deadline: float = 30) -> CommandView:
        """What came of a command, as soon as it is decided."""
        end = time.monotonic() + deadline
        while True:
            view = await self._command(command_id)
            if view.state != "pending" or time.monotonic() > end:
                return view
            await asyncio.sleep(0.2)

    async def _command(self, command_id: str) -> CommandView:
        try:
            return await self.get(f"/commands/{command_id}", CommandView)
        except NotFound:  # the brain has not read it yet
            return CommandView(id=command_id, state="pending")

    async def login(self, username: str, password: str, code: str | None = None) -> str:
        """A token for this user, for some minutes."""
        body = {"username": username, "password": password, "code": code}
        token = (await self._send("POST", "/auth/login", json=body)).json()["accessToken"]
        return str(token)

    async def events(self, *topics: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        """Facts and signals as they pass, across lost connections; the first is "ready"."""
        position, failing = after, None
        while True:
            try:
                async with aclosing(self._connection(topics, position)) as frames:
                    async for frame in frames:
                        position, failing = frame.position or position, None
                        yield frame
            except LogReplaced:
                position = None
                yield Frame(type="gap")
            except (OSError, WebSocketException):
                failing = failing or time.monotonic()
            if failing is not None and time.monotonic() - failing > self._patience:
                raise _unreachable(self.access.address)
            await asyncio.sleep(0.5)

    async def _connection(
        self, topics: tuple[str, ...], position: str | None
    ) -> AsyncGenerator[Frame, None]:
        url = f"ws{self.access.address.removeprefix('http')}/api/v1/events"
        why = ""
        async with connect(url, proxy=None, max_size=8 * 2**20) as socket:
            hello = {**self.access.greeting, "topics": topics, "after": position}
            await socket.send(orjson.dumps(hello).decode())
            with suppress(ConnectionClosedError):
                async for text in socket:
                    frame = Frame.model_validate_json(text)
                    if frame.type != "error":
                        yield frame
                    why = frame.detail or why
        _judge(socket.close_code, why or socket.close_reason or "The server ended it.")

    async def _send(self, method: str, path: str, **what: Any) -> httpx.Response:
        """Send it; what is unavailable is asked again, until the patience is over."""
        end = time.monotonic() + self._patience
        while True:
            try:
                response = await self._http.request(method, f"/api/v1{path}", **what)
            except httpx.HTTPError as error:
                raise _unreachable(self.access.address) from error
            if response.is_success:
                return response
            problem = _problem(response)
            pause = problem.after or 1.0
            if response.status_code != 503 or time.monotonic() + pause > end:
                raise problem
            await asyncio.sleep(pause)


@asynccontextmanager
async def open_client(access: Access, patience: float = 20) -> AsyncIterator[Client]:
    """A client of this server. `patience` is how long one that is not ready is asked again."""
    async with httpx.AsyncClient(
        base_url=access.address, headers=access.headers, timeout=30, trust_env=False,
        verify=_trust(urlsplit(access.address).scheme),
    ) as http:  # fmt: skip
        yield Client(access, http, patience)


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    """To read the certificates takes 40 ms: done once, and for servers that show one."""
    if scheme == "https":
        return httpx.create_ssl_context(trust_env=False)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _judge(code: int | None, why: str) -> None:
    """Raise what cannot be mended by coming again."""
    if code == _LOG_REPLACED:
        raise LogReplaced(why)
    if code in _REFUSALS:
        raise _REFUSALS[code]("refused", why)


def _unreachable(address: str) -> Unavailable:
    return Unavailable(
        "unreachable",
        f"No MVidarr answers at {address}. Start one with `mvidarr up`, or name yours in "
        "MVIDARR_SERVER.",
    )


def _problem(response: httpx.Response) -> Problem:
    """The server's own words, if they are that."""
    try:
        told = orjson.loads(response.content)
        code, detail = str(told["code"]), str(told["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "http_error", f"The server answers {response.status_code}."
        told = {}
    pause = response.headers.get("Retry-After", "")
    after = float(pause) if pause.isdigit() else None
    return problem_for(response.status_code)(
        code, detail, after=after, existing=told.get("existing")
    )
