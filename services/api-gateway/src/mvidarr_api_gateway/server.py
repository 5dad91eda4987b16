"""The HTTP server inside the process: started and stopped by the chassis, not by signals."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from mvidarr_common.service import Runtime

from .app import application
from .deps import Deps
from .settings import GatewaySettings

log = logging.getLogger(__name__)

LINGER = 5


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(runtime: Runtime[GatewaySettings], deps: Deps) -> None:
    """Serve until cancelled; then finish what is being answered, for a few seconds."""
    server = _Server(_config(runtime.settings, deps))
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


def _config(settings: GatewaySettings, deps: Deps) -> uvicorn.Config:
    return uvicorn.Config(
        application(deps),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        server_header=False,
        timeout_graceful_shutdown=LINGER,
    )
