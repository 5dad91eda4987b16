"""Much that is asked for at once is done a portion in each turn, and others are heard in between.

However the portions are cut, by number or by what has room, the shape is the same: a row with a
cursor, a chore of the leader that goes on from there, and an event that moves the cursor. What is
all or nothing, such as one edit of many videos, is one decision and no matter of portions.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from mvidarr_common.messages import Message

from .rows import Row, table_of
from .turn import Turn

MOST_IN_FLIGHT = 500
"""Decisions that may wait for the log before more are made: who asks for one thing only stands
behind so many in the log."""


def has_room(turn: Turn) -> bool:
    """Whether a portion more may be decided now."""
    return len(turn.mind.in_flight) <= MOST_IN_FLIGHT


def on_their_way(turn: Turn, field: str, id: str) -> Iterator[Message]:
    """What was decided about it and has not come back: the row does not show it yet."""
    for envelope in turn.mind.in_flight.values():
        if getattr(envelope.message, field, None) == id:
            yield envelope.message


async def behind(
    turn: Turn, kind: type[Row], cursor: str, most: int, *where: sa.ColumnElement[bool]
) -> list[str]:
    """The next that match, in the order of their ids."""
    id = table_of(kind, turn.checkpoint.generation).c.id
    query = sa.select(id).where(id > cursor, *where).order_by(id).limit(most)
    return list((await (await turn.tables()).execute(query)).scalars())
