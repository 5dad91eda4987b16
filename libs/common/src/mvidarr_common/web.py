"""Serving a web application inside the running event loop, as a guest that leaves signals alone."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from .impatient import Impatient
from .prepared import Prepared

KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than proxies keep theirs (60), since they would
send a request into one that is just being closed."""


class _Guest(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, *, patience: int = 5) -> AsyncIterator[int]:
    """Serve until the block ends, then let requests finish for `patience` seconds. Gives the
    port, which the system chooses for 0."""
    with socket.create_server((host, port), family=_family(host), backlog=2048) as listener:
        config = uvicorn.Config(
            app, http=Impatient, ws=Prepared,
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=patience, timeout_keep_alive=KEEP_ALIVE,
            ws_max_size=64 * 1024, ws_per_message_deflate=False,
        )  # fmt: skip
        server = _Guest(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
