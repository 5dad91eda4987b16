"""The gateway, whole: no jobs and no queue, but a server of its own."""

from mvidarr_common.service import Service

from .deps import Deps, open_deps
from .server import serve
from .settings import GatewaySettings

service = Service[GatewaySettings, Deps](
    name="api-gateway",
    settings=GatewaySettings,
    open=open_deps,
    main=serve,
)
