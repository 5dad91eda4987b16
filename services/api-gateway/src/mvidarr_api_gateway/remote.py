"""From which address a request comes, also behind reverse proxies."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

PEER = "mvidarr.peer"


def see_through(scope: Scope, proxies: Sequence[str]) -> None:
    """Put the client into the scope in place of our proxies; who has opened the connection stays
    known, too."""
    peer = (scope.get("client") or ("", 0))[0]
    scope[PEER] = peer
    if trusted(peer, proxies):
        told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        scope["client"] = (_client(peer, told, proxies), 0)


def trusted(address: str | None, proxies: Sequence[str]) -> bool:
    """Whether this is one of our proxies."""
    if not proxies or address is None or not _is_address(address):
        return False
    return any(ip_address(address) in ip_network(each, strict=False) for each in proxies)


def _client(peer: str, told: list[str], proxies: Sequence[str]) -> str:
    """Each proxy adds whom it has heard: the last one who is none of ours."""
    found = peer
    while told and trusted(found, proxies):
        named = told.pop().strip()
        if not _is_address(named):
            break
        found = named
    return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
