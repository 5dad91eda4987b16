"""Everything that passes, handed to the live clients that follow it: each thing encoded once.

One task follows the log for all of them. A client is a mailbox under its topics, so that what
nobody follows costs nothing, and what a thousand follow is one frame in a thousand mailboxes.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from mvidarr_common.bus import Bus, Gap
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import LogError, TooMany

from .closing import log_replaced
from .facts import facts_after, facts_between
from .feed import Fact, Feed
from .frames import Frame, of_fact, of_signal
from .mailbox import Mailbox
from .metrics import LIVE_CLIENTS
from .rights import ended_by
from .topics import topics_of

REMEMBERED = 1000
"""Frames of the newest facts, for those who come back."""
PAUSE = 1.0


class Hub:
    """Who follows what. `position` is the last fact that was handed out."""

    def __init__(self, feed: Feed, bus: Bus) -> None:
        self.feed = feed
        self.position: int | None = None
        self._bus = bus
        self._boxes: dict[str, set[Mailbox]] = {}
        self._places: Counter[str] = Counter()
        self._frames: OrderedDict[int, Frame] = OrderedDict()

    @property
    def clients(self) -> int:
        """Live connections."""
        return self._places.total()

    async def run(self) -> None:
        """Hand out facts until cancelled; from the present again where the log turns out to be
        another."""
        while True:
            feed = self.feed
            self.position = feed.committed if feed.last is None else feed.last
            try:
                async for fact in facts_after(self.position, feed, self._bus):
                    self._tell(fact)
                    self.position = fact.offset
            except LogError:
                self._frames.clear()
                self.end(log_replaced())
            await asyncio.sleep(PAUSE)

    def hear(self, item: Envelope | Gap) -> None:
        """A Signal, or the news that some were lost."""
        if isinstance(item, Gap):
            for box in self._everybody():
                box.gap()
        elif boxes := self._following(topics_of(item)):
            frame, key = of_signal(item), (item.type, item.subject)
            for box in boxes:
                box.signal(key, frame)

    def end(self, why: Exception) -> None:
        """Everybody goes."""
        for box in self._everybody():
            box.end(why)

    def require_place(self, user: str, most: int) -> None:
        """Raises TooMany when a user has as many connections as one may have."""
        if self._places[user] >= most:
            sentence = f"You have {most} live connections already; close one."
            raise TooMany("too_many_connections", sentence, after=10)

    @contextmanager
    def place(self, user: str, most: int) -> Iterator[None]:
        """One of the connections that a user may have at a time; raises TooMany."""
        self.require_place(user, most)
        self._places[user] += 1
        try:
            with LIVE_CLIENTS.track_inprogress():
                yield
        finally:
            self._places[user] -= 1
            if not self._places[user]:
                del self._places[user]

    @contextmanager
    def delivering(self, box: Mailbox) -> Iterator[None]:
        """The box gets what it follows; facts only once it has joined."""
        names = box.topics | box.own
        for name in names:
            self._boxes.setdefault(name, set()).add(box)
        try:
            yield
        finally:
            for name in names:
                self._boxes[name].discard(box)
                if not self._boxes[name]:
                    del self._boxes[name]

    def joins(self, box: Mailbox) -> bool:
        """Whether the box has everything up to here, and so gets all that follows."""
        end = self._end()
        if end is not None and (box.position is None or box.position < end):
            return False
        box.behind = end is None and box.position is not None
        return not box.behind

    def reached(self, position: int | None) -> int | None:
        """The newest of what was handed out and this."""
        end = self._end()
        return position if end is None or (position or -1) > end else end

    async def missed_by(self, box: Mailbox) -> AsyncIterator[tuple[int, Frame | None]]:
        """The facts that its client has to pass before it can join: where each stands, and what
        it is told of it."""
        end = self._end()
        if end is None:
            await self.feed.pulse.wait()
            return
        async for fact in facts_between(box.position, end, self.feed, self._bus):
            if (why := ended_by(fact.envelope)) and fact.envelope.subject in box.own:
                box.rights_end(fact.offset, why)
            wanted = topics_of(fact.envelope) & box.topics
            yield fact.offset, self._frame(fact) if wanted else None
        box.position = end

    def _tell(self, fact: Fact) -> None:
        envelope = fact.envelope
        if boxes := self._following(topics_of(envelope)):
            frame = self._frame(fact)
            for box in boxes:
                box.fact(frame)
        if why := ended_by(envelope):
            for box in self._boxes.get(envelope.subject, ()):
                box.rights_end(fact.offset, why)

    def _frame(self, fact: Fact) -> Frame:
        known = self._frames.get(fact.offset)
        if known is None:
            known = self._frames[fact.offset] = of_fact(fact, self.feed.log_id)
            while len(self._frames) > REMEMBERED:
                self._frames.popitem(last=False)
        return known

    def _following(self, topics: Iterable[str]) -> set[Mailbox]:
        found = [boxes for topic in topics if (boxes := self._boxes.get(topic))]
        return found[0] if len(found) == 1 else set().union(*found)

    def _everybody(self) -> set[Mailbox]:
        return set().union(*self._boxes.values())

    def _end(self) -> int | None:
        return self.feed.committed if self.position is None else self.position
