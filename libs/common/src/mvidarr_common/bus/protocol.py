"""What a bus can do. Two engines keep this promise: `rabbit` and `embedded`.

One publish reaches the log and the work queues, and is confirmed only when all of them have it.
Everything may be delivered twice; nothing confirmed is lost; signals may be lost.
"""

from asyncio import Event as Flag
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from mvidarr_common.envelope import Envelope


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a log. Offsets rise, and have gaps: never expect last + 1."""

    log_id: str
    offset: int


@dataclass(frozen=True, slots=True)
class FromFirst:
    """From the oldest record that is still there."""


@dataclass(frozen=True, slots=True)
class FromNow:
    """Only what is published from now on."""


@dataclass(frozen=True, slots=True)
class After:
    """After this record, which must still be there under this id.

    With `event_id` None the record's identity is not checked, and a position that retention has
    removed starts at the oldest record.
    """

    offset: int
    event_id: str | None = None


Start = FromFirst | FromNow | After


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log, undecoded: what cannot be read is parked by who reads it."""

    offset: int
    body: bytes


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """A durable queue with competing consumers, fed by these routing keys."""

    name: str
    bindings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why a message ended in the parked queue."""

    queue: str
    reason: str


class Delivery(Protocol):
    """A message lent to a consumer until it is acknowledged: the unacknowledged delivery is the
    lease. If the consumer dies the message goes to another."""

    body: bytes
    count: int
    """How often it was delivered before; a hint, not a count of crashes."""
    tag: int
    """Its number among those that came over the same channel."""
    dead: DeadLetter | None
    lost: Flag
    """Set when the lease is gone: the message goes, or went, to somebody."""

    async def ack(self) -> None:
        """Done. Silently nothing when the lease is lost."""

    async def hand_back(self) -> None:
        """Let another consumer have it, now."""

    async def reject(self) -> None:
        """Nobody can take this: to the parked queue."""


class Work(Protocol):
    """A subscription to a queue."""

    async def stop(self) -> None:
        """Take nothing more; deliveries already lent stay lent."""


class LogReader(Protocol):
    """Reads the log in order; survives lost connections without gap or repeat."""

    log_id: str | None
    """The identity of the log, None where retention has removed its genesis."""

    async def batch(self, limit: int = 500, wait: float = 1.0) -> Sequence[Record]:
        """Up to `limit` records, at least one unless `wait` seconds pass without any.

        Raises LogTruncated, LogReplaced or LogRewound when the log is not the one it attached to.
        """
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Something may have been missed here."""


class Live(Protocol):
    """Signals and events as they pass: bounded, the oldest dropped, a Gap where any was lost."""

    def __aiter__(self) -> AsyncIterator[Envelope | Gap]:
        """Endless."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bus can be used now, and a sentence if not. `full`: it takes nothing more in."""

    ready: bool
    reason: str = ""
    full: bool = False


class Bus(Protocol):
    """The only way in which services talk."""

    async def publish(self, *envelopes: Envelope) -> None:
        """Confirmed, in order. Raises Unconfirmed when the confirm does not come (say it again
        with the same id) and Invalid for a message that no queue would take."""

    async def signal(self, envelope: Envelope) -> None:
        """At most once, never waits for anybody, never raises for want of a listener."""

    def work(
        self, queue: WorkQueue, slots: int, handler: Callable[[Delivery], Awaitable[None]]
    ) -> AbstractAsyncContextManager[Work]:
        """Consume with at most `slots` deliveries unsettled at a time.

        The handler runs in a task of its own that a lost connection does not cancel. It settles
        the delivery itself, also later than it returns; one that raises hands it back. Leaving the
        context cancels the handlers that still run, and what is unsettled goes to another.
        """
        ...

    def read_log(self, start: Start) -> AbstractAsyncContextManager[LogReader]:
        """Raises LogTruncated, LogReplaced or LogRewound at once if `start` does not fit."""
        ...

    def listen(self, *keys: str, limit: int = 10_000) -> AbstractAsyncContextManager[Live]:
        """Signals ("signal.job.progressed", "signal.#") and events ("event.job.cancelled") live."""
        ...

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        """The answer's bytes. Raises Unavailable when nobody answers in time, or the Problem
        that the answerer raised."""
        ...

    def answer(
        self, handler: Callable[[Envelope], Awaitable[bytes]], concurrency: int = 16
    ) -> AbstractAsyncContextManager[None]:
        """Answer queries; of several answerers one gets each query."""
        ...

    async def append(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Write (routing key, body) to the log alone, never to work queues: for restoring it."""

    async def depth(self, queue: str) -> int:
        """Messages ready in a queue: a figure for people and scalers."""
        ...

    @property
    def server(self) -> tuple[str, int] | None:
        """Host and port of the broker, where there is one."""
        ...

    @property
    def health(self) -> Health:
        """Whether publishing and consuming work now."""
        ...
