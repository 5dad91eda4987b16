"""Which URLs given by people may be reached: http or https, and never into private networks.

`allowed` looks at the URL alone; `require_public` also resolves its host. A name can resolve
differently a moment later, so whoever opens the connection asks again.
"""

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from unicodedata import normalize
from urllib.parse import SplitResult, urlsplit

from .errors import Invalid, Unavailable

Address = IPv4Address | IPv6Address

LONGEST = 4096
_UNSAFE = re.compile(r"[\x00-\x20\x7f\x80-\x9f\\]")
_NUMERIC = re.compile(r"[0-9a-fx.]+")
_NAT64 = IPv6Network("64:ff9b::/96")


def allowed(url: str, allow_private: bool) -> None:
    """Raise Invalid `invalid_url`, or `private_address` where the host itself says so."""
    host = _host(url)
    if allow_private:
        return
    literal = _literal(host)
    if _is_local_name(host) or (literal is not None and not is_public(literal)):
        raise _private(host)


async def require_public(url: str, allow_private: bool) -> None:
    """As `allowed`, and every address that the host resolves to must be public.

    Raises Unavailable when the name cannot be resolved now.
    """
    allowed(url, allow_private)
    if allow_private:
        return
    host = _host(url)
    if not all(is_public(address) for address in await _resolved(host)):
        raise _private(host)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, whatever it is wrapped in."""
    inner = _wrapped(address)
    if inner is not None and not is_public(inner):
        return False
    closed = address.is_multicast or address.is_reserved or address.is_unspecified
    return inner is not None or (address.is_global and not closed)


def _wrapped(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _host(url: str) -> str:
    if len(url) > LONGEST or _UNSAFE.search(url):
        raise Invalid("invalid_url", "The URL is too long or holds spaces or control characters.")
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise Invalid("invalid_url", "The URL must begin with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise Invalid("invalid_url", "The URL must not hold a user name or a password.")
    if not parts.hostname:
        raise Invalid("invalid_url", "The URL has no host.")
    return normalize("NFKC", parts.hostname).lower().rstrip(".")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Invalid("invalid_url", "This is no URL that we can read.") from None
    return parts


def _literal(host: str) -> Address | None:
    """The address that a host spells, in any of the spellings that resolvers accept."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    if not _NUMERIC.fullmatch(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


async def _resolved(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise Unavailable("unresolved", f"The host {host!r} cannot be resolved now.") from None
        raise Invalid("invalid_url", f"The host {host!r} does not exist.") from None
    except (UnicodeError, OSError):
        raise Invalid("invalid_url", f"The host {host!r} is no name.") from None
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _private(host: str) -> Invalid:
    return Invalid("private_address", f"The host {host!r} is in a private network.")
