"""How a read model says what it folds, decides and answers.

A read model is one file: its rows, one small function for each event it folds, one for each
message it decides on, and its queries. The functions are found by the type of their first
parameter:

    model = ReadModel(rows=(Video,), version=1)

    @model.fold
    def added(event: VideoAdded, cause: Envelope, state: State) -> None: ...

    @model.decide
    def add(command: AddVideo, cause: Envelope, state: Known) -> Iterator[Decision]: ...

    @model.query
    async def get(query: GetVideo, read: Read) -> VideoView: ...

    @model.beside(GetVideo, ListVideos)
    async def beside(videos: Sequence[VideoView], names: Names, read: Read) -> Sequence[View]: ...

Fold accepts everything that has happened. Decide is pure and raises a Problem to refuse a command.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from mvidarr_common.messages import Command, Event, Message, Query, Signal

from .rows import Row
from .state import Key


@dataclass(frozen=True, slots=True)
class Later:
    """A message that the clock shall say at `due`."""

    due: datetime
    message: Command | Event


@dataclass(frozen=True, slots=True)
class Deferred:
    """The answer to this command will be said by whoever carries it out."""


Decision = Event | Signal | Later | Deferred
"""Events go through the outbox into the log; signals are sent after the commit, and may be lost."""

Fold = Callable[[Any, Any, Any], None]
Decide = Callable[[Any, Any, Any], Iterable[Decision]]
Past = Callable[[Any, Any], bool]
Ahead = Callable[[Any, Any], Iterable[Key]]
Answerer = Callable[[Any, Any], Awaitable[Any]]
Beside = Callable[[Any, Any, Any], Awaitable[Any]]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class ReadModel:
    """One read model. Raise `version` when its rows or folds change: the tables are filled anew."""

    rows: tuple[type[Row], ...] = ()
    version: int = 1
    folds: dict[type[Message], list[Fold]] = field(default_factory=lambda: defaultdict(list))
    decides: dict[type[Message], list[Decide]] = field(default_factory=lambda: defaultdict(list))
    queries: dict[type[Query[Any]], Answerer] = field(default_factory=dict)
    besides: dict[type[Query[Any]], Beside] = field(default_factory=dict)
    pasts: list[Past] = field(default_factory=list)
    aheads: dict[type[Message], Ahead] = field(default_factory=dict)

    def fold(self, function: F) -> F:
        """Declare how an event changes this read model's rows."""
        self.folds[first_parameter(function, Message)].append(function)
        return function

    def decide(self, function: F) -> F:
        """Declare what follows from a message."""
        self.decides[first_parameter(function, Message)].append(function)
        return function

    def past(self, function: F) -> F:
        """Declare of which messages was decided elsewhere: they are folded and nothing more."""
        self.pasts.append(function)
        return function

    def ahead(self, function: F) -> F:
        """Declare which rows a message will ask for, besides those that it names."""
        self.aheads[first_parameter(function, Message)] = function
        return function

    def query(self, function: F) -> F:
        """Declare how a question is answered."""
        self.queries[first_parameter(function, Query)] = function
        return function

    def beside(self, *questions: type[Query[Any]]) -> Callable[[F], F]:
        """Declare how what the `include` of these questions names is found, for many at once."""

        def declared(function: F) -> F:
            self.besides.update(dict.fromkeys(questions, function))
            return function

        return declared


@dataclass(frozen=True)
class Brain:
    """All read models as one: what is folded, decided and answered for each type of message."""

    models: tuple[ReadModel, ...]
    folds: dict[type[Message], tuple[Fold, ...]]
    decides: dict[type[Message], tuple[Decide, ...]]
    queries: dict[type[Query[Any]], Answerer]
    besides: dict[type[Query[Any]], Beside]
    pasts: tuple[Past, ...] = ()
    aheads: Mapping[type[Message], Ahead] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[type[Row], ...]:
        """Every row class."""
        return tuple(row for model in self.models for row in model.rows)

    @cached_property
    def rows_by_subject(self) -> dict[str, type[Row]]:
        """Which row describes a kind of subject."""
        return {row.subject: row for row in self.rows if row.subject}

    @property
    def signature(self) -> str:
        """Changes when any read model changes its shape or its folds."""
        return ";".join(
            f"{'+'.join(row.table for row in model.rows)}={model.version}" for model in self.models
        )


def brain_of(models: tuple[ReadModel, ...]) -> Brain:
    """Join read models; every command must have exactly one that decides on it."""
    folds: dict[type[Message], tuple[Fold, ...]] = {}
    decides: dict[type[Message], tuple[Decide, ...]] = {}
    queries: dict[type[Query[Any]], Answerer] = {}
    besides: dict[type[Query[Any]], Beside] = {}
    aheads: dict[type[Message], Ahead] = {}
    for model in models:
        for message, fold_functions in model.folds.items():
            folds[message] = folds.get(message, ()) + tuple(fold_functions)
        for message, decide_functions in model.decides.items():
            decides[message] = decides.get(message, ()) + tuple(decide_functions)
        queries |= model.queries
        besides |= model.besides
        aheads |= model.aheads
    _one_decider_for_each_command(decides)
    pasts = tuple(past for model in models for past in model.pasts)
    return Brain(models, folds, decides, queries, besides, pasts, aheads)


def first_parameter(function: Callable[..., Any], base: type[Any]) -> Any:
    """The type of a function's first parameter, which must be a `base`."""
    first = next(iter(get_type_hints(function).values()))
    if not (isinstance(first, type) and issubclass(first, base)):
        raise TypeError(f"{function.__qualname__}: the first parameter must be a {base.__name__}")
    return first


def _one_decider_for_each_command(decides: dict[type[Message], tuple[Decide, ...]]) -> None:
    for message, functions in decides.items():
        if issubclass(message, Command) and len(functions) > 1:
            names = ", ".join(function.__qualname__ for function in functions)
            raise TypeError(f"{message.__name__} is decided more than once: {names}")
