"""HTTP clients that cost next to nothing themselves, so that the server is what is measured."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from mvidarr_common.cli.access import Access


class Request(NamedTuple):
    """What is asked, and the status that is the right answer."""

    method: str
    path: str
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Connection:
    """One keep-alive connection: says a request, and reads the answer by its Content-Length."""

    def __init__(self, access: Access) -> None:
        where = urlsplit(access.address)
        self._host, self._port = where.hostname or "", where.port
        self._headers = {"Host": where.netloc, "Content-Type": "application/json"}
        self._headers |= access.headers

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, request: Request) -> bytes:
        """The body of the right answer; RuntimeError for any other."""
        self._writer.write(self._encoded(request))
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, length = int(head[9:12]), _length(head)
        body = await self._reader.readexactly(length)
        if status != request.status:
            raise RuntimeError(f"{request.method} {request.path}: {status} {body.decode()}")
        return body

    def _encoded(self, request: Request) -> bytes:
        headers = self._headers | dict(request.headers)
        lines = [f"{request.method} {request.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(request.body)}", "", ""]
        return "\r\n".join(lines).encode() + request.body


async def seconds_of(access: Access, clients: int, requests: Sequence[Request]) -> list[float]:
    """How long each takes when so many clients ask, each the next as soon as it is answered."""
    waiting, connected = iter(requests), asyncio.Barrier(clients)

    async def client() -> list[float]:
        async with Connection(access) as connection:
            await connected.wait()
            return [await _timed(connection, request) for request in waiting]

    found = await asyncio.gather(*(client() for _ in range(clients)))
    return [seconds for part in found for seconds in part]


async def _timed(connection: Connection, request: Request) -> float:
    began = time.perf_counter()
    await connection.ask(request)
    return time.perf_counter() - began


def _length(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(found or 0)
