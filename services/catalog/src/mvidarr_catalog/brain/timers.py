"""Time is a message: what is due goes into the outbox, and nothing sleeps."""

from datetime import datetime

from mvidarr_common.envelope import decode

from . import store
from .turn import Turn


async def ring(turn: Turn, now: datetime) -> None:
    """Say what the clock shall say by now."""
    due = await store.due_timers(turn.connection, now)
    for _, body in due:
        await turn.say(decode(body))
    if due:
        await store.clear_timers(turn.connection, [id for id, _ in due])
