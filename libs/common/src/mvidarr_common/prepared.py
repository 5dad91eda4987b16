"""Websocket frames that are made once and written to many connections, at once and without a task
for each of them: an extension of ASGI, offered to every websocket.
"""

from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

EXTENSION: Final = "mvidarr.websocket.write"


class Prepared(WebSocketsSansIOProtocol):
    """A connection that takes whole frames from whoever has one."""

    def handle_connect(self, event: Request) -> None:
        """Offer it to the application."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][EXTENSION] = {"write": self.write_now}

    def write_now(self, frame: bytes) -> bool:
        """Write it, unless the client is slow or gone; whether that was done."""
        open = self.handshake_complete and not (self.close_sent or self.disconnected)
        if not open or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True


def text_frame(text: str) -> bytes:
    """As a server sends it: whole, and not masked."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
