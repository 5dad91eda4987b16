"""Pages by number, as *arr clients turn them."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value

T = TypeVar("T", bound=Value)

FARTHEST = 1_000_000
"""Records that can lie before a page: lists are not read any farther."""


class Asked(Value):
    """Which page. An order that we do not know is the usual one, as these clients expect."""

    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=10, ge=1, le=500)
    sort_key: str | None = None
    sort_direction: Literal["ascending", "descending", "default"] = "default"

    @property
    def skip(self) -> int:
        """How many records lie before it; raises Invalid."""
        before = (self.page - 1) * self.page_size
        if before > FARTHEST:
            raise Invalid("page_too_far", f"No page is shown behind {FARTHEST:,} records.")
        return before

    def turned(self, orders: Mapping[str, str], usual: str) -> dict[str, Any]:
        """The same page of one of our lists, whose fields `orders` has for their keys."""
        field = orders.get(self.sort_key or "")
        down = "" if self.sort_direction == "ascending" else "-"
        return {
            "limit": self.page_size,
            "skip": self.skip,
            "sort": f"{down}{field}" if field else usual,
            "total": True,
        }


class Wrapped(Value, Generic[T]):
    """A page as they read it."""

    page: int
    page_size: int
    sort_key: str
    sort_direction: str
    total_records: int
    records: tuple[T, ...]


def wrapped(asked: Asked, usual: str, records: Sequence[T], total: int | None) -> Wrapped[T]:
    """The records of a page."""
    return Wrapped(
        page=asked.page,
        page_size=asked.page_size,
        sort_key=asked.sort_key or usual,
        sort_direction="descending" if asked.sort_direction == "default" else asked.sort_direction,
        total_records=len(records) if total is None else total,
        records=tuple(records),
    )
