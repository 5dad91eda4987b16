"""A release that is older than whoever speaks sets aside what it cannot read; a newer one that
leads later takes it up by itself, so that nothing is lost while both run side by side."""

from datetime import datetime

from mvidarr_common.envelope import decode
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages.system import ParkedRetried

from . import store
from .mind import by_the_clock
from .parking import WAITS
from .store import ParkedRecord
from .turn import Turn


class Rereading:
    """A chore of the leader: at the beginning of its reign, look at what was set aside unread."""

    def __init__(self) -> None:
        self._looked = False

    async def __call__(self, turn: Turn, _: datetime) -> None:
        """Have tried again what can be read now."""
        if self._looked:
            return
        self._looked = True
        ids = [each.id for each in await store.parked_records(turn.connection) if _legible(each)]
        if ids:
            again = ParkedRetried(event_ids=tuple(ids))
            await turn.say(by_the_clock(again, key=f"reread/{turn.checkpoint.epoch}"))


def _legible(record: ParkedRecord) -> bool:
    """Whether nobody could read it, and we can. What came from a queue never was in the log."""
    if record.offset < 0 or record.trace is not None or record.error == WAITS:
        return False
    try:
        decode(record.body)
    except Undecodable:
        return False
    return True
