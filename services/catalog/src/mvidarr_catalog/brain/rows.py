"""Rows of read models as frozen classes, and the tables that hold them.

A row class is written once; its table follows from its fields. Tables belong to a generation, so
that a rebuild can fill a new set beside the live one.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, NewType, TypeVar, Union, get_args, get_origin

import sqlalchemy as sa
from pydantic import BaseModel, TypeAdapter

from mvidarr_common.messages import Value

from .columns import JSON, KEY, LONGEST, STORAGE, TEXT, TIME, WORD, name
from .dialects import DIALECTS, TEMPORARY, WORDS

PASSING = 0
"""The generation of temporary tables: live ones begin at 1."""


class Row(Value):
    """One row. Class keywords: `table`, `subject` (the kind of subject that a row describes, such
    as "video": its row is fetched ahead for messages about it), `indexes`, each a tuple of column
    names ("-priority" is the highest first), `words`: a column that is searched (see
    `library.search`), `whole`: a small table that may be asked for all its rows while deciding,
    and `tally`: its one field that counts, where folds do nothing but count more or less (no row
    is as good as 0)."""

    id: str

    table: ClassVar[str]
    subject: ClassVar[str | None]
    indexes: ClassVar[tuple[tuple[str, ...], ...]]
    words: ClassVar[str | None]
    whole: ClassVar[bool]
    tally: ClassVar[str | None]

    def __init_subclass__(
        cls,
        *,
        table: str,
        subject: str | None = None,
        indexes: tuple[tuple[str, ...], ...] = (),
        words: str | None = None,
        whole: bool = False,
        tally: str | None = None,
        **_: Any,
    ) -> None:
        super().__init_subclass__()
        cls.table, cls.subject, cls.indexes, cls.whole = table, subject, indexes, whole
        cls.words, cls.tally = words, tally

    def changed(self: "R", **fields: Any) -> "R":
        """The same row with other values. As `model_copy` does it, in a third of its time: nothing
        is done as often in a rebuild."""
        same = object.__new__(type(self))
        same.__dict__.update(self.__dict__, **fields)
        _set_fields(same, self.__pydantic_fields_set__)
        _set_extra(same, None)
        _set_private(same, None)
        return same


R = TypeVar("R", bound=Row)
_set_fields, _set_extra, _set_private = (
    getattr(BaseModel, f"__pydantic_{slot}__").__set__
    for slot in ("fields_set", "extra", "private")
)


@cache
def table_of(row: type[Row], generation: int) -> sa.Table:
    """The table that holds rows of this class in this generation of the read model."""
    keys = {name.removeprefix("-") for names in row.indexes for name in names}
    columns = [
        _column(name, field.annotation, key=name in keys)
        for name, field in row.model_fields.items()
    ]
    info = {WORDS: row.words, TEMPORARY: generation == PASSING}
    table = sa.Table(f"{row.table}_{generation}", sa.MetaData(), *columns, info=info, **STORAGE)
    for names in row.indexes:
        _index(table, names)
    if row.words:
        _index_words(table, table.c[row.words])
    return table


def indexes_of(table: sa.Table, dialect: str) -> list[sa.Index]:
    """Those that its table has in such a database."""
    return [each for each in table.indexes if each.info.get("dialect", dialect) == dialect]


def to_columns(row: Row) -> dict[str, Any]:
    """A row as its table takes it."""
    return {
        name: adapter.dump_python(value, mode="json") if adapter else value
        for name, adapter in _adapters(type(row)).items()
        for value in (getattr(row, name),)
    }


def to_json(kind: type[Row], rows: Sequence[Row]) -> str:
    """Rows of one class as an array of objects, by the names that fields have in JSON."""
    return _many(kind).dump_json(rows).decode()


@cache
def _many(row: type[Row]) -> TypeAdapter[Sequence[Row]]:
    return TypeAdapter(list[row])  # type: ignore[valid-type]  # a list of rows of this class


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


def _column(column: str, annotation: Any, *, key: bool) -> sa.Column[Any]:
    kind = name(LONGEST) if column == "id" else _sql_type(_without_none(annotation))
    kind = KEY if key and kind is TEXT else kind
    nullable = NoneType in get_args(annotation)
    return sa.Column(column, kind, primary_key=column == "id", nullable=nullable)


def _index(table: sa.Table, names: tuple[str, ...]) -> None:
    plain = [name.removeprefix("-") for name in names]
    columns = [table.c[name] for name in plain]
    ordered = [c.desc() if name[0] == "-" else c for name, c in zip(names, columns, strict=True)]
    sa.Index(f"ix_{table.name}_{'_'.join(plain)}", *ordered)


def _index_words(table: sa.Table, column: sa.Column[Any]) -> None:
    for dialect in DIALECTS:
        if (index := dialect.search_index(f"words_{table.name}", column)) is not None:
            index.ddl_if(dialect=dialect.name)
            index.info["dialect"] = dialect.name


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
        return WORD
    simple: dict[Any, sa.types.TypeEngine[Any]] = {
        str: TEXT,
        int: sa.BigInteger(),
        float: sa.Double(),
        bool: sa.Boolean(),
        datetime: TIME,
    }
    return simple.get(annotation, JSON)
