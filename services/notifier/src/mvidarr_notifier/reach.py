"""The way to a receiver: a URL whose host is resolved and checked once, and then kept.

The request goes to the address that was checked, under the name that was given, so a name that
answers differently a moment later leads nowhere else.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpx

from mvidarr_common.addresses import Address, allowed, is_public
from mvidarr_common.errors import Invalid, JobError


@dataclass(frozen=True, slots=True)
class Route:
    """Where to connect (`urls` hold addresses, best first) and which name to ask for there."""

    urls: tuple[httpx.URL, ...] = field(repr=False)
    host: str
    authority: str


async def route_to(address: str, *, allow_private: bool) -> Route:
    """Resolve and check. Raises Invalid for an address that is none or is private, and a
    retryable JobError for a name that cannot be resolved now."""
    allowed(address, allow_private)
    url = _parsed(address)
    host = url.raw_host.decode()
    found = await _resolve(host, url.port or (443 if url.scheme == "https" else 80))
    if not allow_private:
        require_public(host, found)
    urls = tuple(url.copy_with(host=str(address)) for address in found)
    return Route(urls, host, url.netloc.decode())


def require_public(host: str, found: Sequence[Address]) -> None:
    """Raise Invalid if any of the host's addresses is not of the public internet."""
    if not all(is_public(address) for address in found):
        raise Invalid("private_address", f"The host {host!r} is in a private network.")


def _parsed(address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except httpx.InvalidURL:
        raise Invalid("invalid_url", "This is no URL that we can read.") from None


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        loop = asyncio.get_running_loop()
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise JobError(
            "receiver_unknown", f"The name {host} cannot be resolved.", retry=True
        ) from None
    return [ip_address(row[4][0]) for row in rows]
