"""Questions to the catalog, answered with its own bytes, and a cache that is never stale.

The log is followed without loss, so an answer is dropped at the latest when the next record passes;
and an answer is kept only if the catalog is known to have committed everything that has passed.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Query, Value, identity

from .feed import Fact, Feed
from .showing import shown

KEPT = 1000
LARGEST = 256 * 1024

A = TypeVar("A", bound=Value)


def is_identity(envelope: Envelope) -> bool:
    """Whether a record changes who may do what."""
    return type(envelope.message).__module__ == identity.__name__


class Reads:
    """Asks the catalog; `dropped_by` says which records make what is kept worthless."""

    def __init__(
        self, bus: Bus, feed: Feed, dropped_by: Callable[[Envelope], bool] | None = None
    ) -> None:
        self._bus = bus
        self._feed = feed
        self._dropped_by = dropped_by
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._generation = 0
        self._behind = (feed.era, -1)

    async def get(self, query: Query[A], timeout: float = 5.0) -> bytes:
        """The answer as people may see it; raises the catalog's Problem, or Unavailable."""
        return shown(await self._answer(query, timeout))

    async def read(self, query: Query[A], timeout: float = 5.0) -> A:
        """The answer as a value, for ourselves."""
        answer = query.answer.model_validate_json(await self._answer(query, timeout))
        return answer  # type: ignore[return-value]  # a query's answer class is its parameter

    async def _answer(self, query: Query[A], timeout: float) -> bytes:
        key = f"{query.wire} {query.model_dump_json()}"
        if "\\u0000" in key:
            raise Invalid("invalid_query", "A question may not contain the character NUL.")
        kept = self._kept.get(key)
        if kept is not None and (self._dropped_by or self._bus.health.ready):
            return kept
        generation, settled = self._generation, self._settled()
        answer = await self._bus.ask(fresh(query, source="api-gateway"), timeout)
        if settled and generation == self._generation and len(answer) <= LARGEST:
            self._keep(key, answer)
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

    def _settled(self) -> bool:
        """Whether the catalog is known to have committed all that matters here."""
        era, offset = self._behind
        committed = self._feed.committed
        return committed is not None and (era != self._feed.era or committed >= offset)

    def _drop(self) -> None:
        self._generation += 1
        self._kept.clear()

    def _keep(self, key: str, answer: bytes) -> None:
        self._kept[key] = answer
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
