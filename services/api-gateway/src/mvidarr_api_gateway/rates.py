"""How much may be asked: a token bucket for each address, user and API key.

A bucket holds as many requests as a minute has, and fills again over a minute. What is left is
told with every answer (RateLimit and RateLimit-Policy, draft-ietf-httpapi-ratelimit-headers).
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from mvidarr_common.errors import TooMany

from .callers import Caller
from .settings import GatewaySettings

MINUTE: Final = 60.0
REMEMBERED: Final = 20_000
"""Buckets of a kind; the one that was not used for longest is forgotten first, and so is full."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a bucket holds after a request; `wait` is in seconds, and 0 for what may pass."""

    kind: str
    quota: int
    remaining: int
    wait: float

    @property
    def refill(self) -> int:
        """Seconds until it is full."""
        return math.ceil((self.quota - self.remaining) * MINUTE / self.quota)


class Buckets:
    """Those of one kind. `quota` is requests in a minute."""

    def __init__(self, kind: str, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._quota = quota
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, count: int = 1) -> Left | None:
        """So many requests of somebody; None where nothing is limited. Half of the bucket is what
        many at once cost at most, so that they pass sooner or later."""
        if not self._quota:
            return None
        now = self._clock()
        level, since = self._levels.get(who, (float(self._quota), now))
        level = min(self._quota, level + (now - since) * self._quota / MINUTE)
        cost = min(count, max(1, self._quota // 2))
        passes = level >= cost
        left = level - cost if passes else level
        self._keep(who, left, now)
        wait = 0.0 if passes else (cost - level) * MINUTE / self._quota
        return Left(self._kind, self._quota, int(left), wait)

    def _keep(self, who: str, level: float, now: float) -> None:
        self._levels[who] = (level, now)
        self._levels.move_to_end(who)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)


class Rates:
    """The buckets of all kinds."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._addresses = Buckets("address", settings.requests_per_address)
        self._users = Buckets("user", settings.requests_per_user)
        self._keys = Buckets("key", settings.requests_per_key)

    def of_address(self, host: str, count: int = 1) -> Left | None:
        """So many requests from there."""
        return self._addresses.take(network_of(host), count)

    def of_caller(self, caller: Caller, count: int = 1) -> Left | None:
        """So many requests of theirs: keys have limits of their own."""
        if caller.api_key_id is not None:
            return self._keys.take(caller.api_key_id, count)
        return self._users.take(caller.user_id, count)


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """What counts as one address: of IPv6 the network that one customer has."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(int(address) >> 64)


def require_left(left: Left | None) -> None:
    """Raise TooMany for a request that the bucket has no room for."""
    if left is not None and left.wait:
        raise TooMany("rate_limited", crowded(left), after=left.wait)


def crowded(left: Left) -> str:
    """The reason of a refusal."""
    return f"More than {left.quota} requests a minute are not taken from one {left.kind}."


def headers(all: Iterable[Left]) -> list[tuple[bytes, bytes]]:
    """What clients are told of the buckets."""
    told = list(all)
    if not told:
        return []
    policy = ", ".join(f'"{each.kind}";q={each.quota};w={MINUTE:.0f}' for each in told)
    left = ", ".join(f'"{each.kind}";r={each.remaining};t={each.refill}' for each in told)
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]
