"""Filters on a real database find what a few lines of Python find."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any as Anything

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.filters import matching
from mvidarr_catalog.brain.rows import table_of
from mvidarr_common.filtering import All, Any, Comparison, Filter, Given, No, parse
from mvidarr_common.testing.servers import DatabaseServer

from .things import FIELDS, NAMES, SEEN, THINGS, Thing, filled

ORDER = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
READ: dict[str, Callable[[str], Anything]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: text == "true",
    "time": datetime.fromisoformat,
}


def holds(found: Filter, thing: Thing) -> bool:
    """What a filter means."""
    match found:
        case No(part):
            return not holds(part, thing)
        case All(parts):
            return all(holds(part, thing) for part in parts)
        case Any(parts):
            return any(holds(part, thing) for part in parts)
        case Comparison(field, "!=", values):
            return not holds(Comparison(field, "=", values), thing)
        case comparison:
            return compares(comparison, SEEN[comparison.field](thing))


def compares(found: Comparison, value: Anything) -> bool:
    """Whether a field's value is so."""
    if found.values[0].is_null:
        return value is None
    read = READ[FIELDS[found.field].kind]
    wanted = [read(each.text) for each in found.values]
    if value is None:
        return False
    if found.op == "in":
        return value in wanted
    if found.op == "~":
        return wanted[0].lower() in value.lower()
    return bool(ORDER[found.op](value, wanted[0]))


def written(found: Filter) -> str:
    """The filter as text."""
    match found:
        case No(part):
            return f"not ({written(part)})"
        case All(parts) | Any(parts):
            word = " and " if isinstance(found, All) else " or "
            return word.join(f"({written(part)})" for part in parts)
        case Comparison(field, "in", values):
            return f"{field} in ({', '.join(map(given_text, values))})"
        case Comparison(field, op, values):
            return f"{field}{op}{given_text(values[0])}"


def given_text(each: Given) -> str:
    """A value as text."""
    escaped = each.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if each.quoted else each.text


TEXTS = st.sampled_from([name for name in NAMES if name is not None] + ["%", "_", "B", "null"])
VALUES: dict[str, st.SearchStrategy[Given]] = {
    "text": TEXTS.map(lambda text: Given(text, quoted=True)),
    "integer": st.sampled_from([-1, 0, 3, 7]).map(lambda n: Given(str(n))),
    "number": st.sampled_from([0.5, 0.25, 7]).map(lambda n: Given(str(n))),
    "boolean": st.sampled_from(["true", "false"]).map(Given),
    "time": st.sampled_from(["2026-01-01T00:00Z", "2026-01-01T12:30+00:30"]).map(Given),
}
OPS = {"text": ["=", "!=", "~", "in"], "boolean": ["=", "!="]}
NUMERIC = ["=", "!=", "<", "<=", ">", ">=", "in"]


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """Any comparison that the fields allow."""
    field = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[field].kind
    op: Anything = draw(st.sampled_from(OPS.get(kind, NUMERIC)))
    if op in ("=", "!=") and draw(st.integers(0, 3)) == 0:
        return Comparison(field, op, (Given("null"),))
    values = draw(st.lists(VALUES[kind], min_size=1, max_size=3 if op == "in" else 1))
    return Comparison(field, op, tuple(values))


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Filters of filters."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(parts.map(No), several.map(All), several.map(Any))


FILTERS: st.SearchStrategy[Filter] = st.recursive(comparisons(), joined, max_leaves=6)


@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_a_filter_finds_what_it_says(database: str, request: pytest.FixtureRequest) -> None:
    server: DatabaseServer = request.getfixturevalue(database)
    with asyncio.Runner() as runner:
        engine = open_engine(server.new_database())
        table = table_of(Thing, 1)
        runner.run(filled(engine, table))

        @settings(max_examples=100, deadline=timedelta(seconds=20))
        @given(FILTERS)
        def finds(wanted: Filter) -> None:
            text = written(wanted)
            assert parse(text) == wanted
            found = runner.run(ids(engine, table, text))
            assert found == {thing.id for thing in THINGS if holds(wanted, thing)}

        try:
            finds()
        finally:
            runner.run(engine.dispose())


async def ids(engine: AsyncEngine, table: sa.Table, text: str) -> set[str]:
    """Those that a filter finds."""
    async with engine.connect() as connection:
        query = sa.select(table.c.id).where(*matching(text, FIELDS, table))
        return set((await connection.execute(query)).scalars())
