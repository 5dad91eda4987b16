"""Token buckets: so many at once, and then as fast as they fill again."""

import pytest

from mvidarr_api_gateway.rates import Buckets, headers, network_of, require_left
from mvidarr_common.errors import TooMany


class Clock:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_passes_at_once_and_then_as_it_fills() -> None:
    clock = Clock()
    buckets = Buckets("user", 60, clock)
    first = [buckets.take("anna") for _ in range(60)]
    assert [left.remaining for left in first if left] == list(range(59, -1, -1))
    assert not any(left.wait for left in first if left)
    over = buckets.take("anna")
    assert over is not None
    assert over.wait == pytest.approx(1.0)
    with pytest.raises(TooMany, match="60 requests a minute"):
        require_left(over)
    clock.now += 1.0
    assert [bool(left and left.wait) for left in (buckets.take("anna"), buckets.take("anna"))] == [
        False,
        True,
    ]


def test_many_at_once_cost_as_many_and_no_more_than_half() -> None:
    clock = Clock()
    buckets = Buckets("user", 60, clock)
    taken = [buckets.take("anna", count) for count in (20, 1000, 1000)]
    assert [(left.remaining, left.wait) for left in taken if left] == [(40, 0), (10, 0), (10, 20)]
    clock.now += 20
    again = buckets.take("anna", 1000)
    assert again is not None
    assert (again.remaining, again.wait) == (0, 0)


def test_one_does_not_spend_what_another_has() -> None:
    buckets = Buckets("user", 1, Clock())
    require_left(buckets.take("anna"))
    require_left(buckets.take("ben"))
    with pytest.raises(TooMany):
        require_left(buckets.take("anna"))


def test_no_quota_is_no_limit() -> None:
    assert Buckets("user", 0).take("anna") is None


def test_what_is_left_is_told() -> None:
    buckets = [Buckets("address", 600, Clock()), Buckets("user", 60, Clock())]
    taken = [left for each in buckets if (left := each.take("x"))]
    assert dict(headers(taken)) == {
        b"ratelimit-policy": b'"address";q=600;w=60, "user";q=60;w=60',
        b"ratelimit": b'"address";r=599;t=1, "user";r=59;t=1',
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_of_ipv6_a_network_is_one_address(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
