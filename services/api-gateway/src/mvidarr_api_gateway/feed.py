"""What passes by: the log from the moment the gateway started, and the Signals.

One follower serves everybody. It keeps the newest facts in a window, so that a websocket client is
nothing but a position in it, and it knows how far the catalog is known to have come.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from mvidarr_common.bus import After, Bus, FromNow, Gap, Live, LogReader, Record, Start
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import LogError, Problem, Undecodable
from mvidarr_common.messages.queries import GetPosition, PositionView
from mvidarr_common.messages.system import CatalogAdvanced, LogStarted

from .background import background

log = logging.getLogger(__name__)

SIGNALS = ("signal.catalog.advanced", "signal.job.progressed", "signal.worker.alive")
PAUSE = 1.0


@dataclass(frozen=True)
class Fact:
    """One readable record of the log."""

    offset: int
    envelope: Envelope


class Watcher(Protocol):
    """Who wants to know of everything that passes, at once."""

    def saw(self, fact: Fact) -> None:
        """A record of the log."""

    def advanced(self) -> None:
        """The catalog has committed something."""

    def missed(self) -> None:
        """Something may have passed unseen."""


class Feed:
    """The window of newest facts, and the catalog's progress."""

    def __init__(self, window: int) -> None:
        self.watchers: list[Watcher] = []
        self.listeners: set[Callable[[Envelope | Gap], None]] = set()
        self.log_id: str | None = None
        self.era = 0
        """Rises when the log turned out to be another: positions of before mean nothing."""
        self.last: int | None = None
        self.committed: int | None = None
        self.pulse = asyncio.Event()
        self._facts: deque[Fact] = deque()
        self._window = window
        self._floor: int | None = None
        self._evicted = False
        self._heard: CatalogAdvanced | None = None
        self._ailment: str | None = "the log is not followed yet"

    def ailment(self) -> str | None:
        """None when well, else a sentence: a readiness check."""
        return self._ailment

    def covers(self, position: int | None) -> bool:
        """Whether every fact after this position is in the window; None is the beginning."""
        if position is None:
            return not self._evicted
        return self._floor is not None and position >= self._floor

    def after(self, position: int | None) -> list[Fact]:
        """The facts in the window after a position, oldest first."""
        found: list[Fact] = []
        for fact in reversed(self._facts):
            if position is not None and fact.offset <= position:
                break
            found.append(fact)
        return found[::-1]

    def take(self, records: Sequence[Record]) -> None:
        """Records of the log, in order."""
        for record in records:
            self._note(record.offset)
            try:
                self._keep(Fact(record.offset, decode(record.body)))
            except Undecodable as unreadable:
                log.warning("record %s is skipped: %s", record.offset, unreadable)
        if records:
            self._wake()

    def hear(self, item: Envelope | Gap) -> None:
        """A Signal, or the news that some were lost."""
        if isinstance(item, Gap):
            self._miss()
        elif isinstance(item.message, CatalogAdvanced):
            self._advance(item.message)
        for listener in tuple(self.listeners):
            listener(item)

    def learn(self, log_id: str, offset: int) -> None:
        """The catalog says that it has committed up to here; before its first record no log."""
        if not log_id:
            return
        self.log_id = self.log_id or log_id
        if log_id == self.log_id:
            self.committed = offset if self.committed is None else max(offset, self.committed)
        self._wake()

    def begin_again(self) -> None:
        """Forget everything: this is another log, or our place in it is gone."""
        self.era += 1
        self.log_id = self.last = self.committed = self._floor = None
        self._facts.clear()
        self._evicted = False
        self._miss()
        self._wake()

    def follows(self, log_id: str | None) -> None:
        """The follower is attached to this log."""
        self.log_id = log_id or self.log_id
        self._ailment = None

    def stumbles(self, reason: str) -> None:
        """The follower has lost the log and tries again."""
        self._ailment = f"the log cannot be followed: {reason}"
        self._miss()

    async def shows(self, offset: int) -> None:
        """Wait until the catalog has committed this record, or the log is another."""
        era = self.era
        while era == self.era and (self.committed is None or self.committed < offset):
            await self.pulse.wait()

    async def committed_to(self, offset: int, bus: Bus, seconds: float) -> bool:
        """Wait until the catalog has committed this record; asks it when Signals are lost."""
        try:
            async with asyncio.timeout(seconds):
                while self.committed is None or self.committed < offset:
                    await self._news_or_question(bus)
        except TimeoutError:
            return False
        return True

    async def _news_or_question(self, bus: Bus) -> None:
        pulse = self.pulse
        try:
            await asyncio.wait_for(pulse.wait(), 0.5)
        except TimeoutError:
            await ask_progress(self, bus)

    def _note(self, offset: int) -> None:
        if self._floor is None:
            self._floor = offset - 1
        self.last = offset

    def _keep(self, fact: Fact) -> None:
        if len(self._facts) >= self._window:
            self._floor = self._facts.popleft().offset
            self._evicted = True
        if isinstance(fact.envelope.message, LogStarted):
            self.log_id = fact.envelope.message.log_id
        self._facts.append(fact)
        for watcher in self.watchers:
            watcher.saw(fact)

    def _advance(self, news: CatalogAdvanced) -> None:
        heard, self._heard = self._heard, news
        if heard is not None and (news.epoch, news.number) != (heard.epoch, heard.number + 1):
            self._miss()
        self.learn(news.log_id, news.offset)
        for watcher in self.watchers:
            watcher.advanced()

    def _miss(self) -> None:
        for watcher in self.watchers:
            watcher.missed()

    def _wake(self) -> None:
        self.pulse.set()
        self.pulse = asyncio.Event()


async def ask_progress(feed: Feed, bus: Bus) -> None:
    """Ask the catalog how far it is; nothing happens if it does not answer."""
    try:
        answer = await bus.ask(fresh(GetPosition(), source="api-gateway"), timeout=2.0)
    except Problem:
        return
    position = PositionView.model_validate_json(answer)
    feed.learn(position.log_id, position.offset)


@asynccontextmanager
async def following(feed: Feed, bus: Bus) -> AsyncIterator[None]:
    """Follow log and Signals while the block runs; it starts when both are attached."""
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(bus.listen(*SIGNALS))
        attached = asyncio.Event()
        await stack.enter_async_context(
            background(_listen(feed, bus, live), _follow(feed, bus, attached), _inquire(feed, bus))
        )
        await attached.wait()
        yield


async def _listen(feed: Feed, bus: Bus, live: Live) -> None:
    async for item in live:
        feed.hear(item)
        if isinstance(item, Gap):
            await ask_progress(feed, bus)


async def _inquire(feed: Feed, bus: Bus) -> None:
    """Ask for the catalog's progress while nothing is known of it: an idle one says nothing. And
    where it seems to stay behind: its last word may be lost."""
    seen: int | None = None
    while True:
        if feed.committed is None or (seen is not None and feed.committed < seen):
            await ask_progress(feed, bus)
        seen = feed.last
        await asyncio.sleep(PAUSE)


async def _follow(feed: Feed, bus: Bus, attached: asyncio.Event) -> None:
    while True:
        start: Start = FromNow() if feed.last is None else After(feed.last)
        try:
            async with bus.read_log(start) as reader:
                feed.follows(reader.log_id)
                attached.set()
                await _read(feed, reader)
        except LogError as error:
            feed.stumbles(str(error))
            feed.begin_again()
        except Exception as error:
            log.exception("the log cannot be followed")
            feed.stumbles(str(error))
        await asyncio.sleep(PAUSE)


async def _read(feed: Feed, reader: LogReader) -> None:
    while True:
        feed.take(await reader.batch())
        feed.log_id = reader.log_id or feed.log_id
