"""What all lists of answers share: pages, filters, orders, and moments of the past."""

from datetime import datetime
from typing import Any

from pydantic import BeforeValidator, Field

from mvidarr_common.messages.base import Value


class View(Value):
    """Something the catalog shows."""


class Failure(Value):
    """Why something failed: a stable code and a sentence for people."""

    code: str
    message: str


class Page(View):
    """A page of a list. `next` is the cursor of the following page."""

    next: str | None = None
    total: int | None = None


class Listing(Value):
    """What every list takes: a page size and the cursor that the page before gave."""

    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = None


class Filtered(Listing):
    """A list that shows what matches a filter alone, in an order of its own; see docs/filters.md.

    `skip` leaves out that many at the beginning, for clients that count pages: a cursor is faster
    and misses nothing. `total` counts all that match.
    """

    filter: str | None = None
    sort: str | None = None
    skip: int = Field(default=0, ge=0, le=1_000_000)
    total: bool = False
    fields: str | None = None
    """Names of the fields that are wanted, with commas between them; all without it."""


class AsOf(Value):
    """What can be asked of a moment of the past: the state as it was then."""

    at: datetime | None = None


def _names(value: Any) -> Any:
    """Whether they come with commas between them, one by one, or both."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        return value
    found = (name.strip() for part in parts for name in part.split(","))
    return list(dict.fromkeys(name for name in found if name))


Names = BeforeValidator(_names)
"""Of a tuple of names: `include=artist,profile`."""


class Including(Value):
    """What can be shown with something else in it: what that is, every question says itself."""

    include: tuple[str, ...] = ()
