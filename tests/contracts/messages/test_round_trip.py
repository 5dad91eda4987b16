"""What is said is what is heard: every message comes out of its bytes as it went in."""

import types
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Invalid
from mvidarr_common.golden import stem
from mvidarr_common.messages import Message, Value, registered
from mvidarr_common.messages.examples import examples
from mvidarr_common.messages.profiles import QualityItem, QualityProfile
from mvidarr_common.messages.system import EditParked

MESSAGES = registered()
TIMES = st.datetimes(timezones=st.just(UTC))
MOST = 2**53 - 1
WHOLE = st.integers(-MOST, MOST)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | FLOATS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(), int: WHOLE, float: FLOATS, str: st.text(max_size=20), datetime: TIMES,
    date: st.dates(),
}  # fmt: skip
PROFILES = st.builds(
    QualityProfile,
    name=st.text(min_size=1, max_size=20),
    items=st.sampled_from(
        [
            (QualityItem(quality="1080p"),),
            (QualityItem(name="HD", items=(QualityItem(quality="1080p"),)),),
        ]
    ),
)


@cache
def values(cls: type[Value]) -> st.SearchStrategy[Any]:
    """Any value of a class; `None` of what may be absent comes often enough by itself."""
    if cls is QualityProfile:
        return PROFILES
    known = cls.model_fields.items()
    fields = {name: of(field.annotation, field.metadata) for name, field in known}

    @st.composite
    def value(draw: st.DrawFn) -> Any:  # its name is all that hypothesis prints of it
        try:
            return cls(**{name: draw(strategy) for name, strategy in fields.items()})
        except ValidationError:  # its fields must agree with one another
            reject()

    return value()


def of(kind: Any, limits: list[Any]) -> st.SearchStrategy[Any]:
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, NewType):
        return of(kind.__supertype__, limits)
    if isinstance(kind, type) and issubclass(kind, Value):
        return st.deferred(lambda: values(kind))
    if origin is Annotated:
        return of(args[0], list(args[1:]))
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        return st.one_of([st.none() if part is type(None) else of(part, limits) for part in args])
    if origin is tuple:
        return st.lists(of(args[0], []), min_size=least(limits), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), of(args[1], []), max_size=2)
    return limited(kind, limits)


def limited(kind: Any, limits: list[Any]) -> st.SearchStrategy[Any]:
    """A plain value within the limits of its field."""
    pattern = next((limit.pattern for limit in limits if getattr(limit, "pattern", None)), None)
    if pattern:
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= 20)
    if kind is str:
        longest = next((limit.max_length for limit in limits if hasattr(limit, "max_length")), 20)
        return st.text(min_size=least(limits), max_size=min(longest, 20))
    if kind is int:
        return st.integers(*bounds(limits))
    if kind is float:
        low, high = bounds(limits)
        return st.floats(max(low, -1e15), min(high, 1e15))
    return PLAIN.get(kind, JSON)


def bounds(limits: list[Any]) -> tuple[int, int]:
    low, high = -MOST, MOST
    for limit in limits:
        low = getattr(limit, "ge", getattr(limit, "gt", low - 1) + 1)
        high = getattr(limit, "le", getattr(limit, "lt", high + 1) - 1)
    return low, high


def least(limits: list[Any]) -> int:
    return next((limit.min_length for limit in limits if hasattr(limit, "min_length")), 0)


FILTERED = [HealthCheck.filter_too_much]
"""Recipes whose parts must fit together are drawn until they do; plans hold many of them."""

ENVELOPES = st.fixed_dictionaries(
    {
        "id": st.text(min_size=1, max_size=40),
        "source": st.text(max_size=20),
        "time": TIMES,
        "correlation_id": st.text(max_size=40),
        "causation_id": st.none() | st.text(max_size=40),
        "actor": st.none() | st.text(max_size=20),
        "traceparent": st.none() | st.text(max_size=55),
    }
)


@pytest.mark.parametrize("cls", MESSAGES, ids=stem)
def test_any_message_survives_its_bytes(cls: type[Message]) -> None:
    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=FILTERED)
    @given(values(cls), ENVELOPES)
    def survives(message: Message, rest: dict[str, Any]) -> None:
        envelope = Envelope(message, **rest)
        assert decode(envelope.encode()) == envelope

    survives()


@pytest.mark.parametrize("cls", MESSAGES, ids=stem)
def test_every_example_survives_its_bytes(cls: type[Message]) -> None:
    for message in examples(cls):
        envelope = Envelope(message, "1", "test", datetime(2026, 1, 2, tzinfo=UTC), "1")
        assert decode(envelope.encode()) == envelope


@pytest.mark.parametrize(
    "said", [2**53, 2**64, "half of \ud83d"], ids=["53 bits", "64 bits", "half"]
)
def test_what_readers_of_json_would_not_agree_on_is_refused(said: object) -> None:
    message = EditParked(event_id="1", reason="", changes={"size": said})
    envelope = Envelope(message, "1", "test", datetime(2026, 1, 2, tzinfo=UTC), "1")
    with pytest.raises(Invalid) as refused:
        envelope.encode()
    assert refused.value.code == "no_json"
