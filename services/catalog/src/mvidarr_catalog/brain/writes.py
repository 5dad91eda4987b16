"""What one turn writes: gathered, and sent to PostgreSQL as one statement."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Self

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from . import dialects
from .driver import CHUNK, Columns, as_text, driver_of
from .rows import Row, to_columns, to_json

_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.JSON, "jsonb"),
    (sa.String, "text"),
    (sa.Boolean, "boolean"),
    (sa.Integer, "bigint"),
    (sa.Double, "double precision"),
    (sa.DateTime, "timestamptz"),
    (sa.LargeBinary, "bytea"),
)
_VALUE = re.compile(r"\$(\d+)")


class Writes:
    """Changes that belong together: to PostgreSQL they travel as one statement, since its way
    there and back takes longer than most of them. No row may be written twice by them.

    Used as a block, they are sent at its end.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._driver = driver_of(connection)
        self._straight: list[tuple[str, Sequence[Any]]] = []
        self._must_change = False
        self._portable: list[tuple[sa.Executable, Columns | Sequence[Columns]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.send()

    def insert_new(self, table: sa.Table, rows: Sequence[Columns]) -> None:
        """Insert rows; pass over those whose key is there. None of their columns is JSON."""
        if not rows:
            return
        if self._driver is None:
            self._in_chunks(dialects.insert_new(self._connection, table), rows)
        else:
            names = tuple(rows[0])
            arrays = [[row[name] for row in rows] for name in names]
            self._straight.append((_unnesting(table, names), arrays))

    def upsert(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Insert rows of one class, or put them in the place of those with the same id."""
        if self._driver is None:
            columns = [to_columns(row) for row in rows]
            self._in_chunks(dialects.upsert(self._connection, table), columns)
            self._reword(table, columns)
        else:
            kind = type(rows[0])
            self._straight.append((_putting(table, kind), [to_json(kind, rows)]))

    def delete(self, table: sa.Table, ids: Collection[str]) -> None:
        """Delete the rows with these ids."""
        if not ids:
            return
        if self._driver is None:
            self._portable.append((sa.delete(table).where(table.c.id.in_(ids)), {}))
        else:
            sql = f"DELETE FROM {table.name} WHERE id = ANY($1::text[])"  # noqa: S608  # our names
            self._straight.append((sql, [list(ids)]))

    def change(self, statement: sa.Update, values: Columns) -> None:
        """Carry out a statement that is kept, at last. Where it finds nothing to change, nothing
        is written: `send` gives 0, and what is no part of one statement is to be rolled back."""
        if self._driver is None:
            self._portable.append((statement, values))
        else:
            sql, given = as_text(statement, values)
            self._straight.append((f"{sql} RETURNING 1", given))
            self._must_change = True

    async def send(self) -> int:
        """Write it all; gives 0 where the last change has found nothing."""
        count = 0
        for statement, given in self._portable:
            count = (await self._connection.execute(statement, given)).rowcount
        if self._driver is not None and self._straight:
            sql = _as_one(tuple(sql for sql, _ in self._straight), self._must_change)
            values = (value for _, given in self._straight for value in given)
            try:
                await self._driver.execute(sql, *values)
                count = 1
            except asyncpg.DivisionByZeroError:
                count = 0
        self._portable, self._straight, self._must_change = [], [], False
        return count

    def _in_chunks(self, statement: sa.Executable, rows: Sequence[Columns]) -> None:
        self._portable += [(statement, part) for part in _chunks(rows)]

    def _reword(self, table: sa.Table, rows: Sequence[Columns]) -> None:
        for part in _chunks(rows):
            if (statement := dialects.reword(self._connection, table, part)) is not None:
                self._portable.append((statement, {}))


def _chunks(rows: Sequence[Columns]) -> Iterator[Sequence[Columns]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


@cache
def _unnesting(table: sa.Table, names: tuple[str, ...]) -> str:
    """One statement for any number of rows: each column is one array."""
    arrays = ", ".join(
        f"${number}::{_sql(table.c[name])}[]" for number, name in enumerate(names, 1)
    )
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays}) "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    )


@cache
def _putting(table: sa.Table, kind: type[Row]) -> str:
    """One statement for any number of rows, which are one text: that costs us next to nothing,
    where the arrays of the driver are looked through value by value."""
    said = {name: f'"{field.alias}"' for name, field in kind.model_fields.items()}
    shape = ", ".join(f"{alias} {_sql(table.c[name])}" for name, alias in said.items())
    columns = ", ".join(f'"{name}"' for name in said)
    rest = ", ".join(f'"{name}" = excluded."{name}"' for name in said if name != "id")
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(said.values())} "  # noqa: S608
        f"FROM json_to_recordset($1::text::json) AS new({shape}) "
        f"ON CONFLICT (id) DO {f'UPDATE SET {rest}' if rest else 'NOTHING'}"
    )


def _sql(column: sa.Column[Any]) -> str:
    return next(name for kind, name in _TYPES if isinstance(column.type, kind))


@lru_cache(maxsize=1000)
def _as_one(statements: tuple[str, ...], must_change: bool) -> str:
    """All but the last as parts of the last one, with their values numbered on. If that must change
    a row, nothing at all is done where it does not: PostgreSQL has no other way to say so."""
    parts, count = [], 0
    for sql in statements:
        parts.append(_VALUE.sub(lambda found, by=count: f"${int(found[1]) + by}", sql))  # type: ignore[misc]  # a default binds the loop's name
        count += max(int(number) for number in _VALUE.findall(sql))
    if must_change:
        parts.append(f"SELECT 1 / count(*) FROM w{len(parts) - 1}")  # noqa: S608  # our names
    *before, last = parts
    named = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(before))
    return f"WITH {named} {last}" if named else last
