"""Examples of messages, always the same: for the documentation and for samples kept by tests."""

import re
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime
from math import inf
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from .base import Value
from .profiles import QualityProfile

V = TypeVar("V", bound=Value)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)

_WORDS: dict[str, str] = {
    "about": "video/7d1f2c9e", "artist": "Björk", "begins": "22:00", "code": "gone",
    "country": "IS", "ends": "06:00", "event_type": "video.ready", "zone": "Atlantic/Reykjavik",
    "for_subject": "video/7d1f2c9e", "language": "isl", "message": "The page is gone.",
    "name": "Björk", "path": "library/Björk/Björk - Jóga.mp4", "quality": "1080p",
    "site": "example",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "time": "2026-01-02T03:04:05+00:00", "title": "Jóga", "url": "https://videos.example/joga",
    "username": "admin",
}  # fmt: skip
"""What a text field of this name holds; other texts say their own name."""

_NUMBERS = {"end": 4.5}
"""What a field of this name holds where 1.5 would not do."""

_WHOLE: dict[type[Value], Value] = {QualityProfile: QualityProfile(name="HD")}
"""Values whose fields must agree with one another."""


def example(cls: type[V], *, full: bool = True, choice: int = 0) -> V:
    """One value of the class: all fields filled, or only those that are required. Of each union
    it takes the alternative number `choice`, counted round."""
    if cls in _WHOLE:
        return _WHOLE[cls]  # type: ignore[return-value]  # the key is its class
    fields = cls.model_fields.items()
    chosen = {name: field for name, field in fields if full or field.is_required()}
    return cls(**{name: _for_field(name, field, choice) for name, field in chosen.items()})


def examples(cls: type[V]) -> Iterator[V]:
    """The smallest value, the fullest, and one for each alternative of its unions."""
    yield example(cls, full=False)
    for choice in range(_alternatives(cls)):
        yield example(cls, choice=choice)


def _for_field(name: str, field: FieldInfo, choice: int) -> Any:
    return _for(name, field.annotation, tuple(field.metadata), choice)


def _for(name: str, kind: Any, limits: tuple[Any, ...], choice: int) -> Any:
    if isinstance(kind, NewType):
        return f"{name.removesuffix('_id').replace('_', '-')}-1"
    if isinstance(kind, type) and issubclass(kind, Value):
        return example(kind, choice=choice)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _for(name, args[0], args[1:], choice)
    if origin is Literal:
        return args[0]
    if origin in (Union, types.UnionType):
        return _for(name, _alternative(args, choice), limits, choice)
    if origin in (tuple, dict):
        return _container(name, origin, args, limits, choice)
    return _plain(name, kind, limits)


def _alternative(args: tuple[Any, ...], choice: int) -> Any:
    kinds = [kind for kind in args if kind is not type(None)]
    return kinds[choice % len(kinds)]


def _container(
    name: str, origin: type, args: tuple[Any, ...], limits: tuple[Any, ...], choice: int
) -> Any:
    if origin is dict:
        return {"key": _for(name, args[1], (), choice)}
    singular = name.removesuffix("s")
    least = max((limit.min_length for limit in limits if hasattr(limit, "min_length")), default=1)
    return (_for(singular, args[0], (), choice),) * max(1, least)


def _plain(name: str, kind: Any, limits: tuple[Any, ...]) -> Any:
    known: dict[Any, Any] = {
        bool: True,
        datetime: NOW,
        AwareDatetime: NOW,
        date: NOW.date(),
        str: _word(name, limits),
        float: min(_NUMBERS.get(name, 1.5), _most(limits)),
        int: 1 + _least(limits),
    }
    return known.get(kind, "anything")


def _word(name: str, limits: tuple[Any, ...]) -> str:
    """The word for such a field, or its own name where the word is not allowed."""
    word = _WORDS.get(name, name)
    patterns = [limit.pattern for limit in limits if getattr(limit, "pattern", None)]
    return word if all(re.search(pattern, word) for pattern in patterns) else name


def _least(limits: tuple[Any, ...]) -> int:
    """The lower bound that a number's field sets, or 0."""
    return max((getattr(limit, "ge", getattr(limit, "gt", 0)) for limit in limits), default=0)


def _most(limits: tuple[Any, ...]) -> float:
    """The upper bound that a number's field sets, or infinity."""
    return min((float(limit.le) for limit in limits if hasattr(limit, "le")), default=inf)


def _alternatives(kind: Any) -> int:
    """The largest number of alternatives in any union below."""
    if isinstance(kind, type) and issubclass(kind, Value):
        inner = [] if kind in _WHOLE else kind.model_fields.values()
        return max([1, *(_alternatives(field.annotation) for field in inner)])
    parts = [part for part in get_args(kind) if part is not type(None)]
    own = len(parts) if get_origin(kind) in (Union, types.UnionType) else 1
    return max([own, *(_alternatives(part) for part in parts)])
