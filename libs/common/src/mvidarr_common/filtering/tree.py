"""A filter as a tree of frozen values, and the one way in which a bad filter is refused."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mvidarr_common.errors import Invalid

Op = Literal["=", "!=", "<", "<=", ">", ">=", "~", "in"]


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was written; only a bare word can be `null`, `true` or a number."""

    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether it stands for "nothing"."""
        return not self.quoted and self.text.lower() == "null"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field, an operator, and one value; several with `in`. `at` is where it begins."""

    field: str
    op: Op
    values: tuple[Given, ...]
    at: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class No:
    """The part does not hold."""

    part: "Filter"


Filter = Comparison | All | Any | No


def bad_filter(sentence: str, at: int, fields: Iterable[str] = ()) -> Invalid:
    """The refusal: `at` counts characters from 0, `fields` are those that the list has."""
    known = sorted(fields)
    named = f" Fields: {', '.join(known)}." if known else ""
    more = {"position": at, "fields": known}
    return Invalid("bad_filter", f"At character {at}: {sentence}{named}", more=more)
