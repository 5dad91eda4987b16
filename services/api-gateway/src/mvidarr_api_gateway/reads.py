"""Questions to the catalog, answered with its own bytes, and a cache that is never stale.

The log is followed without loss, so an answer is dropped at the latest when the next record passes;
and an answer is kept only if the catalog is known to have committed everything that has passed.
Another gateway may have answered somebody a moment before the record passes here: so what is kept
is given away only when the catalog says that it has committed nothing since. Those who ask at the
same time share that question.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Query, Value, identity
from mvidarr_common.messages.queries import GetPosition, OfThePast, PositionView

from .feed import Fact, Feed
from .showing import shown

KEPT = 1000
LARGEST = 256 * 1024
PATIENCE = 120.0
"""Seconds for a question about the past: much may have to be folded."""

A = TypeVar("A", bound=Value)


def is_identity(envelope: Envelope) -> bool:
    """Whether a record changes who may do what."""
    return type(envelope.message).__module__ == identity.__name__


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and a position of the log at which it was true."""

    answer: bytes
    offset: int


class Now:
    """How far the catalog is, asked after each who wants to know has come."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._asking: asyncio.Task[PositionView] | None = None
        self._next: asyncio.Task[PositionView] | None = None

    async def position(self) -> PositionView:
        """Its position, as it is at this moment or later; raises Unavailable."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask(self._asking))
            self._next.add_done_callback(_seen)
        return await asyncio.shield(self._next)

    async def _ask(self, earlier: asyncio.Task[PositionView] | None) -> PositionView:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._asking, self._next = self._next, None
        answer = await self._bus.ask(fresh(GetPosition(), source="api-gateway"), 5.0)
        return PositionView.model_validate_json(answer)


class Reads:
    """Asks the catalog; `dropped_by` says which records make what is kept worthless."""

    def __init__(
        self, bus: Bus, feed: Feed, dropped_by: Callable[[Envelope], bool] | None = None
    ) -> None:
        self._bus = bus
        self._feed = feed
        self._dropped_by = dropped_by
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._now = Now(bus)
        self._generation = 0
        self._behind = (feed.era, -1)

    async def get(self, query: Query[A], timeout: float = 5.0) -> bytes:
        """The answer as people may see it; raises the catalog's Problem, or Unavailable."""
        of_the_past = isinstance(query, OfThePast) and query.at is not None
        return shown(await self._answer(query, PATIENCE if of_the_past else timeout))

    async def read(self, query: Query[A], timeout: float = 5.0) -> A:
        """The answer as a value, for ourselves."""
        answer = query.answer.model_validate_json(await self._answer(query, timeout))
        return answer  # type: ignore[return-value]  # a query's answer class is its parameter

    async def _answer(self, query: Query[A], timeout: float) -> bytes:
        key = f"{query.wire} {query.model_dump_json()}"
        if "\\u0000" in key:
            raise Invalid("invalid_query", "A question may not contain the character NUL.")
        kept = self._kept.get(key)
        if kept is not None and (self._dropped_by or await self._still_true(kept)):
            return kept.answer
        generation, settled, offset = self._generation, self._settled(), self._feed.committed
        answer = await self._bus.ask(fresh(query, source="api-gateway"), timeout)
        if settled and generation == self._generation and len(answer) <= LARGEST:
            self._keep(key, Kept(answer, offset or -1))
        return answer

    def saw(self, fact: Fact) -> None:
        """A record passed."""
        if self._dropped_by is None or self._dropped_by(fact.envelope):
            self._behind = (self._feed.era, fact.offset)
            self._drop()

    def advanced(self) -> None:
        """The catalog shows something new."""
        if self._dropped_by is None:
            self._drop()

    def missed(self) -> None:
        """Something may have changed unseen."""
        self._drop()

    async def _still_true(self, kept: Kept) -> bool:
        """Whether nothing at all was committed since."""
        if not self._bus.health.ready:
            return False
        now = await self._now.position()
        return now.log_id == self._feed.log_id and now.offset <= kept.offset

    def _settled(self) -> bool:
        """Whether the catalog is known to have committed all that matters here."""
        era, offset = self._behind
        committed = self._feed.committed
        return committed is not None and (era != self._feed.era or committed >= offset)

    def _drop(self) -> None:
        self._generation += 1
        self._kept.clear()

    def _keep(self, key: str, answer: Kept) -> None:
        self._kept[key] = answer
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _seen(asked: "asyncio.Task[PositionView]") -> None:
    """Who wanted to know may have gone: the error is nobody's then."""
    if not asked.cancelled():
        asked.exception()
