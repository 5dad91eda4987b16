"""Runs a small web application on a loopback port inside the running event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves the signals to the program that it is a guest of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, host: str = LOOPBACK, port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address, such as http://127.0.0.1:8123."""
    with socket.create_server((host, port)) as listener:
        _, taken = listener.getsockname()[:2]
        config = uvicorn.Config(
            app, log_config=None, log_level="critical", lifespan="off", access_log=False,
            timeout_graceful_shutdown=1, server_header=False,
        )  # fmt: skip
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://{host}:{taken}"
        finally:
            server.should_exit = True
            await task
