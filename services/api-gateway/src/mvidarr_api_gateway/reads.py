"""Questions to the catalog, answered with its own bytes, and a cache that is never stale.

The log is followed without loss, so an answer is dropped at the latest when the next record passes;
and an answer is kept only if the catalog is known to have committed everything that has passed.
Another gateway may have answered somebody a moment before the record passes here: so what is kept
is given away only when the catalog says that it has committed nothing since (`standing`). Those who
want the same at the same time share the answer.

What was dropped stays until its place is needed: while the catalog is away, who takes old answers
gets it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Invalid, Problem, Unavailable
from mvidarr_common.messages import Query, Value, identity
from mvidarr_common.messages.queries import OfThePast, ShowAfter
from mvidarr_common.shared import Shared

from .breaker import Breaker
from .feed import Fact, Feed
from .leniency import note, takes_old
from .metrics import READS, READS_DROPPED
from .shelf import Shelf
from .showing import shown
from .standing import Standings

PATIENCE = 120.0
"""Seconds for a question about the past: much may have to be folded."""
SOON = 2.0
"""Seconds for a question that waits for a record: the catalog lets it wait for less."""
SOON_AT_ONCE = 8
"""Such questions: where more is going on it takes longer, and one who waits for news is cheaper."""
OLD = -1
"""The generation of what may have been overtaken before it came."""

A = TypeVar("A", bound=Value)
Asked = tuple[str, float]


def is_identity(envelope: Envelope) -> bool:
    """Whether a record changes who may do what."""
    return type(envelope.message).__module__ == identity.__name__


def is_of_files(envelope: Envelope) -> bool:
    """Whether a record changes what files there are."""
    return envelope.subject.startswith("file/")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as people may see it and as it came, a position of the log at which it was true,
    and when it was kept. `generation` is that of its reads: in a later one it may be false."""

    answer: bytes
    shown: bytes
    offset: int
    generation: int
    at: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since it was certainly true."""
        return time.monotonic() - self.at


class Reads:
    """Asks the catalog; `dropped_by` says which records make what is kept worthless."""

    def __init__(
        self,
        catalog: Breaker,
        feed: Feed,
        limit: int,
        dropped_by: Callable[[Envelope], bool] | None = None,
    ) -> None:
        self._catalog = catalog
        self._feed = feed
        self._dropped_by = dropped_by
        self._shelf: Shelf[Kept] = Shelf(limit)
        self._standings = Standings(catalog.ask_simplest)
        self._asked: dict[Asked, Shared[Kept]] = {}
        self._soon = asyncio.Semaphore(SOON_AT_ONCE)
        self.generation = 0
        """Rises whenever what was answered may not be true any more."""
        self._behind = (feed.era, -1)

    async def get(self, query: Query[A], timeout: float = 5.0) -> bytes:
        """The answer as people may see it; raises the catalog's Problem, or Unavailable."""
        of_the_past = isinstance(query, OfThePast) and query.at is not None
        kept = await self._answer(query, PATIENCE if of_the_past else timeout)
        if self._dropped_by is None:
            note(kept)
        return kept.shown

    async def read(self, query: Query[A], timeout: float = 5.0) -> A:
        """The answer as a value, for ourselves."""
        kept = await self._answer(query, timeout)
        return query.answer.model_validate_json(kept.answer)  # type: ignore[return-value]  # a query's answer class is its parameter

    async def after(self, query: Query[A], offset: int) -> bytes:
        """The answer once the catalog has committed this record, in one way there and back; raises
        Unavailable where that is not soon, or too many ask so."""
        if self._soon.locked():
            raise Unavailable("busy", "Too many questions wait already.")
        log_id, data = self._feed.log_id or "", query.model_dump(mode="json")
        asked = ShowAfter(log_id=log_id, offset=offset, question=query.wire, data=data)
        READS.labels("miss").inc()
        async with self._soon:
            answer = await self._catalog.ask_first(fresh(asked, source="api-gateway"), SOON)
        kept = Kept(answer, shown(answer), offset, OLD)
        note(kept)
        return kept.shown

    async def _answer(self, query: Query[A], timeout: float) -> Kept:
        key = f"{query.wire} {query.model_dump_json()}"
        if "\\u0000" in key:
            raise Invalid("invalid_query", "A question may not contain the character NUL.")
        kept = self._shelf.get(key)
        try:
            if kept is not None and await self.holds(kept):
                READS.labels("hit").inc()
                return kept
            return await self._asked_together(key, query, timeout)
        except Unavailable:
            if kept is None or not takes_old(kept.age):
                raise
            READS.labels("stale").inc()
            return kept

    async def _asked_together(self, key: str, query: Query[A], timeout: float) -> Kept:
        shared = self._asked.get((key, timeout))
        if shared is None:
            shared = Shared(lambda: self._ask(key, query, timeout))
            self._asked[key, timeout] = shared
        READS.labels("coalesced" if shared.joined else "miss").inc()
        try:
            return await shared.answer()
        finally:
            if shared.idle:
                self._asked.pop((key, timeout), None)

    async def _ask(self, key: str, query: Query[A], timeout: float) -> Kept:
        generation, settled, offset = self.generation, self.settled, self._feed.committed
        answer = await self._catalog.ask(fresh(query, source="api-gateway"), timeout)
        certain = settled and generation == self.generation and offset is not None
        kept = Kept(answer, shown(answer), offset or 0, generation if certain else OLD)
        self._shelf.put(key, kept, len(key) + len(answer))
        return kept

    def saw(self, fact: Fact) -> None:
        """A record passed."""
        if self._dropped_by is None or self._dropped_by(fact.envelope):
            self._behind = (self._feed.era, fact.offset)
            self._drop("changed")

    def advanced(self) -> None:
        """The catalog shows something new."""
        if self._dropped_by is None:
            self._drop("changed")

    def missed(self) -> None:
        """Something may have changed unseen."""
        self._drop("missed")

    async def holds(self, kept: Kept) -> bool:
        """Whether it is known to be true at this moment: nothing at all was committed since."""
        if kept.generation != self.generation:
            return False
        if self._dropped_by is not None:
            return True
        if not self._catalog.reachable:
            return False
        try:
            now = await self._standings.now()
        except Problem:  # who asks for the answer itself is told
            return False
        return now.log_id == self._feed.log_id and now.offset <= kept.offset

    @property
    def settled(self) -> bool:
        """Whether the catalog is known to have committed all that matters here."""
        era, offset = self._behind
        committed = self._feed.committed
        return committed is not None and (era != self._feed.era or committed >= offset)

    def _drop(self, why: str) -> None:
        self.generation += 1
        READS_DROPPED.labels(why).inc()
