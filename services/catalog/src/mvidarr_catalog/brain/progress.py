"""How far the tables are, for questions that wait until something is shown.

The leader tells it in its own process. Any other replica looks, while somebody waits.
"""

import asyncio
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_common.errors import Unavailable
from mvidarr_common.shared import Shared

from .stillness import Stillness
from .store import Checkpoint, read_checkpoint
from .transactions import statement

PATIENCE = 0.5
"""Seconds that a question may wait here: who asks has other means."""
AT_ONCE = 48
"""Questions that may wait: others are answered meanwhile."""
LOOKS = 0.003
"""Seconds between two looks at the tables, where the leader is elsewhere."""


class Progress:
    """Of this replica."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._log_id: str | None = None
        self._offset = -1
        self._pulse = asyncio.Event()
        self._look = Shared(self._looked)
        self._waiting = 0
        self.leads = False
        """Whether the leader is here, and tells."""
        self.stillness = Stillness()

    def reached(self, checkpoint: Checkpoint) -> None:
        """This is committed."""
        self._log_id, self._offset = checkpoint.log_id, checkpoint.offset
        self._pulse.set()
        self._pulse = asyncio.Event()

    async def until(self, log_id: str, offset: int) -> None:
        """Wait for this record of this log; raises Unavailable when it does not come soon."""
        if self._waiting >= AT_ONCE:
            raise Unavailable("busy", "Too many questions wait already.")
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                while self._log_id != log_id or self._offset < offset:
                    await self._news()
        except TimeoutError:
            raise Unavailable("not_yet", "The catalog is not so far yet.") from None
        finally:
            self._waiting -= 1

    async def _news(self) -> None:
        if self.leads:
            await self._pulse.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKS):
                await self._pulse.wait()
                return
        await self._look.answer()

    async def _looked(self) -> None:
        async with statement(self._engine) as connection:
            self.reached(await read_checkpoint(connection))
