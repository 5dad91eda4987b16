"""When API keys were last used: told to the log, each once an hour at most."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Problem
from mvidarr_common.messages.ids import ApiKeyId
from mvidarr_common.messages.logins import NoteApiKeyUse
from mvidarr_common.messages.queries import ApiKeyView

log = logging.getLogger(__name__)

OFTEN = timedelta(hours=1)
REMEMBERED = 10_000


class KeyUse:
    """Takes note without making anybody wait."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._noted: dict[ApiKeyId, datetime] = {}
        self._waiting: asyncio.Queue[ApiKeyView] = asyncio.Queue(REMEMBERED)

    def note(self, key: ApiKeyView) -> None:
        """Somebody came with this key just now."""
        now = datetime.now(UTC)
        last = self._noted.get(key.id) or key.used
        if (last is not None and last + OFTEN > now) or self._waiting.full():
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[key.id] = now
        self._waiting.put_nowait(key)

    async def tell(self) -> None:
        """Say it, as long as the gateway runs; what cannot be said now is not worth waiting for."""
        while True:
            key = await self._waiting.get()
            command = NoteApiKeyUse(api_key_id=key.id)
            actor = f"user/{key.user_id}"
            try:
                await self._bus.publish(fresh(command, source="api-gateway", actor=actor))
            except Problem as problem:
                log.debug("the use of a key is not noted: %s", problem)
