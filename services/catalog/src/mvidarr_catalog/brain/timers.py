"""Time is a message: what is due goes into the outbox, and nothing sleeps."""

from datetime import datetime, timedelta

from mvidarr_common.envelope import decode

from . import store
from .turn import Turn
from .writes import Writes

EVERY = timedelta(seconds=0.25)


class Timers:
    """A chore of the leader: a few times a second, look what is due."""

    def __init__(self) -> None:
        self._looked: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Say what the clock shall say by now."""
        if self._looked and now - self._looked < EVERY:
            return
        self._looked = now
        due = await store.due_timers(turn.connection, now)
        if not due:
            return
        await turn.work.begin()
        for _, body in due:
            await turn.say(decode(body))
        async with Writes(turn.connection) as writes:
            store.clear_timers(writes, [id for id, _ in due])
