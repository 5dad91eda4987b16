"""Reads the text of a filter. The grammar is in docs/filters.md, too."""

import re
from collections.abc import Iterable
from functools import cache
from typing import cast

from lark import (
    Lark,
    Token,
    Transformer,
    UnexpectedCharacters,
    UnexpectedInput,
    UnexpectedToken,
    v_args,
)

from .tree import All, Any, Comparison, Filter, Given, No, Op, bad_filter

LONGEST = 2000
"""Characters of a filter."""
MOST = 100
"""Comparisons in a filter."""
DEEPEST = 20
"""Levels of `and`, `or` and `not` inside one another."""

GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: no (_AND no)*
?no: _NOT no -> negation | "(" either ")" | comparison
comparison: FIELD OP value
          | FIELD _IN "(" value ("," value)* ")" -> membership
value: QUOTED | WORD

_OR.2: /or(?![\w.])/i
_AND.2: /and(?![\w.])/i
_NOT.2: /not(?![\w.])/i
_IN: /in(?![\w.])/i
FIELD: /[A-Za-z][\w.]*/
OP: "!=" | "<=" | ">=" | "=" | "<" | ">" | "~"
QUOTED: /"(?:[^"\\]|\\.)*"/s
WORD: /[^\s(),"=!<>~][^\s(),"]*/
%ignore /\s+/
"""
NAMES = {
    "_OR": "or", "_AND": "and", "_NOT": "not", "_IN": "in", "FIELD": "a field", "LPAR": "(",
    "RPAR": ")", "COMMA": ",", "QUOTED": "a value", "WORD": "a value", "$END": "the end",
    "OP": "= != < <= > >= or ~",
}  # fmt: skip


def parse(text: str, fields: Iterable[str] = ()) -> Filter:
    """The tree of a filter; raises Invalid("bad_filter") that says where it is wrong, and names
    the fields. Whether they exist is for the list to say that is filtered."""
    if len(text) > LONGEST:
        raise bad_filter(f"a filter has {LONGEST} characters at most.", LONGEST, fields)
    try:
        found = cast(Filter, _reader().parse(text))
    except UnexpectedInput as wrong:
        raise _unreadable(text, wrong, fields) from None
    _require_bounds(found, fields)
    return found


@v_args(inline=True)
class _Tree(Transformer[Token, Filter]):
    """What each rule of the grammar means."""

    def either(self, *parts: Filter) -> Filter:
        return Any(parts)

    def both(self, *parts: Filter) -> Filter:
        return All(parts)

    def negation(self, part: Filter) -> Filter:
        return No(part)

    def comparison(self, field: Token, op: Token, value: Given) -> Filter:
        return Comparison(str(field), cast(Op, str(op)), (value,), field.start_pos or 0)

    def membership(self, field: Token, *values: Given) -> Filter:
        return Comparison(str(field), "in", values, field.start_pos or 0)

    def value(self, token: Token) -> Given:
        if token.type == "WORD":
            return Given(str(token))
        return Given(re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL), quoted=True)


@cache
def _reader() -> Lark:
    """Built once, when the first filter comes. The tree is made while reading, so no filter is
    deep enough to exhaust the stack."""
    return Lark(GRAMMAR, parser="lalr", transformer=_Tree())


def _unreadable(text: str, wrong: UnexpectedInput, fields: Iterable[str]) -> Exception:
    """Where it is wrong, and what could stand there."""
    expected: Iterable[str] = ()
    at = len(text)
    if isinstance(wrong, UnexpectedCharacters):
        expected, at = wrong.allowed or (), wrong.pos_in_stream or 0
    elif isinstance(wrong, UnexpectedToken):
        expected = wrong.expected
        at = at if wrong.token.type == "$END" else wrong.pos_in_stream or 0
    could = sorted({NAMES.get(name, name) for name in expected})
    return bad_filter(f"expected {', '.join(could)}.", at, fields)


def _require_bounds(found: Filter, fields: Iterable[str]) -> None:
    """Level by level, and no further than is allowed."""
    level: list[Filter] = [found]
    comparisons = 0
    for _ in range(DEEPEST + 1):
        comparisons += sum(isinstance(each, Comparison) for each in level)
        level = [part for each in level for part in _parts(each)]
        if not level:
            break
    else:
        raise bad_filter(f"a filter has {DEEPEST} levels at most.", 0, fields)
    if comparisons > MOST:
        raise bad_filter(f"a filter has {MOST} comparisons at most.", 0, fields)


def _parts(each: Filter) -> tuple[Filter, ...]:
    match each:
        case All(parts) | Any(parts):
            return parts
        case No(part):
            return (part,)
        case _:
            return ()
