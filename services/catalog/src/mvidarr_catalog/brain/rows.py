"""Rows of read models as frozen classes, and the tables that hold them.

A row class is written once; its table follows from its fields. Tables belong to a generation, so
that a rebuild can fill a new set beside the live one.
"""

from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, NewType, TypeVar, Union, get_args, get_origin

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import JSONB

from mvidarr_common.messages import Value

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)


class Row(Value):
    """One row. Class keywords: `table`, `subject` (the kind of subject that a row describes, such
    as "video": its row is fetched ahead for messages about it), `indexes`, each a tuple of column
    names ("-priority" is the highest first), and `whole`: a small table that may be asked for all
    its rows while deciding."""

    id: str

    table: ClassVar[str]
    subject: ClassVar[str | None]
    indexes: ClassVar[tuple[tuple[str, ...], ...]]
    whole: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        table: str,
        subject: str | None = None,
        indexes: tuple[tuple[str, ...], ...] = (),
        whole: bool = False,
        **_: Any,
    ) -> None:
        super().__init_subclass__()
        cls.table, cls.subject, cls.indexes, cls.whole = table, subject, indexes, whole

    def changed(self: "R", **fields: Any) -> "R":
        """The same row with other values."""
        return self.model_copy(update=fields)


R = TypeVar("R", bound=Row)


@cache
def table_of(row: type[Row], generation: int) -> sa.Table:
    """The table that holds rows of this class in this generation of the read model."""
    name = f"{row.table}_{generation}"
    columns = [_column(name, field.annotation) for name, field in row.model_fields.items()]
    table = sa.Table(name, sa.MetaData(), *columns)
    for names in row.indexes:
        _index(table, names)
    return table


def to_columns(row: Row) -> dict[str, Any]:
    """A row as its table takes it."""
    return {
        name: adapter.dump_python(value, mode="json") if adapter else value
        for name, adapter in _adapters(type(row)).items()
        for value in (getattr(row, name),)
    }


def from_columns(row: type[R], columns: Any) -> R:
    """A row as its table gave it."""
    return row.model_validate(dict(columns))


@cache
def _adapters(row: type[Row]) -> dict[str, TypeAdapter[Any] | None]:
    """For each field that is stored as JSON, what turns its value into JSON."""
    kinds: dict[str, Any] = {name: field.annotation for name, field in row.model_fields.items()}
    return {name: TypeAdapter(kind) if _is_json(kind) else None for name, kind in kinds.items()}


def _is_json(annotation: Any) -> bool:
    return isinstance(_sql_type(_without_none(annotation)), sa.JSON)


def _column(name: str, annotation: Any) -> sa.Column[Any]:
    kind = sa.String(255) if name == "id" else _sql_type(_without_none(annotation))
    nullable = NoneType in get_args(annotation)
    return sa.Column(name, kind, primary_key=name == "id", nullable=nullable)


def _index(table: sa.Table, names: tuple[str, ...]) -> None:
    plain = [name.removeprefix("-") for name in names]
    columns = [table.c[name] for name in plain]
    ordered = [c.desc() if name[0] == "-" else c for name, c in zip(names, columns, strict=True)]
    sa.Index(f"ix_{table.name}_{'_'.join(plain)}", *ordered)


def _without_none(annotation: Any) -> Any:
    """X of `X | None`; a union of more than that is stored as JSON, whatever is in it."""
    if get_origin(annotation) in (Union, UnionType):
        rest = [kind for kind in get_args(annotation) if kind is not NoneType]
        return rest[0] if len(rest) == 1 else annotation
    return annotation


def bare_type(annotation: Any) -> Any:
    """The type of a field's values, but for None; of a NewType what it is made of."""
    bare = _without_none(annotation)
    return bare.__supertype__ if isinstance(bare, NewType) else bare


def _sql_type(annotation: Any) -> sa.types.TypeEngine[Any]:
    annotation = bare_type(annotation)
    if get_origin(annotation) is Literal:
        annotation = str
    simple: dict[Any, sa.types.TypeEngine[Any]] = {
        str: sa.Text(),
        int: sa.BigInteger(),
        float: sa.Double(),
        bool: sa.Boolean(),
        datetime: TIME,
    }
    return simple.get(annotation, JSON)
