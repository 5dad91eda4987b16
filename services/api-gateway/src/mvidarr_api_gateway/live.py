"""The websocket: its first message says who the client is and what it follows."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from mvidarr_common.errors import Forbidden, Problem
from mvidarr_common.prepared import EXTENSION

from .callers import Caller
from .closing import Closing, reason_of
from .conversation import Conversation, Wish, opened
from .deps import Deps
from .frames import Frame, of_error
from .metrics import LIVE_FRAMES

PATIENCE = 10.0
GOODBYE = 2.0
CREDENTIALS = ("authorization", "x-api-key")


class Hello(Wish):
    """The first message. Without token and key, the headers of the handshake count."""

    token: str | None = None
    api_key: str | None = None


class Socket:
    """Carries frames as text."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._write = socket.scope.get("extensions", {}).get(EXTENSION, {}).get("write")

    async def say(self, frame: Frame) -> None:
        """Waits while the client's buffer is full."""
        await self._socket.send({"type": "websocket.send", "text": frame.text})

    def say_now(self, frame: Frame) -> bool:
        """Bytes that are the same for everybody, where the server takes them."""
        said = self._write is not None and self._write(frame.wire)
        LIVE_FRAMES.inc(said)
        return said

    async def gone(self) -> None:
        """What the client says after its first message means nothing; that it goes, does."""
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            pass


async def converse(socket: WebSocket, deps: Deps) -> None:
    """A websocket from its first message to its end."""
    await socket.accept()
    try:
        conversation = await _welcome(socket, deps)
        await conversation.hold(Socket(socket))
    except* WebSocketDisconnect:
        pass
    except* (Closing, Problem) as ended:
        await _close(socket, reason_of(ended))


async def _welcome(socket: WebSocket, deps: Deps) -> Conversation:
    hello = await _hello(socket)
    return await opened(hello, await _caller(hello, socket, deps), deps)


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


async def _caller(hello: Hello, socket: WebSocket, deps: Deps) -> Caller:
    if hello.token:
        return await deps.identity.of_token(hello.token)
    if hello.api_key:
        return await deps.identity.of_api_key(hello.api_key)
    if not any(name in socket.headers for name in CREDENTIALS):
        _require_own_page(socket, deps.settings.cors_origins)
    return await deps.identity.of_headers(socket.headers)


def _require_own_page(socket: WebSocket, others: tuple[str, ...]) -> None:
    """A browser sends its cookies along from any page: only ours may make use of them."""
    origin = socket.headers.get("origin")
    if origin is None or origin in others:
        return
    if urlsplit(origin).netloc != socket.headers.get("host"):
        raise Forbidden("foreign_origin", "Pages of other origins need a token of their own.")


async def _close(socket: WebSocket, why: Closing) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(GOODBYE):
            await Socket(socket).say(of_error(why.code, why.message))
            await socket.close(why.number, why.code)
