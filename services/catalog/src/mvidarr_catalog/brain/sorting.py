"""The order of a list, and the cursor that says how far a reader has come in it.

A list is sorted by any field that it is filtered by, and then by id. What has no value comes last,
upwards and downwards. Pages go on by key, so that what comes and goes between two of them neither
hides nor repeats anything else.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from mvidarr_common.errors import Invalid

from .filters import Clause, Field, Fields

NEWEST = "-added"
VALUE = "sorted_by"
"""What the value is called by which a row has its place."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which field, which way, and what that is in SQL."""

    text: str
    field: Field
    down: bool
    value: sa.ColumnElement[Any]
    id: sa.Column[Any]

    @property
    def clauses(self) -> list[sa.ColumnElement[Any]]:
        """As `order_by` takes them."""
        keys = [self.value, self.id]
        ways: list[sa.ColumnElement[Any]] = [key.desc() if self.down else key.asc() for key in keys]
        none = self._none
        return ways if none is None else [none, *ways]

    def after(self, cursor: str) -> Clause:
        """What comes after the row at which a page ended; raises Invalid for a foreign cursor."""
        text, given, id = _opened(cursor)
        if text != self.text:
            raise Invalid("invalid_cursor", f"This cursor belongs to the order {text!r}.")
        none = self._none
        if none is not None and given == self.field.last:
            return sa.and_(none, self._beyond(self.id, id))
        last = sa.literal(self._read(given), self.value.type)
        same = sa.and_(self.value == last, self._beyond(self.id, id))
        beyond = sa.or_(self._beyond(self.value, last), same)
        if none is not None:
            return sa.or_(beyond, none)
        # For MySQL, which finds the beginning by an index only where it is told without an "or".
        return sa.and_(self.value <= last if self.down else self.value >= last, beyond)

    def cursor(self, value: Any, id: str) -> str:
        """Opaque to people, a key to us."""
        shown = value.isoformat() if isinstance(value, datetime) else value
        key = orjson.dumps([self.text, shown, id])
        return base64.urlsafe_b64encode(key).decode().rstrip("=")

    @property
    def _none(self) -> Clause | None:
        """That a row has no value, where the order alone would not put such rows last."""
        if self.field.last is not None:
            return self.value == self.field.last if self.down else None
        return self.value.is_(None) if self._optional else None

    @property
    def _optional(self) -> bool:
        if self.field.always:
            return False
        return not isinstance(self.value, sa.Column) or bool(self.value.nullable)

    def _beyond(self, key: Any, last: Any) -> Clause:
        clause: Clause = key < last if self.down else key > last
        return clause

    def _read(self, given: Any) -> Any:
        try:
            return datetime.fromisoformat(given) if self.field.kind == "time" else given
        except (ValueError, TypeError) as error:
            raise _foreign() from error


def order(sort: str | None, fields: Fields, table: sa.Table) -> Order:
    """The order that a list is asked for, such as "-added"; raises Invalid("bad_sort")."""
    text = sort or NEWEST
    field = fields.get(text.removeprefix("-"))
    if field is None:
        known = ", ".join(sorted(fields))
        raise Invalid("bad_sort", f"Lists are not sorted by {text!r} here. Fields: {known}.")
    return Order(text, field, text.startswith("-"), _value(field, table), table.c.id)


def _value(field: Field, table: sa.Table) -> sa.ColumnElement[Any]:
    """Text is sorted as people look for it, whatever the case."""
    if field.key is not None:
        return table.c[field.key]
    column = field.column(table)
    return sa.func.lower(column) if field.kind == "text" and not field.choices else column


def _opened(cursor: str) -> Sequence[Any]:
    try:
        text, value, id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise _foreign() from error
    if not isinstance(text, str) or not isinstance(id, str):
        raise _foreign()
    return text, value, id


def _foreign() -> Invalid:
    return Invalid("invalid_cursor", "The cursor is none that this API gave.")
