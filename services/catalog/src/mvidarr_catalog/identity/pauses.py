"""Pauses between logins that fail: longer after each, for a user from one address, for an address,
and for a user from everywhere.

Nobody can lock others out for good. From everywhere together a pause is a minute at most, and does
not hold where the user has logged in before, nor on the machine itself. And a browser in which the
user has logged in before counts for itself alone, whatever else comes from its address.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import UserId
from mvidarr_common.messages.logins import (
    FailedLoginsForgotten,
    ForgetFailedLogins,
    LoginFailed,
    ReportFailedLogin,
)
from mvidarr_common.messages.sessions import Device, SessionStarted

MEMORY = timedelta(hours=24)
"""Without a failure for so long, all is forgotten."""
PLACES = 10
"""Addresses remembered of each user."""


@dataclass(frozen=True)
class Rule:
    """So many failures are free; then a pause of some seconds, twice as long after each, at most
    so many."""

    free: int
    first: float
    most: float

    def pause(self, failures: int) -> timedelta:
        """After so many."""
        beyond = failures - self.free
        if beyond <= 0:
            return timedelta()
        return timedelta(seconds=min(self.first * 2.0 ** min(beyond - 1, 20), self.most))


PAIR, PLACE, USER = Rule(3, 5.0, 900.0), Rule(20, 5.0, 900.0), Rule(20, 60.0, 60.0)


class Failures(Row, table="login_failures"):
    """Those of a user from an address ("user@address"), or of one of both."""

    failures: int
    last: datetime
    until: datetime


class Places(Row, table="login_places"):
    """From where a user has logged in, the newest at the end."""

    places: tuple[str, ...]


model = ReadModel(rows=(Failures, Places), version=1)


@model.fold
def failed(event: LoginFailed, cause: Envelope, state: State) -> None:
    for key, rule in _counted(event.user_id, event.device):
        known = state.get(Failures, key)
        count = (known.failures if known else 0) + 1
        until = cause.time + rule.pause(count)
        state.put(Failures(id=key, failures=count, last=cause.time, until=until))


@model.fold
def logged_in(event: SessionStarted, _: Envelope, state: State) -> None:
    """The user has shown that it is they; the address may still be that of somebody else, too."""
    place = place_of(event.device.remote)
    state.drop(Failures, _counted(event.user_id, event.device)[0][0])
    known = state.get(Places, event.user_id)
    others = tuple(each for each in (known.places if known else ()) if each != place)
    state.put(Places(id=event.user_id, places=(*others, place)[-PLACES:]))


@model.fold
def forgotten(event: FailedLoginsForgotten, _: Envelope, state: State) -> None:
    state.drop(Failures, event.of)


@model.decide
def report(command: ReportFailedLogin, _: Envelope, state: Known) -> Iterator[Decision]:
    known = command.model_dump(by_alias=False, exclude={"device"})
    yield LoginFailed(device=command.device, **known)


@model.decide
def remember(event: LoginFailed, cause: Envelope, state: Known) -> Iterator[Decision]:
    """One timer for each row, set when it is made."""
    for key, _ in _counted(event.user_id, event.device):
        row = state.get(Failures, key)
        if row is not None and row.failures == 1:
            yield Later(cause.time + MEMORY, ForgetFailedLogins(of=key))


@model.decide
def forget(command: ForgetFailedLogins, cause: Envelope, state: Known) -> Iterator[Decision]:
    row = state.get(Failures, command.of)
    if row is not None and row.last + MEMORY <= cause.time:
        yield FailedLoginsForgotten(of=command.of)
    elif row is not None:
        yield Later(row.last + MEMORY, command)


async def seconds_to_wait(user: UserId, device: Device, read: Read) -> float:
    """How long nobody may try to be this user from there."""
    place = place_of(device.remote)
    rows = await read.rows(Places, read.table(Places).c.id == user)
    keys = {key for key, _ in _counted(user, device)}
    if place == LOCAL or any(place in row.places for row in rows):
        keys.discard(f"{user}@")
    found = await read.rows(Failures, read.table(Failures).c.id.in_(keys))
    ends = [row.until for row in found]
    return max(0.0, (max(ends) - datetime.now(UTC)).total_seconds()) if ends else 0.0


LOCAL = "local"


def place_of(remote: str | None) -> str:
    """An address as it is counted: of IPv6 the network, since everybody has a whole one."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return "unknown"
    if address.is_loopback:
        return LOCAL
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def _counted(user: UserId, device: Device) -> list[tuple[str, Rule]]:
    """Under which keys failures are counted, that of both together first."""
    if device.mark is not None:
        return [(f"{user}@#{device.mark}", PAIR)]
    place = place_of(device.remote)
    return [(f"{user}@{place}", PAIR), (f"@{place}", PLACE), (f"{user}@", USER)]
