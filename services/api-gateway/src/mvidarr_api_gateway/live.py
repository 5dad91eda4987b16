"""One websocket client: who it is, what it follows, and everything it is told until it goes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from mvidarr_common.bus import Gap
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Invalid, LogError, Problem, Unauthorized
from mvidarr_common.messages import Value, identity
from mvidarr_common.redaction import redacted

from .callers import Caller
from .deps import Deps
from .facts import facts_after
from .feed import Fact, Feed
from .mailbox import Mailbox
from .topics import checked, topics_of

PATIENCE = 10.0
STALLED = 30.0
GOODBYE = 2.0
CODES = {401: 4401, 403: 4403, 422: 4400, 503: 1013}
REVOKING = (identity.UserDeleted, identity.RoleChanged, identity.PasswordChanged)


class Hello(Value):
    """The first message: who, what, and from where."""

    token: str | None = None
    api_key: str | None = None
    topics: tuple[str, ...] = Field(default=("jobs", "library"), max_length=100)
    after: str | None = None


class Closing(Exception):
    """The conversation ends: a close code, a stable code and a sentence."""

    def __init__(self, number: int, code: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.code = code
        self.message = message


@dataclass
class Session:
    """A client that has said who it is. `position` is the last record it need not see again."""

    socket: WebSocket
    deps: Deps
    caller: Caller
    topics: frozenset[str]
    position: int | None
    joined: int
    sending: asyncio.Lock

    async def run(self) -> None:
        """Tell everything until the client goes, its rights end, or it is too slow."""
        mailbox = Mailbox(self.topics)
        self.deps.feed.listeners.add(mailbox.put)
        try:
            await self._say({"type": "ready", "position": self._position()})
            async with asyncio.TaskGroup() as group:
                for work in (self._facts(), self._signals(mailbox), self._beat(), self._listen()):
                    group.create_task(work)
        finally:
            self.deps.feed.listeners.discard(mailbox.put)

    async def _facts(self) -> None:
        try:
            async for fact in facts_after(self.position, self.deps.feed, self.deps.bus):
                self._require_rights(fact)
                if topics_of(fact.envelope) & self.topics:
                    await self._say(_told(fact, self.deps.feed))
                self.position = fact.offset
        except LogError:
            raise Closing(4409, "log_replaced", "The log does not know the position.") from None

    async def _signals(self, mailbox: Mailbox) -> None:
        while True:
            for item in await mailbox.take():
                await self._say({"type": "gap"} if isinstance(item, Gap) else _passing(item))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.deps.settings.heartbeat)
            await self._say({"type": "heartbeat", "position": self._position()})
            self.caller.require_valid()

    async def _listen(self) -> None:
        """What the client says after its first message means nothing; that it goes, does."""
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))

    def _require_rights(self, fact: Fact) -> None:
        """What changed the caller's rights before they came is in their credentials already."""
        message = fact.envelope.message
        if fact.offset <= self.joined:
            return
        if isinstance(message, REVOKING) and message.user_id == self.caller.user_id:
            raise Unauthorized("token_expired", "Your rights have changed; log in again.")
        revoked = message.api_key_id if isinstance(message, identity.ApiKeyRevoked) else None
        if revoked is not None and revoked == self.caller.api_key_id:
            raise Unauthorized("unauthenticated", "The API key was revoked.")

    def _position(self) -> str | None:
        return _spelled(self.deps.feed, self.position)

    async def _say(self, frame: dict[str, Any]) -> None:
        """Who takes nothing for too long is cut, and can resume from its last position."""
        try:
            async with asyncio.timeout(STALLED), self.sending:
                await self.socket.send_text(orjson.dumps(frame).decode())
        except TimeoutError:
            raise Closing(1013, "too_slow", "Too slow; resume from your last position.") from None


async def converse(socket: WebSocket, deps: Deps) -> None:
    """A websocket from its first message to its end."""
    await socket.accept()
    try:
        session = await _welcome(socket, deps)
        await session.run()
    except* WebSocketDisconnect:
        pass
    except* (Closing, Problem) as ended:
        await _close(socket, _first(ended))


async def _welcome(socket: WebSocket, deps: Deps) -> Session:
    hello = await _hello(socket)
    caller = await _caller(hello, deps)
    topics = checked(hello.topics, caller)
    feed = deps.feed
    joined = max(feed.last or 0, feed.committed or 0)
    return Session(socket, deps, caller, topics, _after(hello.after, feed), joined, asyncio.Lock())


async def _hello(socket: WebSocket) -> Hello:
    try:
        async with asyncio.timeout(PATIENCE):
            return Hello.model_validate_json(await socket.receive_text())
    except TimeoutError:
        raise Closing(4408, "no_first_message", "Nothing was said.") from None
    except (ValidationError, KeyError, TypeError):
        raise Closing(
            4400, "invalid_body", 'Say {"token": …, "topics": […]} as JSON text first.'
        ) from None


async def _caller(hello: Hello, deps: Deps) -> Caller:
    if hello.token:
        return await deps.identity.of_token(hello.token)
    if hello.api_key:
        return await deps.identity.of_api_key(hello.api_key)
    raise Unauthorized("unauthenticated", "The first message needs a token or an apiKey.")


def _after(spelled: str | None, feed: Feed) -> int | None:
    if spelled is None:
        return feed.committed if feed.last is None else feed.last
    log_id, _, offset = spelled.rpartition(":")
    if not offset.isdecimal() or not offset.isascii() or len(offset) > 18:
        raise Invalid("invalid_position", "A position is <logId>:<offset>.")
    if feed.log_id is not None and log_id != feed.log_id:
        raise Closing(4409, "log_replaced", "The position belongs to another log.")
    return int(offset)


def _told(fact: Fact, feed: Feed) -> dict[str, Any]:
    envelope = fact.envelope
    return {
        "position": _spelled(feed, fact.offset),
        "type": envelope.type,
        "id": envelope.id,
        "subject": envelope.subject,
        "time": envelope.time.isoformat(),
        "correlationId": envelope.correlation_id,
        "data": redacted(envelope.message.model_dump(mode="json")),
    }


def _passing(signal: Envelope) -> dict[str, Any]:
    data = redacted(signal.message.model_dump(mode="json"))
    return {"type": signal.type, "subject": signal.subject, "data": data}


def _spelled(feed: Feed, offset: int | None) -> str | None:
    known = offset if offset is not None else feed.committed
    return None if known is None or feed.log_id is None else f"{feed.log_id}:{known}"


def _first(group: BaseExceptionGroup[Any]) -> Closing:
    error = group.exceptions[0]
    if isinstance(error, BaseExceptionGroup):
        return _first(error)
    if isinstance(error, Problem):
        return Closing(CODES.get(error.status, 1011), error.code, error.message)
    assert isinstance(error, Closing)
    return error


async def _close(socket: WebSocket, why: Closing) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(GOODBYE):
            await _goodbye(socket, why)


async def _goodbye(socket: WebSocket, why: Closing) -> None:
    frame = {"type": "error", "code": why.code, "detail": why.message}
    await socket.send_text(orjson.dumps(frame).decode())
    await socket.close(why.number, why.code)
