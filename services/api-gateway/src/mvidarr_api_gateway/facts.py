"""Every fact of the log after a position, without gap or repeat, while somebody listens."""

from collections.abc import AsyncIterator

from mvidarr_common.bus import After, Bus, Record
from mvidarr_common.envelope import decode
from mvidarr_common.errors import LogReplaced, Undecodable

from .feed import Fact, Feed


async def facts_after(position: int | None, feed: Feed, bus: Bus) -> AsyncIterator[Fact]:
    """From the window of newest facts; who is behind it reads the log itself, and catches up. A
    fact is told when the catalog has committed it: then every question shows it.

    None is now, on a log of which nothing is known. Raises LogError when the log is another.
    """
    era = feed.era
    while True:
        pulse = feed.pulse
        source = _window(position, feed) if feed.covers(position) else _log(position, feed, bus)
        async for fact in source:
            await feed.shows(fact.offset)
            _require_same(era, feed)
            position = fact.offset
            yield fact
        if pulse is feed.pulse:
            await pulse.wait()
        _require_same(era, feed)


def _require_same(era: int, feed: Feed) -> None:
    if era != feed.era:
        raise LogReplaced("the log is not the one any more that the position belongs to")


async def facts_between(
    position: int | None, end: int, feed: Feed, bus: Bus
) -> AsyncIterator[Fact]:
    """Every fact after a position up to an end that has passed here, for who was elsewhere.
    Raises LogError for a position that the log does not know."""
    if feed.covers(position):
        for fact in feed.after(position):
            if fact.offset <= end:
                yield fact
        return
    if position is None:
        raise LogReplaced("too much has passed since the beginning")
    async with bus.read_log(After(position)) as reader:
        while position < end:
            for record in await reader.batch():
                position = record.offset
                if position <= end and (known := _readable(record)):
                    yield known


async def require_known(position: int, feed: Feed, bus: Bus) -> None:
    """Raise LogError for a position beyond what has passed here, unless the log has it."""
    if position > (feed.last or 0):
        async with bus.read_log(After(position)):
            return


async def _window(position: int | None, feed: Feed) -> AsyncIterator[Fact]:
    for fact in feed.after(position):
        yield fact


async def _log(position: int | None, feed: Feed, bus: Bus) -> AsyncIterator[Fact]:
    """With a reader of its own, until the window has all that follows."""
    if position is None:
        raise LogReplaced("too much has passed since the beginning")
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
