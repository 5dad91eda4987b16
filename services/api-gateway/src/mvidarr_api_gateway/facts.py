"""Every fact of the log after a position, without gap or repeat, while somebody listens."""

from collections.abc import AsyncIterator

from mvidarr_common.bus import After, Bus, Record
from mvidarr_common.envelope import decode
from mvidarr_common.errors import Undecodable

from .feed import Fact, Feed


class TooSlow(Exception):
    """The listener has fallen behind the window of newest facts."""


class Replaced(Exception):
    """The log is not the one any more that the position belongs to."""


async def facts_after(position: int | None, feed: Feed, bus: Bus) -> AsyncIterator[Fact]:
    """From a position (None: everything in the window): the log first, then the live feed."""
    era = feed.era
    if not feed.covers(position):
        async for fact in _caught_up(position or 0, feed, bus):
            position = fact.offset
            yield fact
    while True:
        pulse = feed.pulse
        if era != feed.era:
            raise Replaced
        if not feed.covers(position):
            raise TooSlow
        for fact in feed.after(position):
            position = fact.offset
            yield fact
        if pulse is feed.pulse:
            await pulse.wait()


async def _caught_up(position: int, feed: Feed, bus: Bus) -> AsyncIterator[Fact]:
    """With a reader of its own, until the live feed has all that follows."""
    async with bus.read_log(After(position)) as reader:
        while not feed.covers(position):
            for record in await reader.batch():
                position = record.offset
                if fact := _readable(record):
                    yield fact


def _readable(record: Record) -> Fact | None:
    try:
        return Fact(record.offset, decode(record.body))
    except Undecodable:
        return None
