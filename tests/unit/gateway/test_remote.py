"""From which address somebody comes, and what proxies may say about it."""

from typing import Any

import pytest

from mvidarr_api_gateway.remote import PEER, see_through

OURS = ("10.0.0.0/8", "2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "told", "remote"),
    [
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("2001:db8::1", "2001:db9::1", "2001:db9::1"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, told: str, remote: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())]
    scope: dict[str, Any] = {"type": "http", "client": (peer, 1), "headers": headers}
    see_through(scope, OURS)
    assert (scope["client"][0], scope[PEER]) == (remote, peer)
