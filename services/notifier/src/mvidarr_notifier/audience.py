"""Who wants to be told of something: the catalog is asked once for all that happens together."""

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.queries import (
    SealedSubscription,
    SealedSubscriptions,
    SubscriptionsTo,
)
from mvidarr_common.shared import Shared

GATHER = 0.05
"""Seconds that an event waits for others of its type. Most of them follow from a command whose
answer somebody waits for: the catalog is asked when it is done with that."""


class Audience:
    """Asked after an event was heard, so never older than it: nothing is kept."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus = bus
        self._source = source
        self._asked: dict[str, Shared[tuple[SealedSubscription, ...]]] = {}

    async def of(self, event_type: str) -> tuple[SealedSubscription, ...]:
        """The subscriptions as they are at this moment or later; raises Unavailable."""
        if event_type not in self._asked:
            self._asked[event_type] = Shared(lambda: self._ask(event_type), gather=GATHER)
        return await self._asked[event_type].answer()

    async def _ask(self, event_type: str) -> tuple[SealedSubscription, ...]:
        query = fresh(SubscriptionsTo(event_type=event_type), source=self._source)
        return SealedSubscriptions.model_validate_json(await self._bus.ask(query)).items
