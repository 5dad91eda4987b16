"""Thousands of websocket clients in a process of their own, that cost next to nothing themselves.

`python -m bench.sockets` reads a line of JSON: {"address", "path", "hellos": […]}, says each hello
on a connection of its own, and prints "ready" when all are answered. For each further line it
prints what has arrived since the line before: of every text frame a number of its own and the time.
"""

import asyncio
import base64
import os
import re
import sys
import time
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

import orjson
import uvloop

HANDSHAKES = 100
"""At a time."""
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
STAMP = re.compile(rb'"done":([\d.]+)|"id":"([^"]+)"')


class Client(asyncio.Protocol):
    """One connection: says hello after the handshake, and notes when frames come."""

    def __init__(self, request: bytes, hello: bytes, arrived: list[tuple[str, float]]) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._hello = hello
        self._arrived = arrived
        self._buffer = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its deeds
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Whole frames of what came; the rest waits."""
        now = time.time()
        self._buffer += data
        if not self._open:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self._open = True
            self._transport.write(_masked(self._hello))
        while frame := self._frame():
            self._take(frame, now)

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing is measured without it."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(self._buffer.decode(errors="replace")))

    def _frame(self) -> bytes:
        if len(self._buffer) < 2:
            return b""
        short = self._buffer[1]
        start = 2 if short < 126 else 4
        length = short if short < 126 else int.from_bytes(self._buffer[2:4], "big")
        if len(self._buffer) < start + length:
            return b""
        frame = self._buffer[start : start + length]
        kind, self._buffer = self._buffer[0], self._buffer[start + length :]
        if kind == CLOSE:
            raise ConnectionError(f"the server has closed: {frame!r}")
        if kind == PING:
            self._transport.write(_masked(frame, PONG))
            return self._frame()
        return frame

    def _take(self, frame: bytes, now: float) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        elif found := STAMP.search(frame):
            self._arrived.append(((found[1] or found[2]).decode(), now))


def _masked(payload: bytes, kind: int = TEXT) -> bytes:
    """A frame; a mask of zeros is one."""
    length = len(payload)
    head = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return bytes([kind]) + head + bytes(4) + payload


async def _connected(
    address: str, path: str, hellos: Sequence[bytes], arrived: list[tuple[str, float]]
) -> None:
    where, gate = urlsplit(address), asyncio.Semaphore(HANDSHAKES)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()

    async def connect(hello: bytes) -> None:
        async with gate:
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(
                lambda: Client(request, hello, arrived), where.hostname or "", where.port or 80
            )
            await client.ready

    await asyncio.gather(*map(connect, hellos))


async def main() -> None:
    """Until its input ends."""
    lines = asyncio.StreamReader(limit=2**26)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    told = orjson.loads(await lines.readline())
    arrived: list[tuple[str, float]] = []
    hellos = [orjson.dumps(hello) for hello in told["hellos"]]
    await _connected(told["address"], told["path"], hellos, arrived)
    print("ready", flush=True)
    while await lines.readline():
        print(orjson.dumps(arrived).decode(), flush=True)
        arrived.clear()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
