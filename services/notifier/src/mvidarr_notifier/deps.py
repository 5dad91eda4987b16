"""What the notifier holds while it runs."""

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from mvidarr_common.bus import Bus
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .audience import Audience
from .settings import NotifierSettings


@dataclass(frozen=True)
class Deps:
    """The bus to ask, the key that unseals addresses, and the way to receivers."""

    source: str
    bus: Bus
    key: InstanceKey
    http: httpx.AsyncClient
    allow_private: bool
    audience: Audience


@asynccontextmanager
async def open_deps(runtime: Runtime[NotifierSettings]) -> AsyncIterator[Deps]:
    """Open the HTTP client for as long as the service runs."""
    _keep_addresses_out_of_the_logs()
    settings = runtime.settings
    async with http_client(settings.notify_timeout) as http:
        yield Deps(
            runtime.name, runtime.bus, runtime.key, http, settings.allow_private_addresses,
            Audience(runtime.bus, runtime.name),
        )  # fmt: skip


def http_client(timeout: float, trust: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """A client that follows nobody, uses no proxy, and shares no connection between receivers:
    its addresses are checked, and a kept connection might belong to another host there.
    Certificates are verified against `trust`, or against the well-known authorities."""
    return httpx.AsyncClient(
        verify=trust or True,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        headers={"User-Agent": "MVidarr"},
    )


def _keep_addresses_out_of_the_logs() -> None:
    """httpx logs every URL at INFO, and the URL of a webhook is often its password."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
