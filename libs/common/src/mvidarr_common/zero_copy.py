"""Files go to the client inside the kernel: ASGI's extension "zero copy send", which uvicorn lacks.

The bytes never come into this process, which is what makes a web server as fast as others. The
socket belongs to the event loop, so its descriptor is doubled to wait for it, and nothing is sent
on it before what was written has left the loop's own buffer.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

log = logging.getLogger(__name__)

EXTENSION: Final = "http.response.zerocopysend"
PIECE: Final = 1 << 20
PATIENCE: Final = 60.0
"""Seconds in which a client has to take something."""


class ZeroCopy(HttpToolsProtocol):
    """A connection that can send files, unless it is encrypted."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Offer it to the application."""
        if sys.platform == "linux" and self.scheme == "http":
            app = _offering(app, self, cycle)
        super()._start_asgi_task(cycle, app)

    async def send_file(
        self, cycle: RequestResponseCycle, file: int, offset: int, count: int
    ) -> None:
        """Send this part of an open file as the next of the body. Who does not take it is left."""
        if self.transport.is_closing():
            return
        cycle.expected_content_length -= count
        await self._written()
        if self.transport.is_closing():
            return
        try:
            with _doubled(self.transport) as out:
                await _copy(out, file, offset, count)
        except (OSError, TimeoutError, EOFError) as error:
            log.debug("a client was left: %s", error)
            self.transport.abort()

    async def _written(self) -> None:
        """Until the loop has handed everything to the kernel."""
        self.transport.set_write_buffer_limits(0, 0)
        try:
            await self.flow.drain()
        finally:
            self.transport.set_write_buffer_limits()


def _offering(app: Any, protocol: ZeroCopy, cycle: RequestResponseCycle) -> ASGIApp:
    async def offering(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == EXTENSION:
                about = message["file"], message["offset"], message["count"]
                await protocol.send_file(cycle, *about)
            else:
                await send(message)

        scope.setdefault("extensions", {})[EXTENSION] = {}
        await app(scope, receive, sending)

    return offering


async def _copy(out: int, file: int, offset: int, count: int) -> None:
    end = offset + count
    while offset < end:
        length = min(PIECE, end - offset)
        try:
            sent = await _pushed(out, file, offset, length)
        except BlockingIOError:
            await _writable(out)
            continue
        if sent == 0:
            raise EOFError(f"the file ends at {offset} and not at {end}")
        offset += sent
        if offset < end:
            await asyncio.sleep(0)  # others have a turn


async def _pushed(out: int, file: int, offset: int, length: int) -> int:
    """As much as the socket takes now; what the disk still has to give is waited for elsewhere."""
    if _is_in_memory(file, offset, length):
        return os.sendfile(out, file, offset, length)
    return await anyio.to_thread.run_sync(os.sendfile, out, file, offset, length)


def _is_in_memory(file: int, offset: int, length: int) -> bool:
    """Whether both ends are: between them nothing is missing, as files are read ahead in order."""
    try:
        return all(
            os.preadv(file, [bytearray(1)], place, os.RWF_NOWAIT) == 1
            for place in (offset, offset + length - 1)
        )
    except OSError:
        return False


async def _writable(out: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(out, _wake, ready)
    try:
        async with asyncio.timeout(PATIENCE):
            await ready
    finally:
        loop.remove_writer(out)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


@contextmanager
def _doubled(transport: asyncio.Transport) -> Iterator[int]:
    socket: Any = transport.get_extra_info("socket")
    out = os.dup(socket.fileno())
    try:
        yield out
    finally:
        os.close(out)
