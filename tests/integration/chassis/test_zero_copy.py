"""Files that the kernel sends: every byte, in its place, and nobody is waited for in vain."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvloop
from starlette.types import Receive, Scope, Send

from mvidarr_common import zero_copy
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.web import serving
from mvidarr_common.zero_copy import EXTENSION

SIZE = 9 * 2**20 + 17


class Shop:
    """Serves two parts of one file with words between them."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(os.urandom(SIZE))
        self.path = path
        self.parts: tuple[tuple[int, int], ...] = ((5, 8 * 2**20), (1, 2), (SIZE - 7, 7))
        self.ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        assert EXTENSION in scope["extensions"]
        words = b"--words--"
        length = sum(count + len(words) for _, count in self.parts)
        headers = [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            with self.path.open("rb") as file:
                for offset, count in self.parts:
                    about = {"file": file.fileno(), "offset": offset, "count": count}
                    await send({"type": EXTENSION, "more_body": True} | about)
                    await send({"type": "http.response.body", "body": words, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.ended += 1

    @property
    def expected(self) -> bytes:
        content = self.path.read_bytes()
        parts = (content[offset : offset + count] for offset, count in self.parts)
        return b"".join(part + b"--words--" for part in parts)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "film")


@pytest.fixture
async def port(shop: Shop) -> AsyncIterator[int]:
    async with serving(shop, "127.0.0.1", 0) as chosen:
        yield chosen


async def _twice(port: int) -> list[bytes]:
    """Over one connection."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        return [(await client.get("/")).content for _ in range(2)]


async def test_every_byte_arrives_in_its_place(shop: Shop, port: int) -> None:
    assert await _twice(port) == [shop.expected] * 2


def test_so_it_does_with_the_loop_that_services_run_on(shop: Shop) -> None:
    async def all_of_it() -> list[bytes]:
        async with serving(shop, "127.0.0.1", 0) as port:
            return await _twice(port)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(all_of_it()) == [shop.expected] * 2


async def test_who_goes_in_the_middle_is_left(shop: Shop, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readexactly(100_000)
    writer.transport.abort()
    await eventually(lambda: shop.ended == 1)


async def test_who_takes_nothing_is_left(
    shop: Shop, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zero_copy, "PATIENCE", 0.1)
    shop.parts = ((0, SIZE),) * 20
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(lambda: shop.ended == 1)
    writer.transport.abort()


async def test_a_file_that_has_become_shorter_ends_the_connection(shop: Shop, port: int) -> None:
    shop.parts = ((0, SIZE + 1),)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")
    assert shop.ended == 1
