"""Which changes of a message old records survive."""

from typing import Literal

import pytest
from pydantic import Field

from mvidarr_common.compatibility import breaks
from mvidarr_common.messages import Value


class Inner(Value):
    word: str = "x"


class Grown(Inner):
    more: int | None = None


class Was(Value):
    a: str
    b: int = 1
    c: Literal["x", "y"] = "x"
    d: tuple[Inner, ...] = ()
    e: Inner = Inner()
    f: Inner | None = None
    g: str = Field(default="", max_length=10)


class Same(Was):
    pass


class NewOptional(Was):
    new: str | None = None


class NewRequired(Was):
    new: str


class Gone(Value):
    a: str


class OtherType(Was):
    b: str = "1"  # type: ignore[assignment]  # that is the point


class NumberNow(Was):
    b: float = 1  # type: ignore[assignment]  # an integer is a number


class OtherDefault(Was):
    b: int = 2


class MoreChoices(Was):
    c: Literal["x", "y", "z"] = "x"  # type: ignore[assignment]  # wider


class FewerChoices(Was):
    c: Literal["x"] = "x"


class DeepGrowth(Was):
    d: tuple[Grown, ...] = ()
    e: Grown = Grown()
    f: Grown | None = None


class AlwaysThere(Was):
    f: Inner = Inner()


class Tighter(Was):
    g: str = Field(default="", max_length=5)


class Wider(Was):
    g: str = Field(default="", max_length=50)


class OptionalNow(Was):
    a: str | None = None  # type: ignore[assignment]  # wider


@pytest.mark.parametrize(
    "cls", [Same, NewOptional, NumberNow, MoreChoices, DeepGrowth, Wider, OptionalNow]
)
def test_growth_is_no_break(cls: type[Value]) -> None:
    assert breaks(Was.model_json_schema(), cls.model_json_schema()) == []


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (NewRequired, "new is required now"),
        (Gone, "b is gone"),
        (OtherType, "b was integer and is string"),
        (OtherDefault, "b has another default"),
        (FewerChoices, "c may no longer be 'y'"),
        (AlwaysThere, "f no longer takes null"),
        (Tighter, "g has a tighter maxLength"),
    ],
)
def test_what_old_records_do_not_survive_is_found(cls: type[Value], reason: str) -> None:
    found = breaks(Was.model_json_schema(), cls.model_json_schema())
    assert any(sentence.startswith(reason) for sentence in found), found


def test_recursive_schemas_come_to_an_end() -> None:
    class Tree(Value):
        children: tuple["Tree", ...] = ()

    schema = Tree.model_json_schema()
    assert breaks(schema, schema) == []
