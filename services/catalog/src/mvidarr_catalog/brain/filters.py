"""Turns filters into conditions of SQL: one way for every list and every bulk.

A list names its fields in a table. A comparison with a field that has no value does not hold, but
for `!=` and `= null`; so a filter either holds or does not, and `not` turns that round.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Literal, get_args, get_origin

import sqlalchemy as sa
from pydantic.alias_generators import to_camel

from mvidarr_common import filtering
from mvidarr_common.filtering import Comparison, Filter, Given, bad_filter

from .rows import Row, bare_type

Kind = Literal["text", "integer", "number", "boolean", "time", "date"]
"""A date is text in JSON, and in the order of dates."""
Clause = sa.ColumnElement[bool]
Value = str | int | float | bool | datetime | None

ORDERED = ("=", "!=", "<", "<=", ">", ">=", "in")
OPS: dict[Kind, tuple[str, ...]] = {
    "text": ("=", "!=", "~", "in"), "boolean": ("=", "!="), "integer": ORDERED,
    "number": ORDERED, "time": ORDERED, "date": ORDERED,
}  # fmt: skip
KINDS: dict[Any, Kind] = {
    str: "text", int: "integer", float: "number", bool: "boolean", datetime: "time"
}  # fmt: skip
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """What can be compared: of which kind it is, where it stands, and the only values it has.
    `key` is the column by which lists are sorted in its place: one with an index, where `last`
    stands for no value. `always` says that it has a value in every row."""

    kind: Kind
    column: Callable[[sa.Table], sa.ColumnElement[Any]]
    choices: tuple[str, ...] = ()
    key: str | None = None
    always: bool = False
    last: str | None = None


Fields = Mapping[str, Field]


def fields_of(row: type[Row], *names: str) -> dict[str, Field]:
    """Columns of a row as fields, under their names in JSON."""
    return {to_camel(name): _field_of(row, name) for name in names}


def inside(kind: Kind, *paths: str, key: str | None = None, last: str | None = None) -> Field:
    """A field within a column of JSON, such as "rendition.facts.size"; of several the first that
    has a value."""

    def column(table: sa.Table) -> sa.ColumnElement[Any]:
        return _first_of([_within(table, path, kind) for path in paths])

    return Field(kind, column, key=key, last=last)


def matching(text: str | None, fields: Fields, table: sa.Table) -> list[Clause]:
    """The condition of a filter, as `where` takes it; raises Invalid("bad_filter")."""
    if text is None:
        return []
    return [_clause(filtering.parse(text, fields), fields, table, True)]


def _clause(found: Filter, fields: Fields, table: sa.Table, holds: bool) -> Clause:
    """That the filter holds, or does not: `not` moves inwards until it meets a comparison."""
    match found:
        case filtering.No(part):
            return _clause(part, fields, table, not holds)
        case filtering.All(parts) | filtering.Any(parts):
            every = isinstance(found, filtering.All) == holds
            clauses = [_clause(part, fields, table, holds) for part in parts]
            return sa.and_(*clauses) if every else sa.or_(*clauses)
        case comparison:
            return _compared(comparison, fields, table, holds)


def _compared(found: Comparison, fields: Fields, table: sa.Table, holds: bool) -> Clause:
    field = fields.get(found.field)
    if field is None:
        raise bad_filter(f"there is no field {found.field!r}.", found.at, fields)
    values = [_value(given, field, found, fields) for given in found.values]
    column = field.column(table)
    if found.op == "!=":
        return _holds(column, "=", values, not holds)
    return _holds(column, found.op, values, holds)


def _holds(column: sa.ColumnElement[Any], op: str, values: Sequence[Value], holds: bool) -> Clause:
    if values[0] is None:
        return column.is_(None) if holds else column.is_not(None)
    clause = _CLAUSES[op](column, values)
    return clause if holds else sa.or_(column.is_(None), sa.not_(clause))


_CLAUSES: dict[str, Callable[[sa.ColumnElement[Any], Sequence[Any]], Clause]] = {
    "=": lambda column, values: column == values[0],
    "<": lambda column, values: column < values[0],
    "<=": lambda column, values: column <= values[0],
    ">": lambda column, values: column > values[0],
    ">=": lambda column, values: column >= values[0],
    "~": lambda column, values: column.icontains(values[0], autoescape=True),
    "in": lambda column, values: column.in_(values),
}


def _value(given: Given, field: Field, found: Comparison, fields: Fields) -> Value:
    if given.is_null:
        if found.op not in ("=", "!="):
            raise bad_filter("null is compared with = and != only.", found.at, fields)
        return None
    if found.op not in OPS[field.kind]:
        sentence = f"{found.field} is compared with {' '.join(OPS[field.kind])} only."
        raise bad_filter(sentence, found.at, fields)
    try:
        value = _read(given, field.kind)
    except (ValueError, OverflowError):
        sentence = f"{found.field} is compared with {_A[field.kind]}, not with {given.text!r}."
        raise bad_filter(sentence, found.at, fields) from None
    if field.choices and found.op != "~" and value not in field.choices:
        raise bad_filter(f"{found.field} is one of {', '.join(field.choices)}.", found.at, fields)
    return value


_A = {
    "text": "text without NUL", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "date": "a date such as 2026-01-31",
    "time": "a time such as 2026-01-31 or 2026-01-31T12:00:00Z",
}  # fmt: skip


def _read(given: Given, kind: Kind) -> Value:
    """Raises ValueError or OverflowError for what is none of this kind."""
    if given.quoted and kind in ("integer", "number", "boolean"):
        raise ValueError(given.text)
    return _READ[kind](given.text)


def _text(text: str) -> str:
    text.encode()  # a lone surrogate is a ValueError
    if "\0" in text:
        raise ValueError("NUL")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > LARGEST:
        raise ValueError(text)
    return value


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _date(text: str) -> str:
    return date.fromisoformat(text).isoformat()


_READ: dict[Kind, Callable[[str], Value]] = {
    "text": _text, "integer": _integer, "number": _number, "boolean": _boolean, "time": _time,
    "date": _date,
}  # fmt: skip


def _field_of(row: type[Row], name: str) -> Field:
    annotation = bare_type(row.model_fields[name].annotation)
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    kind = KINDS[str if choices else annotation]
    return Field(kind, lambda table: table.c[name], choices)


def _first_of(elements: list[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(*elements) if len(elements) > 1 else elements[0]


def _within(table: sa.Table, path: str, kind: Kind) -> sa.ColumnElement[Any]:
    column, *names = path.split(".")
    if not names:
        return table.c[column]
    text = table.c[column][tuple(names) if len(names) > 1 else names[0]].as_string()
    return sa.cast(text, _SQL[kind]) if kind in _SQL else text


_SQL: dict[Kind, sa.types.TypeEngine[Any]] = {"integer": sa.BigInteger(), "number": sa.Double()}
