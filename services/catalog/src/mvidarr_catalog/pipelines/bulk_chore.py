"""Takes the videos that a bulk matches in the order of their ids, as runs before them end."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from mvidarr_catalog.brain.driver import fetch
from mvidarr_catalog.brain.filters import matching
from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.brain.portions import behind, has_room, on_their_way
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_catalog.library.video_queries import FIELDS
from mvidarr_catalog.library.videos import Video
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.pipelines import BulkFinished, BulkWent

from .bulk import Bulk

AT_ONCE = 20
"""Runs of a bulk that go at the same time; the dispatcher has enough to choose from."""

EVERY = timedelta(seconds=0.5)


class BulkChore:
    """A chore of the leader: lets bulks that have room take the next videos."""

    def __init__(self) -> None:
        self._looked: datetime | None = None

    async def __call__(self, turn: Turn, now: datetime) -> None:
        """Decide `BulkWent` and, in the end, `BulkFinished`."""
        if has_room(turn) and (self._looked is None or now - self._looked >= EVERY):
            self._looked = now
            await _go_on(turn)


async def _go_on(turn: Turn) -> None:
    for row in await fetch(await turn.tables(), _going(turn.checkpoint.generation)):
        bulk = await turn.row(Bulk, row["id"])
        if bulk and not any(on_their_way(turn, "bulk_id", bulk.id)):
            await _next(turn, bulk)


@cache
def _going(generation: int) -> sa.Select[Any]:
    bulks = table_of(Bulk, generation).c
    return sa.select(bulks.id).where(bulks.state == "running").order_by(bulks.id)


async def _next(turn: Turn, bulk: Bulk) -> None:
    room = AT_ONCE - len(bulk.running)
    if bulk.rest == 0 and not bulk.running:
        done = BulkFinished(
            bulk_id=bulk.id,
            completed=bulk.completed,
            failed=bulk.failed,
            cancelled=bulk.cancelled,
        )
        await turn.say(by_the_clock(done, key=bulk.id))
    elif bulk.rest != 0 and room > 0:
        videos, total = await _matching(turn, bulk, room)
        went = BulkWent(bulk_id=bulk.id, videos=videos, rest=total - len(videos))
        await turn.say(by_the_clock(went, key=f"{bulk.id}/{bulk.last}"))


async def _matching(turn: Turn, bulk: Bulk, most: int) -> tuple[tuple[VideoId, ...], int]:
    table = table_of(Video, turn.checkpoint.generation)
    wanted = (*matching(bulk.filter, FIELDS, table), table.c.state != "deleted")
    count = sa.select(sa.func.count()).where(table.c.id > bulk.last, *wanted)
    total = await (await turn.tables()).scalar(count)
    found = await behind(turn, Video, bulk.last, most, *wanted)
    return tuple(map(VideoId, found)), total or 0
