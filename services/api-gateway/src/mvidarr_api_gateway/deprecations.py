"""What will go, in one table: answers say it (RFC 9745, RFC 8594), and so does the description.

A line by the name of the operation, such as `videos_edit`, is all that it takes.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any


@dataclass(frozen=True)
class Deprecation:
    """Since when it is better not used, from when on it is gone (both in UTC), and what to use
    instead."""

    since: datetime
    sunset: datetime
    successor: str


GOING: dict[str, Deprecation] = {}


def operation_id(route: Any) -> str:
    """How generated clients name it, by file and function: `videos_edit`."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def going(route: Any) -> list[tuple[bytes, bytes]]:
    """What answers of a route say of its end."""
    known = GOING.get(operation_id(route)) if GOING and route is not None else None
    if known is None:
        return []
    return [
        (b"deprecation", f"@{known.since.timestamp():.0f}".encode()),
        (b"sunset", format_datetime(known.sunset, usegmt=True).encode()),
        (b"link", f'<{known.successor}>; rel="successor-version"'.encode()),
    ]
