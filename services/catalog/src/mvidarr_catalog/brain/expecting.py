"""Commands that hold only while their subject is as whoever gave them has seen it."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Outdated
from mvidarr_common.messages import Event

from .schema import event_log
from .store import Archived

CHANGED = Outdated("changed_meanwhile", "It has changed since it was looked at; look again.")


async def changed(
    connection: AsyncConnection,
    command: Envelope,
    coming: Iterable[Envelope],
    unwritten: Iterable[Archived],
) -> bool:
    """Whether something has happened to the command's subject behind the offset that it expects:
    in the archive, in this turn, or decided and still on its way."""
    if command.expects is None:
        return False
    about, after = command.subject, command.expects
    if any(each.subject == about and isinstance(each.message, Event) for each in coming):
        return True
    if any(_is_later(each, about, after) for each in unwritten):
        return True
    log = event_log.c
    later = (log.subject == about, log.offset > after, log.type.startswith("event."))
    found = await connection.execute(sa.select(sa.literal(1)).where(*later).limit(1))
    return found.first() is not None


def _is_later(record: Archived, about: str, after: int) -> bool:
    return record.subject == about and record.offset > after and record.type.startswith("event.")
