"""How far the catalog is now: asked by everybody who reads from memory, and seldom put.

Those who want to know at the same time share a question. Where many do, it also asks for a promise
that nothing is committed for a moment; until that is over, counted from before the question went
out, nobody need ask at all.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages.queries import GetPosition, Standing
from mvidarr_common.shared import Shared

PATIENCE: Final = 3.0
UNDER_WAY: Final = 2
"""Questions at once: who comes while one is out need not wait for its answer."""
MANY = 8
"""So many who want to know between two questions make it worth that commits wait for us."""
RENEWED: Final = 0.75
"""The part of a promise that is left when the next is asked for: that takes a while where much is
to be done."""
CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It goes on while the machine sleeps."""


def _now() -> float:
    return time.clock_gettime(CLOCK)


class Standings:
    """What the catalog says of itself."""

    def __init__(
        self,
        ask: Callable[[Envelope, float], Awaitable[bytes]],
        clock: Callable[[], float] = _now,
    ) -> None:
        self._put = ask
        self._clock = clock
        self._shared = Shared(self._ask, UNDER_WAY)
        self._known = Standing(log_id="", offset=-1)
        self._until = 0.0
        self._wanted = 0

    async def now(self) -> Standing:
        """As it is at this moment or later; raises what the question raises."""
        self._wanted += 1
        left = self._until - self._clock()
        if left <= 0:
            return await self._shared.answer()
        if left < self._known.still * RENEWED and self._shared.idle:
            self._shared.begin()
        return self._known

    async def _ask(self) -> Standing:
        many, self._wanted = self._wanted >= MANY, 0
        began = self._clock()
        asked = fresh(GetPosition(still=many), source="api-gateway")
        said = Standing.model_validate_json(await self._put(asked, PATIENCE))
        if began + said.still > self._until:
            self._known, self._until = said, began + said.still
        return said
