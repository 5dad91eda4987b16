"""The live events of the client, against a real websocket server that behaves badly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client
from mvidarr_common.errors import Unauthorized, Unavailable

Behaviour = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def server(behave: Behaviour) -> AsyncIterator[Client]:
    """A client of a server that greets, and then behaves like this."""

    async def handle(socket: ServerConnection) -> None:
        await behave(socket, orjson.loads(await socket.recv()))

    async with serve(handle, "127.0.0.1", 0) as running, httpx.AsyncClient() as http:
        port = next(iter(running.sockets)).getsockname()[1]
        yield Client(Access(f"http://127.0.0.1:{port}", token="t"), http, patience=30)


def fact(position: str) -> str:
    return orjson.dumps({"type": "event.video.wanted", "position": position}).decode()


async def test_a_lost_connection_is_resumed_after_the_last_position() -> None:
    hellos: list[dict[str, Any]] = []

    async def behave(socket: ServerConnection, hello: dict[str, Any]) -> None:
        hellos.append(hello)
        await socket.send(fact(f"log:{len(hellos)}"))
        if len(hellos) == 1:
            socket.transport.abort()
        else:
            await socket.wait_closed()

    async with server(behave) as client, aclosing(client.events("jobs")) as events:
        positions = [(await anext(events)).position for _ in range(2)]
    assert positions == ["log:1", "log:2"]
    assert hellos[0] == {"token": "t", "topics": ["jobs"], "after": None}
    assert hellos[1]["after"] == "log:1"


async def test_a_refused_client_does_not_come_again() -> None:
    async def behave(socket: ServerConnection, _: dict[str, Any]) -> None:
        frame = {"type": "error", "code": "token_expired", "detail": "The token has expired."}
        await socket.send(orjson.dumps(frame).decode())
        await socket.close(4401, "token_expired")

    async with server(behave) as client, aclosing(client.events("jobs")) as events:
        with pytest.raises(Unauthorized, match="The token has expired"):
            await anext(events)


async def test_in_another_log_it_goes_on_without_its_position_and_says_so() -> None:
    hellos: list[dict[str, Any]] = []

    async def behave(socket: ServerConnection, hello: dict[str, Any]) -> None:
        hellos.append(hello)
        if hello["after"] is not None:
            await socket.close(4409, "log_replaced")
        await socket.send(fact("other:1"))
        await socket.wait_closed()

    async with server(behave) as client, aclosing(client.events("jobs", after="log:7")) as events:
        assert [(await anext(events)).type for _ in range(2)] == ["gap", "event.video.wanted"]
    assert [hello["after"] for hello in hellos] == ["log:7", None]


async def test_a_server_that_stays_away_is_told_after_some_patience(unused_tcp_port: int) -> None:
    async with httpx.AsyncClient() as http:
        client = Client(Access(f"http://127.0.0.1:{unused_tcp_port}"), http, patience=0)
        async with asyncio.timeout(20), aclosing(client.events("jobs")) as events:
            with pytest.raises(Unavailable, match="No MVidarr answers"):
                await anext(events)
