"""The HTTP server inside the process."""

import asyncio
import logging

from mvidarr_common.service import Runtime
from mvidarr_common.web import serving

from .app import application
from .closing import Closing
from .deps import Deps
from .settings import GatewaySettings

LEAVING = Closing(1012, "leaving", "The server is going; resume from your last position.")

log = logging.getLogger(__name__)


async def serve(runtime: Runtime[GatewaySettings], deps: Deps) -> None:
    """Serve until cancelled; then what is being answered has a few seconds to finish."""
    host, port = runtime.settings.host, runtime.settings.port
    async with serving(application(deps), host, port) as actual:
        log.info("the API listens on http://%s:%s", host, actual)
        try:
            await asyncio.Event().wait()
        finally:
            deps.hub.end(LEAVING)
            deps.channels.end()
