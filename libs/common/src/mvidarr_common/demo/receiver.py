"""A webhook receiver that keeps what arrives, for the demo and for tests of the notifier."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .server import LOOPBACK, serving


@dataclass(frozen=True, slots=True)
class Received:
    """One request: the raw body, since signatures are made over bytes. Header names are lower
    case. `status` is what the receiver answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int


class Receiver:
    """`async with Receiver() as r: r.url; await r.wait_for(2)`. `fail(n)` refuses the next n."""

    def __init__(self, port: int = 0, host: str = LOOPBACK) -> None:
        self.requests: list[Received] = []
        self.url = ""
        self._place = host, port
        self._refusals: list[int] = []
        self._news = asyncio.Condition()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        app = Starlette(routes=[Route("/{path:path}", self._receive, methods=["POST", "PUT"])])
        self.url = f"{await self._stack.enter_async_context(serving(app, *self._place))}/hook"
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    @property
    def accepted(self) -> list[Received]:
        """What was answered with success."""
        return [request for request in self.requests if request.status < 400]

    def fail(self, times: int, status: int = 503) -> None:
        """Answer the next requests with an error; they are kept all the same."""
        self._refusals.extend([status] * times)

    async def wait_for(self, count: int, timeout: float = 30) -> list[Received]:
        """The accepted requests, once there are so many; raises TimeoutError."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: len(self.accepted) >= count)
            return self.accepted

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        status = self._refusals.pop(0) if self._refusals else 204
        async with self._news:
            received = Received(request.url.path, dict(request.headers), body, status)
            self.requests.append(received)
            self._news.notify_all()
        return Response(status_code=status)
