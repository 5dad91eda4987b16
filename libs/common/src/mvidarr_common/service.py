"""A service as data: the whole composition, to be read in its `service.py` in some ten lines."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .bus import Bus, WorkQueue
from .envelope import Envelope
from .files import DataRoot
from .jobs import Handler
from .messages import Command
from .messages.ids import WorkerId
from .secrets import InstanceKey
from .settings import Settings

S = TypeVar("S", bound=Settings)
D = TypeVar("D")


@dataclass(frozen=True)
class Runtime(Generic[S]):
    """What the chassis gives a service when it opens."""

    name: str
    settings: S
    bus: Bus
    root: DataRoot
    key: InstanceKey
    worker_id: WorkerId
    checks: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    """Readiness: each returns None when well, else a sentence. Add your own while opening."""
    notes: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    """What health also says without being less ready: facts and warnings, or None."""


@dataclass(frozen=True)
class Hears(Generic[D]):
    """Events that a service takes from a durable queue of its own, one at a time for each slot.
    What the function returns is published, then the event is acknowledged; on Unavailable it is
    handed back.

    It returns pairs (key, command). The key names the command among those that follow from this
    event, such as the id of a subscription, and is the `ordinal` of `envelope.following`: what a
    redelivery says again has the same ids, also when others have come or gone in between."""

    queue: WorkQueue
    tell: Callable[[Envelope, D], Awaitable[tuple[tuple[str, Command], ...]]]
    slots: int = 4


@dataclass(frozen=True)
class Service(Generic[S, D]):
    """One of the five. `jobs` are handlers, `slots` says how many of each queue run at once,
    `main` is a loop or server of the service's own that runs until cancelled, and `preload` names
    the modules that forked children find imported."""

    name: str
    settings: type[S]
    open: Callable[[Runtime[S]], AbstractAsyncContextManager[D]]
    jobs: tuple[Handler, ...] = ()
    slots: Callable[[S], Mapping[str, int]] = lambda _: {}
    hears: Hears[D] | None = None
    main: Callable[[Runtime[S], D], Awaitable[None]] | None = None
    preload: tuple[str, ...] = ()


AnyService = Service[Any, Any]
