"""Questions to the catalog, none without a deadline, and none in vain while it is known to be away.

Who has no answer after a second makes us put the simplest question that there is. If that is not
answered soon either, nobody waits any more: everybody is refused at once, until it is. So many
questions are under way at once and no more, so that one who has much to do is not taken for one who
is away.
"""

import asyncio
import logging
import time

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Problem, Unavailable
from mvidarr_common.messages.queries import GetPosition
from mvidarr_common.shared import Shared

from .metrics import CATALOG_AWAY

log = logging.getLogger(__name__)

DOUBT = 1.0
PROBE = 2.0
"""Seconds that the simplest question may take."""
PAUSE = 1.0
"""Seconds between two of them while it is away."""
AT_ONCE = 32


class Breaker:
    """Between everybody here and the catalog."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._since = 0.0
        self._reason = ""
        self._away = asyncio.Event()
        self._probe = Shared(self._look)
        self._places = asyncio.Semaphore(AT_ONCE)
        CATALOG_AWAY.set(0)

    @property
    def reachable(self) -> bool:
        """Whether questions can be put now."""
        return self._bus.health.ready and not self._away.is_set()

    def ailment(self) -> str | None:
        """None when well, else a sentence: a note of the health checks."""
        if not self._away.is_set():
            return None
        seconds = round(time.monotonic() - self._since)
        return (
            f"The catalog has not answered for {seconds} s: {self._reason} "
            "Reads may be old, and commands are accepted and decided later."
        )

    async def ask(self, query: Envelope, timeout: float) -> bytes:
        """The answer; raises the catalog's Problem, or Unavailable."""
        self._require_there()
        end = asyncio.get_running_loop().time() + timeout
        await self._place(end)
        try:
            self._require_there()
            return await self._asked(query, end - asyncio.get_running_loop().time())
        finally:
            self._places.release()

    async def ask_first(self, query: Envelope, timeout: float) -> bytes:
        """The same for what costs the catalog nothing and many wait for: it needs no place."""
        self._require_there()
        return await self._asked(query, timeout)

    async def ask_simplest(self, query: Envelope, timeout: float) -> bytes:
        """The same for the simplest question that there is: who does not answer it is away."""
        self._require_there()
        try:
            return await self._bus.ask(query, timeout)
        except Unavailable as missing:
            self._goes(missing.message)
            raise

    async def _place(self, end: float) -> None:
        try:
            async with asyncio.timeout_at(end):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable("busy", "Too many questions wait already.", after=1) from None

    async def _asked(self, query: Envelope, timeout: float) -> bytes:
        asking = asyncio.ensure_future(self._bus.ask(query, timeout))
        asking.add_done_callback(_seen)
        try:
            await asyncio.wait({asking}, timeout=DOUBT)
            if not asking.done() or isinstance(asking.exception(), Unavailable):
                await self._probe.answer()
                self._require_there()
            return await asking
        finally:
            asking.cancel()

    async def watch(self) -> None:
        """Find out when it is back, until cancelled."""
        while True:
            await self._away.wait()
            await asyncio.sleep(PAUSE)
            await self._probe.answer()

    async def _look(self) -> None:
        """Whether it answers at all."""
        try:
            await self._bus.ask(fresh(GetPosition(), source="api-gateway"), PROBE)
        except Problem as missing:
            self._goes(missing.message)
        else:
            self._comes()

    def _goes(self, reason: str) -> None:
        self._reason = reason
        if not self._away.is_set():
            log.warning("the catalog is away: %s", reason)
            self._since = time.monotonic()
            self._away.set()
            CATALOG_AWAY.set(1)

    def _comes(self) -> None:
        if self._away.is_set():
            log.info("the catalog answers again")
            self._away.clear()
            CATALOG_AWAY.set(0)

    def _require_there(self) -> None:
        if self._away.is_set():
            raise Unavailable("catalog_away", "The catalog is away; try again soon.", after=PAUSE)


def _seen(asked: "asyncio.Future[bytes]") -> None:
    """Nobody need look at it: it may be known already that no answer comes."""
    if not asked.cancelled():
        asked.exception()
