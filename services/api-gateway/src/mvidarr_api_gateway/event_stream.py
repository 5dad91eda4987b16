"""Server-sent events: the same frames as on the websocket, for who has nothing but HTTP."""

from collections.abc import Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mvidarr_common.errors import Problem

from .closing import Closing, reason_of
from .conversation import Conversation
from .frames import Frame, of_error

HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """An answer that ends with its conversation; the client comes again by itself."""

    media_type = "text/event-stream"

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.status_code = 200
        self.background = None
        self.init_headers(HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say everything, and why it ends."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        line = _Line(receive, send)
        try:
            await self._conversation.hold(line)
        except* (Closing, Problem) as ended:
            why = reason_of(ended)
            await line.say(of_error(why.code, why.message))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Line:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def say(self, frame: Frame) -> None:
        await self._send({"type": "http.response.body", "body": frame.event, "more_body": True})

    def say_now(self, frame: Frame) -> bool:
        return False

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
