"""Answers that are made while they are sent, and end with their client."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK: Final = 128 * 1024
PATIENCE: Final = 60.0
"""Seconds in which a client has to take something."""
HEADERS: Final = {"Cache-Control": "no-store", "Accept-Ranges": "none"}

Give = Callable[[bytes], Awaitable[None]]
Pour = Callable[[Give], Awaitable[None]]


class Poured(Response):
    """Begins to answer when the first bytes are there: until then it can be refused. Whoever pours
    waits until the client has taken what came before."""

    def __init__(self, pour: Pour, media_type: str) -> None:
        super().__init__(headers=HEADERS, media_type=media_type)
        del self.headers["content-length"]
        self._pour = pour
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until it ends, or the client goes."""
        if scope["method"] == "HEAD":
            await self._send_head(send)
            await _send(send, b"", more=False)
            return
        pouring = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if pouring.done():
                pouring.result()
        finally:
            pouring.cancel()
            leaving.cancel()
            await asyncio.gather(pouring, leaving, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        async def give(chunk: bytes) -> None:
            await self._send_head(send)
            async with asyncio.timeout(PATIENCE):
                await _send(send, chunk, more=True)

        await self._pour(give)
        await self._send_head(send)
        await _send(send, b"", more=False)

    async def _send_head(self, send: Send) -> None:
        if not self._begun:
            self._begun = True
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)


async def _send(send: Send, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
