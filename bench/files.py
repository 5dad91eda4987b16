"""A web server of its own process for benchmarks of downloads: files by sendfile, and counted.

`/page/<n>` shows `/file/<n>.mp4`; `/slow/<n>.mp4` is the same at SLOW bytes a second, in steps as
fine as the count should be, with little between it and the wire; `/count` says how many bytes went
out, and when the first of a file did; `/count?reset` begins anew.
"""

import asyncio
import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen

SLOW = 10 * 1024**2
_STEP = 16 * 1024
_UNSENT = 32 * 1024
"""Bytes of a slow file that the kernel may hold: what it never sends is not counted for long."""
_PAGE = '<!doctype html><title>Song {0}</title><video src="/file/{0}.mp4"></video>'


class Files:
    """What was served so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.sent = 0
        self.first: float | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        with suppress(OSError, asyncio.IncompleteReadError, RuntimeError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                await self._answer(head, writer)
        writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        target = head.split(" ", 2)[1]
        if target.startswith("/page/"):
            _send(writer, _PAGE.format(target.rpartition("/")[2]).encode(), "text/html")
        elif target.startswith("/count"):
            _send(writer, json.dumps([self.sent, self.first]).encode(), "application/json")
            if target.endswith("?reset"):
                self.sent, self.first = 0, None
        else:
            asked = re.search(r"^range: bytes=(\d+)-", head, re.I | re.M)
            start = int(asked[1]) if asked else 0
            await self._send_file(start, writer, slowly=target.startswith("/slow"))

    async def _send_file(self, start: int, writer: asyncio.StreamWriter, *, slowly: bool) -> None:
        kind = "206 Partial Content" if start else "200 OK"
        lines = [f"HTTP/1.1 {kind}", "Content-Type: video/mp4", 'ETag: "one"',
                 f"Content-Length: {self.size - start}", "Accept-Ranges: bytes"]  # fmt: skip
        if start:
            lines.append(f"Content-Range: bytes {start}-{self.size - 1}/{self.size}")
        writer.write("\r\n".join((*lines, "", "")).encode())
        self.first = self.first or time.monotonic()
        loop, step = asyncio.get_running_loop(), _STEP if slowly else 1024**2
        if slowly:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
        with self.path.open("rb") as file:
            for at in range(start, self.size, step):
                count = min(step, self.size - at)
                self.sent += await loop.sendfile(writer.transport, file, at, count)
                if slowly:
                    await asyncio.sleep(step / SLOW)


def _send(writer: asyncio.StreamWriter, body: bytes, kind: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


@contextmanager
def serving_files(path: Path) -> Iterator[str]:
    """The address of a server for this file; it ends with the block."""
    command = [sys.executable, "-m", "bench.files", str(path)]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def _main(path: Path) -> None:
    files = Files(path)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    async with await asyncio.start_server(files.serve, sock=listener) as server:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
