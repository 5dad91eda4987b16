"""What a request has read, and whether it takes an old answer while the catalog is away.

A read does, and is told; what a command shows, and who may do what, is never old.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class Leniency:
    """Of one request. `age` is that of the oldest answer it was given, in seconds; `last` is what
    the catalog was asked for last, as it is kept."""

    age: float | None = None
    last: Any = None


_now: ContextVar[Leniency | None] = ContextVar("leniency", default=None)


@contextmanager
def lenient() -> Iterator[Leniency]:
    """Inside of the block old answers are better than none."""
    given = Leniency()
    with _taking(given):
        yield given


@contextmanager
def exact() -> Iterator[None]:
    """Inside of the block they are not."""
    with _taking(None):
        yield


@contextmanager
def _taking(given: Leniency | None) -> Iterator[None]:
    token = _now.set(given)
    try:
        yield
    finally:
        _now.reset(token)


def takes_old(age: float) -> bool:
    """Whether who is asking now takes an answer of this age; it is noted."""
    given = _now.get()
    if given is None:
        return False
    given.age = max(age, given.age or 0.0)
    return True


def note(kept: object) -> None:
    """This is what was asked for now."""
    given = _now.get()
    if given is not None:
        given.last = kept
