"""From which address a request comes, also behind reverse proxies; and who they say is asking."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection


def peer_of(connection: HTTPConnection) -> str | None:
    """Who has opened the connection."""
    return connection.client.host if connection.client else None


def remote_of(connection: HTTPConnection, proxies: Sequence[str]) -> str | None:
    """The client, as far as proxies that we trust have told: each adds whom it has heard."""
    remote = peer_of(connection)
    told = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    while told and trusted(remote, proxies):
        named = told.pop().strip()
        if not _is_address(named):
            break
        remote = named
    return remote


def trusted(address: str | None, proxies: Sequence[str]) -> bool:
    """Whether this is one of our proxies."""
    if address is None or not _is_address(address):
        return False
    return any(ip_address(address) in ip_network(each, strict=False) for each in proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
