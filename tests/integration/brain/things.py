"""Rows with a field of every kind, with and without values, for tests of what lists do."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any as Anything

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.rows import Row, to_columns
from mvidarr_common.messages import Value


class About(Value):
    """What stands within JSON."""

    title: str | None = None
    size: int | None = None
    ratio: float | None = None


class Thing(Row, table="things", indexes=(("place",),)):
    """A row with a field of every kind; all may be without a value, but its place in lists."""

    name: str | None
    count: int | None
    good: bool | None
    when: datetime | None
    about: About | None
    place: str


NAMES = [None, "", "a", "A%b", "a_b", "50%/x", 'say "a"', "\\", "ß and or"]
COUNTS = [None, -1, 0, 7]
WHENS = [None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)]
ABOUTS = [None, About(), About(title="A%b", size=7, ratio=0.5), About(title="a_b", size=-1)]
THINGS = [
    Thing(id=str(n), name=name, count=count, good=good, when=when, about=about, place=f"É{n % 50}")
    for n, (name, count, good, when, about) in enumerate(
        product(NAMES, COUNTS, [None, True, False], WHENS, ABOUTS)
    )
]
FIELDS = fields_of(Thing, "name", "count", "good", "when") | {
    "about.title": inside("text", "about.title"),
    "about.size": inside("integer", "about.size"),
    "about.ratio": inside("number", "about.ratio"),
    "best": inside("text", "about.title", "name"),
}
SEEN: dict[str, Callable[[Thing], Anything]] = {
    "name": lambda each: each.name,
    "count": lambda each: each.count,
    "good": lambda each: each.good,
    "when": lambda each: each.when,
    "about.title": lambda each: each.about and each.about.title,
    "about.size": lambda each: each.about and each.about.size,
    "about.ratio": lambda each: each.about and each.about.ratio,
    "best": lambda each: each.name if (t := SEEN["about.title"](each)) is None else t,
}


async def filled(engine: AsyncEngine, table: sa.Table) -> None:
    """Put all things into a new table."""
    async with engine.begin() as connection:
        await connection.run_sync(table.create)
        await connection.execute(sa.insert(table), [to_columns(thing) for thing in THINGS])
