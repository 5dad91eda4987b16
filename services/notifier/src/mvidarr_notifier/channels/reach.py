"""The way to a receiver: a URL whose host is resolved and checked once, and then kept.

The request goes to the address that was checked, under the name that was given, so a name that
answers differently a moment later leads nowhere else.
"""

import asyncio
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

from mvidarr_common.errors import JobError

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Route:
    """Where to connect (`urls` hold addresses, best first) and which name to ask for there."""

    urls: tuple[httpx.URL, ...] = field(repr=False)
    host: str
    authority: str


async def route_to(address: str, *, allow_private: bool) -> Route:
    """Resolve and check; raises JobError, final unless the name only cannot be resolved now."""
    url = _parsed(address)
    host = url.raw_host.decode()
    found = await _resolve(host, url.port or (443 if url.scheme == "https" else 80))
    if not allow_private:
        require_public(host, found)
    urls = tuple(url.copy_with(host=str(address)) for address in found)
    return Route(urls, host, url.netloc.decode())


def require_public(host: str, found: list[IpAddress]) -> None:
    """Raise JobError if any of the addresses is not of the public internet."""
    if not all(is_public(address) for address in found):
        raise JobError(
            "address_private", f"{host} is in a private network, which the settings do not allow."
        )


def is_public(address: IpAddress) -> bool:
    """Whether it belongs to the public internet, also when wrapped in IPv6."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    inner = mapped or address
    return inner.is_global and not inner.is_multicast


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise JobError("address_invalid", "The subscription's address is no URL.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise JobError("address_invalid", "A webhook's address begins with https:// or http://.")
    return url


async def _resolve(host: str, port: int) -> list[IpAddress]:
    try:
        loop = asyncio.get_running_loop()
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise JobError(
            "receiver_unknown", f"The name {host} cannot be resolved.", retry=True
        ) from None
    return [ip_address(row[4][0]) for row in rows]
